"""Fit the weights of `search.ranking` to a set of questions whose answers are known.

Two small logistic models: one orders the candidates of a question, one says how sure the first of them is. The second is
fitted on what the first does with questions it has not seen (folds), and the threshold is drawn on the same ground. Each
question with an article is used once more without it: what then comes first is a false answer of a realistic kind, and
there are never enough questions that nothing answers.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression

from search import ranking, selectors
from search.ranking import CERTAINTY_FEATURES, FEATURES, Candidate

FOLDS = 8
WORTH_SHOWING_SHARE = 0.95  # of the right articles stay above the line of what is worth showing
MOST_FALSE = 0.08  # of questions without an article (or with it taken away): a wrong answer costs more than none
MOST_WRONG = 0.03  # of questions with an article may be answered from another one


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question and the code of the article that answers it; None when none does."""

    question: str
    code: str | None
    split: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ranking made of one question: candidates in order, how sure it is of the first."""

    asked: LabelledQuestion
    candidates: tuple[Candidate, ...]
    certainty: float

    @property
    def rank(self) -> int | None:
        """Place of the right article, 0 being first."""
        return next((place for place, found in enumerate(self.candidates) if found.code == self.asked.code), None)


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares from 0 to 1. hit_*: of questions with an article. false_answers: of questions without one."""

    questions: int
    unanswerable: int
    hit_1: float
    hit_3: float
    answered_right: float
    answered_wrong: float
    false_answers: float


def read_questions(path: Path, split: str) -> list[LabelledQuestion]:
    """The questions of one half (dev or test) of a file of {question, code, split}."""
    with Path(path).open(encoding="utf-8") as file:
        rows = yaml.safe_load(file)
    return [LabelledQuestion(row["question"], row["code"], split) for row in rows if row["split"] == split]


def run(questions: Sequence[LabelledQuestion], *, on: dt.date, progress: Callable[[int], None] | None = None) -> list[Outcome]:
    """Rank every question with the weights in use."""
    synonyms, outcomes = selectors.synonyms(), []
    for number, asked in enumerate(questions, 1):
        candidates = ranking.rank(text=asked.question, on=on, synonyms=synonyms).candidates
        outcomes.append(Outcome(asked, candidates, ranking.certainty(candidates)))
        if progress:
            progress(number)
    return outcomes


def measure(outcomes: Sequence[Outcome], threshold: float) -> Quality:
    """hit@1, hit@3 and what would be answered at `threshold`."""
    known = [outcome for outcome in outcomes if outcome.asked.code is not None]
    unknown = [outcome for outcome in outcomes if outcome.asked.code is None]

    def share(rows: Sequence[Outcome], test: Callable[[Outcome], bool]) -> float:
        return sum(map(test, rows)) / len(rows) if rows else 0.0

    return Quality(
        questions=len(known),
        unanswerable=len(unknown),
        hit_1=share(known, lambda row: row.rank == 0),
        hit_3=share(known, lambda row: row.rank is not None and row.rank < 3),
        answered_right=share(known, lambda row: row.certainty >= threshold and row.rank == 0),
        answered_wrong=share(known, lambda row: row.certainty >= threshold and row.rank != 0),
        false_answers=share(unknown, lambda row: row.certainty >= threshold),
    )


def by_engine(outcome: Outcome) -> Outcome:
    """The same candidates in the engine's own order: the peer that our weighing is measured against."""
    share = FEATURES.index("engine_share")
    return replace(outcome, candidates=tuple(sorted(outcome.candidates, key=lambda found: -found.features[share])))


def fit(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """New contents of `ranking.json` from outcomes on the development half; the fixed worths stay as they are."""
    fold = np.arange(len(outcomes)) % FOLDS
    unseen: list[Outcome] = []
    for number in range(FOLDS):
        order = _fit_order([row for row, place in zip(outcomes, fold, strict=True) if place != number])
        unseen += [_reordered(row, order) for row, place in zip(outcomes, fold, strict=True) if place == number]
    unseen += [_without_article(row) for row in unseen if row.asked.code is not None]
    values = np.array(
        [
            ranking.certainty_features(row.candidates[0].evidence, ranking.margin_of(row.candidates), row.candidates[0].features)
            for row in unseen
        ]
    )
    right = np.array([row.rank == 0 for row in unseen])
    # A question and its copy without the article fall into one fold.
    names = {row.asked.question: number for number, row in enumerate(unseen[: len(outcomes)])}
    places = np.random.default_rng(0).permutation(len(outcomes)) % FOLDS
    fold = np.array([places[names[row.asked.question]] for row in unseen])
    guesses = np.zeros(len(unseen))
    for number in range(FOLDS):
        part = LogisticRegression(C=3.0).fit(values[fold != number], right[fold != number])
        guesses[fold == number] = part.predict_proba(values[fold == number])[:, 1]
    judged = [replace(row, certainty=float(guess)) for row, guess in zip(unseen, guesses, strict=True)]
    order, sure = _fit_order(outcomes), LogisticRegression(C=3.0).fit(values, right)
    level = [
        ranking.certainty_features(found.evidence, 0.0, found.features)
        for row in outcomes
        for found in row.candidates
        if found.code == row.asked.code
    ]
    kept = json.loads(ranking.RANKING_FILE.read_text())
    return kept | {
        "fitted_on": f"{len(outcomes)} questions of the development half",
        "bias": round(float(order.intercept_[0]), 4),
        "weights": dict(zip(FEATURES, (round(float(weight), 4) for weight in order.coef_[0]), strict=True)),
        "certainty_bias": round(float(sure.intercept_[0]), 4),
        "certainty_weights": dict(zip(CERTAINTY_FEATURES, (round(float(weight), 4) for weight in sure.coef_[0]), strict=True)),
        "threshold": _threshold(judged),
        "worth_showing": round(float(np.quantile(sure.predict_proba(np.array(level))[:, 1], 1 - WORTH_SHOWING_SHARE)), 3),
    }


def _fit_order(outcomes: Sequence[Outcome]) -> LogisticRegression:
    pairs = [(found.features, found.code == row.asked.code) for row in outcomes for found in row.candidates]
    return LogisticRegression(max_iter=1000).fit(np.array([pair[0] for pair in pairs]), [pair[1] for pair in pairs])


def _reordered(row: Outcome, order: LogisticRegression) -> Outcome:
    if not row.candidates:
        return row
    logits = order.decision_function(np.array([found.features for found in row.candidates]))
    scored = [replace(found, logit=float(logit)) for found, logit in zip(row.candidates, logits, strict=True)]
    return replace(row, candidates=tuple(sorted(scored, key=lambda found: -found.logit)))


def _without_article(row: Outcome) -> Outcome:
    others = tuple(found for found in row.candidates if found.code != row.asked.code)
    return replace(row, asked=replace(row.asked, code=None), candidates=others)


def _threshold(judged: Sequence[Outcome]) -> float:
    """The lowest line at which both shares of wrong answers stay within their bounds."""
    for step in range(20, 99):
        quality = measure(judged, step / 100)
        if quality.false_answers <= MOST_FALSE and quality.answered_wrong <= MOST_WRONG:
            return step / 100
    return 0.99
