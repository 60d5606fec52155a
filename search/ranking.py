"""How sure we are that an article answers a question: a number from 0 to 1 that means the same with every engine.

The engine names candidates; its own scores compare only among themselves. Here each candidate is weighed anew from the
words it shares with the question, where a word counts by its rarity in the whole base, and by sound where it was
misheard. The weights and the threshold lie in `data/ranking.json`; `manage.py calibrate_answers` fits them on the
development half of a set of real questions, `benchmarks/search_quality.py` measures them on the other half.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from search.analysis import Term, fold, fold_query, terms, variants
from search.engines import get_engine
from search.engines.base import Hit, SearchRequest, SearchResult

CANDIDATES = 20
RANKING_FILE = Path(__file__).parent / "data" / "ranking.json"
FEATURES = ("coverage", "passage_match", "passage_coverage", "engine_share", "title_match")


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """Weights of the features, and the two lines: sure enough to answer, and worth showing."""

    bias: float
    weights: tuple[float, ...]
    threshold: float
    worth_showing: float
    sound_worth: float  # what a word found only by its sound is worth
    unknown_worth: float  # how much a word that no article holds counts against an answer
    synonym_worth: float  # what a match through a synonym is worth


@dataclass(frozen=True, slots=True)
class Candidate:
    """One article with its score and the features it came from."""

    code: str
    version: int
    score: float
    features: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidates, best first, and which engine named them."""

    candidates: tuple[Candidate, ...]
    engine: str
    degraded: bool
    reason: str
    took_ms: float


@lru_cache(maxsize=1)
def settings_of_ranking() -> RankingSettings:
    """The fitted weights from `data/ranking.json`."""
    kept = json.loads(RANKING_FILE.read_text())
    return RankingSettings(
        bias=kept["bias"],
        weights=tuple(kept["weights"][name] for name in FEATURES),
        threshold=kept["threshold"],
        worth_showing=kept["worth_showing"],
        sound_worth=kept["sound_worth"],
        unknown_worth=kept["unknown_worth"],
        synonym_worth=kept["synonym_worth"],
    )


def folded_synonym(word: str) -> str:
    """A synonym in the form that folded questions have."""
    return fold(word)


def rank(
    *,
    text: str,
    on: dt.date,
    synonyms: dict[str, tuple[str, ...]],
    audience: str = "citizen",
    region: str = "",
) -> Ranked:
    """Candidates for a question with their scores, best first. Raises EngineError when no engine can be asked."""
    folded = fold_query(text)
    readings = tuple(variants(folded, synonyms)) if folded else ()
    if not readings:
        return Ranked((), get_engine().name, False, "", 0.0)
    request = SearchRequest(readings=readings, on=on, public_only=audience != "staff", region=region, limit=CANDIDATES)
    result = get_engine().search(request)
    rules = settings_of_ranking()
    candidates = sorted(
        (_weigh(hit, readings, result, rules) for hit in result.hits), key=lambda found: (-found.score, found.code)
    )
    return Ranked(tuple(candidates), result.engine, result.degraded, result.reason, result.took_ms)


def _weigh(hit: Hit, readings: Sequence[str], result: SearchResult, rules: RankingSettings) -> Candidate:
    """The best reading of the question for one candidate."""
    top = max((other.score for other in result.hits), default=1.0) or 1.0
    best: tuple[float, tuple[float, ...]] = (-1.0, ())
    for position, reading in enumerate(readings):
        features = features_of(terms(reading), hit, result, rules, share=hit.score / top)
        score = squash(rules.bias + sum(weight * value for weight, value in zip(rules.weights, features, strict=True)))
        if position:
            score *= rules.synonym_worth
        best = max(best, (score, features))
    return Candidate(hit.code, hit.version, round(best[0], 4), best[1])


def features_of(
    asked: Sequence[Term], hit: Hit, result: SearchResult, rules: RankingSettings, *, share: float
) -> tuple[float, ...]:
    """The values of FEATURES, each from 0 to 1."""
    weights = {term: _rarity(result.frequencies.get(term.text, 0), result.documents, rules) for term in set(asked)}
    whole = sum(weights.values()) or 1.0
    sounds = {sound for passage in hit.passage_sounds for sound in passage}
    covered = sum(
        weight * (1.0 if term.text in hit.everything else rules.sound_worth if term.sound in sounds else 0.0)
        for term, weight in weights.items()
    )
    matches: list[float] = []
    coverages: list[float] = []
    for words, word_sounds in zip(hit.passages, hit.passage_sounds, strict=True):
        here, heard = set(words), set(word_sounds)
        shared = sum(
            weight * (1.0 if term.text in here else rules.sound_worth if term.sound in heard else 0.0)
            for term, weight in weights.items()
        )
        size = sum(_rarity(result.frequencies.get(word, 2), result.documents, rules) for word in here)
        matches.append(2 * shared / (whole + size) if size else 0.0)
        coverages.append(shared / whole)
    return (
        covered / whole,
        max(matches, default=0.0),
        max(coverages, default=0.0),
        share,
        matches[0] if matches else 0.0,
    )


def squash(value: float) -> float:
    """The logistic function."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, value))))


def _rarity(frequency: int, documents: int, rules: RankingSettings) -> float:
    """BM25's inverse document frequency; a word that no article holds is worth its own share."""
    if not frequency:
        return rules.unknown_worth * math.log(1 + (documents - 0.5) / 1.5) if documents else 1.0
    return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
