"""How well messages are routed by their words: what each part of the text model is worth, whole and by first sentences.

    .venv/bin/python -m benchmarks.routing
    .venv/bin/python -m benchmarks.routing items.jsonl      # with the matters of a province's service items as well

The messages are composed (benchmarks/board.py), so the figures compare recipes; they say nothing about real calls.
`manage.py evaluate_routing` measures the same on a city's own messages. Takes about five minutes on one core.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")

import django

django.setup()

import numpy as np  # noqa: E402
from django.conf import settings  # noqa: E402
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.metrics import f1_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402

from benchmarks.board import compose, matters  # noqa: E402
from benchmarks.figures import report  # noqa: E402
from ticketing.dispatch import evaluation, learning  # noqa: E402
from ticketing.dispatch.labelled import cut  # noqa: E402
from ticketing.dispatch.text_model import TextModel  # noqa: E402

TRAIN, TEST = 3551, 1200
SEEDS = (1, 2)
CUTS = (0, 80, 40)
Rows = list[tuple[str, str]]
Row = tuple[float, float, float]  # macro F1, top 3, coverage at 95 % precision


def main() -> None:
    """Report one line a recipe: macro F1 / top 3 / coverage, for whole messages, first 80 and first 40 characters."""
    known = matters(Path(settings.CITY_DIR), Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    note = f"{len(known)} matters, 7 fields, {TRAIN} to train, {TEST} to test, mean of {len(SEEDS)} draws"
    tried: dict[str, list[list[Row]]] = {}
    for seed in SEEDS:
        train, test = compose(known, TRAIN, TEST, seed=seed)
        for name, rows in _try_all(train, test).items():
            tried.setdefault(name, []).append(rows)
    reference = np.mean(tried["character 1-3-gram TF-IDF SVM (reference)"], axis=0)
    for name, draws in tried.items():
        mean = np.mean(draws, axis=0)
        shown = "; ".join(
            f"{what} {f1:.3f} / {top:.3f} / {cov:.2f}" for what, (f1, top, cov) in zip(("whole", "80", "40"), mean, strict=True)
        )
        better = bool((mean[:, 0] >= reference[:, 0] + [0.01, 0.01, 0.015]).all()) if name.startswith("all parts,") else None
        report(
            name, shown, goal="F1 0.010 / 0.010 / 0.015 above the reference" if better is not None else "", met=better, note=note
        )


def _try_all(train: Rows, test: Rows) -> dict[str, list[Row]]:
    texts, labels = [text for text, _ in train], [label for _, label in train]
    rows = {"character 1-3-gram TF-IDF SVM (reference)": _reference(train, test)}
    openings, windows = learning.OPENINGS, learning.WINDOWS_EACH
    learning.OPENINGS, learning.WINDOWS_EACH = (), 0
    whole = learning.fit(texts, labels).model
    learning.OPENINGS, learning.WINDOWS_EACH = openings, windows
    rows["NB-SVM, whole texts only"] = _measure(_alone(whole, "nb-svm"), test)
    rows["all parts mixed, whole texts only"] = _measure(whole, test)
    started = time.process_time()
    full = learning.fit(texts, labels).model
    report(
        "learning, seconds of processor time",
        f"{time.process_time() - started:.0f}",
        note=f"{TRAIN} messages, three folds and all",
    )
    for part in full.parts:
        rows[f"{part.name} alone, with openings and windows" if part.name != "tf-idf svm" else "tf-idf svm alone"] = _measure(
            _alone(full, part.name), test
        )
    rows["all parts, openings and windows, mixed and calibrated by length (in use)"] = _measure(full, test)
    return rows


def _alone(model: TextModel, name: str) -> TextModel:
    """The model with one of its parts."""
    parts = [part for part in model.parts if part.name == name]
    bands = [replace(band, mix=(1.0,)) for band in model.bands]
    return TextModel(labels=model.labels, vocabulary=model.vocabulary, parts=parts, bands=bands)


def _measure(model: TextModel, test: Rows) -> list[Row]:
    rows = []
    for chars in CUTS:
        figures = evaluation.measure(model, [cut(text, chars) for text, _ in test], [label for _, label in test])
        rows.append((figures.macro_f1, figures.top3, figures.coverage_at_95))
    return rows


def _reference(train: Rows, test: Rows) -> list[Row]:
    pipeline = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 3)), LinearSVC(random_state=1))
    pipeline.fit([text for text, _ in train], [label for _, label in train])
    truth, rows = np.array([label for _, label in test]), []
    for chars in CUTS:
        scores = pipeline.decision_function([text[: chars or None] for text, _ in test])
        ranked = pipeline.classes_[np.argsort(-scores, axis=1)]
        ordered = np.sort(scores, axis=1)
        coverage = learning.learn_threshold(ordered[:, -1] - ordered[:, -2], ranked[:, 0] == truth)[1]
        top = float((ranked[:, :3] == truth[:, None]).any(axis=1).mean())
        rows.append((float(f1_score(truth, ranked[:, 0], average="macro")), top, coverage))
    return rows


if __name__ == "__main__":
    main()
