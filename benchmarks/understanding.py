"""How well and how fast citizens' sentences are understood: the embedded engine beside a real Rasa server.

    .venv/bin/python -m benchmarks.understanding
    RASA_URL=http://127.0.0.1:5005 .venv/bin/python -m benchmarks.understanding     # the same on the real server
    RASA_CV=1 ...                                                                   # and its cross-validation (many minutes)

Cross-validation is on the training sentences, which were written to differ; the hold-out was written by the same people and is
therefore easier than real calls. Neither figure is an estimate for real callers: that needs recorded, consented calls.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from datetime import datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")

import django

django.setup()

import numpy as np  # noqa: E402
from django.conf import settings  # noqa: E402
from sklearn.model_selection import StratifiedKFold  # noqa: E402

from benchmarks.figures import percentile, report  # noqa: E402
from chatbot.dialogue.flows import flow_of_intent  # noqa: E402
from chatbot.nlu import embedded, training  # noqa: E402
from chatbot.nlu.city import City  # noqa: E402
from chatbot.nlu.gazetteer import Entry  # noqa: E402
from chatbot.nlu.rasa_client import RasaEngine  # noqa: E402
from chatbot.nlu.service import Understander  # noqa: E402
from chatbot.nlu.types import Engine  # noqa: E402
from chatbot.selectors import Vocabulary  # noqa: E402

NOW = datetime(2026, 11, 20, 15, 0)
ASKED = frozenset({"affirm", "deny"})


def main() -> None:
    """Report every figure."""
    examples, held = training.training_examples(), training.holdout_examples()
    data = f"{len(examples)} sentences, {len(training.intents())} intents, {embedded.FOLDS} folds"
    figures = embedded.cross_validate(examples, lambda *_: None)
    report(
        "embedded: intents, cross-validation",
        f"{figures['cv_accuracy']:.3f} (fold sd {figures['cv_accuracy_sd']:.3f}), macro F1 {figures['cv_macro_f1']:.3f}",
        note=data,
    )
    report("embedded: the right flow begins, cross-validation", f"{_flow_accuracy(examples):.3f}", note=data)
    weakest = sorted(figures["cv_recall"].items(), key=lambda row: row[1])[:4]
    report("embedded: weakest intents by recall", ", ".join(f"{name} {share:.2f}" for name, share in weakest), note=data)
    started = time.perf_counter()
    engine = embedded.EmbeddedEngine(embedded.fit(examples))
    report("embedded: fitting", f"{time.perf_counter() - started:.1f} s", goal="<= 10 s", met=time.perf_counter() - started <= 10)
    _holdout("embedded", engine, held, goal=0.78)
    if settings.RASA_URL:
        rasa = RasaEngine(settings.RASA_URL, timeout=10.0, token=settings.RASA_TOKEN)
        version = rasa.status().version
        rasa.classify("你好")  # the first sentence after a start loads the tokenizer's dictionary
        _holdout(f"Rasa {version} (LR + CRF)", rasa, held, goal=None)
    else:
        report("Rasa: hold-out", "not measured", note="RASA_URL is not set")
    if os.environ.get("RASA_CV"):
        command = [sys.executable, str(training.RASA_DIR / "server.py"), "evaluate"]
        asked = subprocess.run(command, capture_output=True, text=True)
        report(
            "Rasa: intents, cross-validation",
            (asked.stdout.strip().splitlines() or ["failed"])[-1],
            note=f"{data}, its own folds",
        )


def _flow_accuracy(examples: list[training.Example]) -> float:
    """Share of sentences for which the guess begins the same flow as the true intent (a complaint taken for a plea does)."""
    texts = np.array(embedded.masked_texts(examples))
    labels = np.array([example.intent for example in examples])
    right = 0
    for learn, check in StratifiedKFold(embedded.FOLDS, shuffle=True, random_state=12345).split(texts, labels):
        guesses = embedded.pipeline().fit(texts[learn], labels[learn]).predict(texts[check])
        right += sum(_flow(str(guess)) == _flow(str(label)) for guess, label in zip(guesses, labels[check], strict=True))
    return right / len(examples)


def _flow(intent: str) -> str:
    flow = flow_of_intent(intent)
    return flow.name if flow else intent


def _holdout(name: str, engine: Engine, held: list[training.Example], *, goal: float | None) -> None:
    """The hold-out by the engine alone (its best guess) and by the whole of rules and engine, with the time of each sentence."""
    names = tuple(Entry("place", word, word) for word in training.lookup("location"))
    understander = Understander(main=engine, city=City(read=lambda: Vocabulary("1", names, ())))
    best = sum(_best(engine, example) == example.intent for example in held)
    right = unknown = 0
    times = []
    for example in held:
        started = time.perf_counter()
        found = understander.understand(example.text, expecting="yes_no" if example.intent in ASKED else "", now=NOW)
        times.append((time.perf_counter() - started) * 1000)
        right += found.intent == example.intent
        unknown += found.intent in {"unknown", "noise"}
    count = len(held)
    report(f"{name}: hold-out, best guess of the engine alone", f"{best / count:.3f} ({best} of {count})")
    report(
        f"{name}: hold-out, rules and engine together",
        f"{right / count:.3f} (right {right}, not understood {unknown}, wrong {count - right - unknown})",
        goal=f">= {goal}" if goal else "",
        met=right / count >= goal if goal else None,
        note="same authors as the training data",
    )
    p50, p95 = statistics.median(times), percentile(times, 0.95)
    report(
        f"{name}: one sentence",
        f"p50 {p50:.1f} ms, p95 {p95:.1f} ms",
        goal="p95 <= 100 ms (of 150 for a chat turn)",
        met=p95 <= 100,
    )


def _best(engine: Engine, example: training.Example) -> str:
    ranking = engine.classify(example.text).ranking
    return ranking[0][0] if ranking else ""


if __name__ == "__main__":
    main()
