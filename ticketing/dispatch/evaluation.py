"""How well a text model routes messages it was not trained on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from ticketing.dispatch import learning
from ticketing.dispatch.labelled import Table, cut
from ticketing.dispatch.text_model import PRECISION, TextModel, fold

TOP = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured. Shares from 0 to 1; times in milliseconds, each text by itself.

    `coverage_at_95`: of the test texts ordered by margin, the largest leading share of which at least 95 % are right; it says
    how well the margin orders. `used_coverage`, `used_precision`: what the thresholds learned on the training texts, one for
    each length, reach on the test texts; these are what would happen in use.
    """

    texts: int
    macro_f1: float
    accuracy: float
    top3: float
    coverage_at_95: float
    used_coverage: float
    used_precision: float
    ms_mean: float
    ms_p95: float

    def as_json(self) -> dict[str, float]:
        """The figures others compare by. `ms_per_text` is the 95th percentile."""
        return {
            "macro_f1": round(self.macro_f1, 4),
            "accuracy": round(self.accuracy, 4),
            "top3": round(self.top3, 4),
            "coverage_at_95": round(self.coverage_at_95, 4),
            "ms_per_text": round(self.ms_p95, 3),
        }


def measure(
    model: TextModel, texts: Sequence[str], labels: Sequence[str], progress: Callable[[int], None] = lambda n: None
) -> Figures:
    """Route each text by itself and compare. A label the model never saw counts as wrong."""
    guessed, margins, sure, among, times = [], [], [], [], []
    for n, (text, label) in enumerate(zip(texts, labels, strict=True), 1):
        started = time.perf_counter()
        guess = model.guess(text, limit=TOP)
        times.append((time.perf_counter() - started) * 1000)
        guessed.append(guess.ranking[0][0])
        margins.append(guess.margin)
        sure.append(guess.sure)
        among.append(any(label == name for name, _ in guess.ranking))
        progress(n)
    right = np.array([a == b for a, b in zip(guessed, labels, strict=True)])
    chosen = np.array(sure)
    return Figures(
        texts=len(texts),
        macro_f1=float(f1_score(labels, guessed, average="macro", zero_division=0)),
        accuracy=float(right.mean()),
        top3=float(np.mean(among)),
        coverage_at_95=learning.learn_threshold(np.array(margins), right, precision=PRECISION)[1],
        used_coverage=float(chosen.mean()),
        used_precision=float(right[chosen].mean()) if chosen.any() else 0.0,
        ms_mean=float(np.mean(times)),
        ms_p95=float(np.percentile(times, 95)),
    )


def train_on(table: Table, *, progress: learning.Progress = lambda stage, share: None) -> learning.Fitted:
    """Train on the messages of a table. Raises learning.TooFewLabels."""
    messages = table.messages
    return learning.fit(
        [m.whole for m in messages],
        [m.label for m in messages],
        openings=[m.title for m in messages],
        progress=progress,
    )


def check_on(model: TextModel, table: Table, *, truncate: int, progress: Callable[[int], None] = lambda n: None) -> Figures:
    """Measure on the messages of a table, each cut to its first `truncate` characters (0: whole)."""
    return measure(model, [cut(m.whole, truncate) for m in table.messages], [m.label for m in table.messages], progress)


def overlap(train: Table, test: Table) -> dict[str, Any]:
    """What the two tables share and should not: texts in both, and labels that only the test has."""
    known = {fold(m.whole) for m in train.messages}
    return {
        "texts_in_both": sum(fold(m.whole) in known for m in test.messages),
        "unknown_labels": sorted(set(test.labels) - set(train.labels)),
    }
