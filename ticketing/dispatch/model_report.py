"""The report on a trained router: figures by length, by item, what is taken for what, and whether 0.9 means nine in ten."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from math import inf, isfinite
from typing import Any

import numpy as np

from ticketing.dispatch.learning import BANDS, Fitted, HeldOut
from ticketing.dispatch.text_model import PRECISION

BINS = 10
CONFUSIONS_SHOWN = 25


@dataclass(frozen=True, slots=True)
class AtLength:
    """Figures for texts cut to `cut` characters (0: whole). `coverage`, `reached`: by the threshold learned for this length."""

    cut: int
    top1: float
    top3: float
    macro_f1: float
    threshold: float
    coverage: float
    reached: float
    calibration: list[tuple[float, float, int]]  # mean probability, share right, texts; one row a bin

    @property
    def calibration_error(self) -> float:
        """Mean distance of probability and share right, weighted by the texts of each bin."""
        total = sum(n for _, _, n in self.calibration)
        return sum(abs(said - right) * n for said, right, n in self.calibration) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class OfLabel:
    """How one label did on whole texts. `precision` is nan when it was never guessed."""

    label: str
    texts: int
    precision: float
    recall: float


@dataclass(slots=True)
class Summary:
    """All that was measured on texts held out."""

    labels: int
    texts: int
    judged: int
    lengths: list[AtLength] = field(default_factory=list)
    by_label: list[OfLabel] = field(default_factory=list)
    confusions: list[tuple[str, str, int]] = field(default_factory=list)  # true label, guessed label, texts

    @property
    def whole(self) -> AtLength | None:
        """The figures of whole texts; None when nothing was held out."""
        return next((length for length in self.lengths if not length.cut), None)

    def as_json(self) -> dict[str, Any]:
        """The figures by length, for the card."""
        return {
            str(length.cut or "whole"): {
                **{k: (round(v, 4) if isfinite(v) else None) for k, v in asdict(length).items() if isinstance(v, float)},
                "calibration_error": round(length.calibration_error, 4),
            }
            for length in self.lengths
        }

    def markdown(self, card: dict[str, Any]) -> str:
        """The report as a page."""
        lines = [
            "# The routing model",
            "",
            f"Trained {card['trained_at']} on: {card['data']}.",
            f"{self.texts} texts, {self.labels} labels; measured on {self.judged} texts while they were held out.",
            f"Limits: {card['limits']}",
            "",
            *(f"- {remark.strip()}" for remark in card["remarks"]),
            "",
            "## By length",
            "",
            f"Coverage: the share above the margin that is learned to be right {PRECISION:.0%} of the time.",
            "",
            "| characters | top 1 | top 3 | macro F1 | margin | coverage | right in it | calibration error |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for at in self.lengths:
            margin = f"{at.threshold:.2f}" if isfinite(at.threshold) else "never"
            lines.append(
                f"| {at.cut or 'whole'} | {at.top1:.1%} | {at.top3:.1%} | {at.macro_f1:.3f} | {margin} | {at.coverage:.1%} "
                f"| {at.reached:.1%} | {at.calibration_error:.3f} |"
            )
        if self.whole:
            lines += ["", "## Calibration curve (whole texts)", "", "| said | right | texts |", "|---|---|---|"]
            lines += [f"| {said:.0%} | {right:.0%} | {n} |" for said, right, n in self.whole.calibration]
        lines += ["", "## Most often taken for another", "", "| is | taken for | texts |", "|---|---|---|"]
        lines += [f"| {true} | {guessed} | {n} |" for true, guessed, n in self.confusions[:CONFUSIONS_SHOWN]]
        lines += ["", "## By label", "", "| label | texts | precision | recall |", "|---|---|---|---|"]
        for row in self.by_label:
            precision = f"{row.precision:.1%}" if row.precision == row.precision else "never guessed"
            lines.append(f"| {row.label} | {row.texts} | {precision} | {row.recall:.1%} |")
        return "\n".join(lines) + "\n"


def summarise(fitted: Fitted) -> Summary:
    """Figures of a model from what it said of texts that were held out."""
    names = fitted.model.labels
    whole = fitted.held_out.get(0)
    summary = Summary(labels=len(names), texts=len(fitted.truth), judged=len(whole.rows) if whole else 0)
    if whole is None:
        return summary
    for band, (_, cut) in zip(fitted.model.bands, BANDS, strict=True):
        if cut in fitted.held_out:
            summary.lengths.append(_at_length(fitted, fitted.held_out[cut], cut, band.threshold, band.coverage, band.reached))
    truth, guessed = fitted.truth[whole.rows], whole.probabilities.argmax(axis=1)
    for label in np.unique(truth):
        mine, said = truth == label, guessed == label
        both = int((mine & said).sum())
        precision = both / int(said.sum()) if said.any() else float("nan")
        summary.by_label.append(OfLabel(names[label], int(mine.sum()), precision, both / int(mine.sum())))
    wrong = Counter((names[t], names[g]) for t, g in zip(truth, guessed, strict=True) if t != g)
    summary.confusions = [(t, g, n) for (t, g), n in sorted(wrong.items(), key=lambda row: (-row[1], row[0]))]
    return summary


def _at_length(fitted: Fitted, held: HeldOut, cut: int, threshold: float, coverage: float, reached: float) -> AtLength:
    truth = fitted.truth[held.rows]
    order = np.argsort(-held.probabilities, axis=1)[:, :3]
    guessed = order[:, 0]
    right = guessed == truth
    return AtLength(
        cut=cut,
        top1=float(right.mean()),
        top3=float((order == truth[:, None]).any(axis=1).mean()),
        macro_f1=_macro_f1(truth, guessed),
        threshold=threshold if threshold < inf else inf,
        coverage=coverage,
        reached=reached,
        calibration=_curve(held.probabilities.max(axis=1), right),
    )


def _macro_f1(truth: np.ndarray, guessed: np.ndarray) -> float:
    scores = []
    for label in np.union1d(truth, guessed):
        both = int(((truth == label) & (guessed == label)).sum())
        scores.append(2 * both / (int((truth == label).sum()) + int((guessed == label).sum())))
    return float(np.mean(scores))


def _curve(said: np.ndarray, right: np.ndarray) -> list[tuple[float, float, int]]:
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    return [
        (float(said[bins == n].mean()), float(right[bins == n].mean()), int((bins == n).sum()))
        for n in range(BINS)
        if (bins == n).any()
    ]
