"""Training the router: from the duty list's own words in varied sentences, beginnings of sentences included.

A call is routed on its first sentence, so every text also stands in the training set cut after a few characters.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from django.conf import settings
from django.utils import timezone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline
from skops.io import dump

from ticketing.dispatch.classifier import LABELS, MODEL
from ticketing.orders.phrasing import Phrasebook, get_phrasebook
from ticketing.organisation.models import DutyItem, Place

TEXTS_PER_ITEM = 12
HELD_OUT_EVERY = 5  # every fifth sentence frame is never trained on
OPENING_CHARS = 16
CARD = "card.json"


@dataclass(frozen=True, slots=True)
class Report:
    """What was trained and how it did on sentence frames it never saw. The texts are composed: no claim on real calls."""

    labels: int
    texts: int
    top1: float
    top3: float


class NothingToTrainOn(Exception):
    """No active duty item has a word to train on: load a city first."""


def compose(rng: Random, book: Phrasebook, *, held_out: bool) -> tuple[list[str], list[str]]:
    """Texts and item codes, from the frames that are held out or from the others."""
    places = list(Place.objects.order_by("code").values_list("name", flat=True)) or ["这里"]
    texts, codes = [], []
    for item in DutyItem.objects.filter(is_active=True).select_related("order_type").order_by("code"):
        words = [w for w in [item.name, *item.keywords] if w]
        frames = [f for n, f in enumerate(book.frames(item.order_type.code)) if (n % HELD_OUT_EVERY == 0) == held_out]
        if not (words and frames):
            continue
        for n in range(TEXTS_PER_ITEM if not held_out else TEXTS_PER_ITEM // HELD_OUT_EVERY):
            what = words[n % len(words)]
            text = book.fill(rng.choice(frames), rng, what=what, place=rng.choice(places))
            texts.append(text)
            codes.append(item.code)
            if not held_out:
                texts.extend([what, text[: max(OPENING_CHARS, text.find(what) + len(what))]])
                codes.extend([item.code, item.code])
    return texts, codes


def train(*, seed: int = 12345, progress: Callable[[str], None] = lambda stage: None) -> Report:
    """Train, measure, write model, labels and card to MODELS_DIR/router in one move. Raises NothingToTrainOn."""
    book, rng = get_phrasebook(), Random(seed)
    progress("composing texts")
    texts, codes = compose(rng, book, held_out=False)
    if len(set(codes)) < 2:
        raise NothingToTrainOn
    labels = sorted(set(codes))
    numbers = {code: n for n, code in enumerate(labels)}
    progress("learning")
    pipeline = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True, min_df=2, dtype=np.float32),
        SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=8, tol=None, random_state=seed),
    )
    pipeline.fit(texts, np.array([numbers[c] for c in codes]))
    progress("measuring on unseen sentence frames")
    test_texts, test_codes = compose(rng, book, held_out=True)
    ranked = np.argsort(pipeline.predict_proba(test_texts), axis=1)[:, ::-1]
    truth = np.array([numbers.get(c, -1) for c in test_codes])
    report = Report(
        labels=len(labels),
        texts=len(texts),
        top1=float(np.mean(ranked[:, 0] == truth)),
        top3=float(np.mean([t in row for t, row in zip(truth, ranked[:, :3], strict=True)])),
    )
    progress("writing")
    _write(Path(settings.MODELS_DIR) / "router", pipeline, labels, report, texts)
    return report


def _write(directory: Path, pipeline: Any, labels: list[str], report: Report, texts: list[str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    card = {
        "trained_at": timezone.now().isoformat(),
        "data": "composed from the duty list's words and demo/phrases.yml; contains no citizen's text",
        "data_sha256": sha256("\n".join(texts).encode()).hexdigest(),
        "labels": report.labels,
        "texts": report.texts,
        "top1_on_unseen_frames": round(report.top1, 4),
        "top3_on_unseen_frames": round(report.top3, 4),
        "limits": "Measured on composed texts. Says nothing about real calls; the classifier alone never dispatches.",
    }
    (directory / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1), encoding="utf-8")
    (directory / LABELS).write_text(json.dumps(labels), encoding="utf-8")
    with tempfile.NamedTemporaryFile(dir=directory, suffix=".skops", delete=False) as file:
        temporary = Path(file.name)
    dump(pipeline, temporary)
    temporary.replace(directory / MODEL)
