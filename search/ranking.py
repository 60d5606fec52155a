"""How sure we are that an article answers a question: a number from 0 to 1 that means the same with every engine.

The engine names candidates; its own scores compare only among themselves. Here each candidate is weighed anew from the
words it shares with the question, where a word counts by its rarity in the whole base, and by sound where it was
misheard. The weights and the threshold lie in `data/ranking.json`; `manage.py calibrate_answers` fits them on the
development half of a set of written questions, `benchmarks/search_quality.py` measures them on the other half.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from search.analysis import Concept, characters, concepts, fold_query, terms
from search.engines import get_engine
from search.engines.base import Hit, SearchRequest, SearchResult

CANDIDATES = 20
MOST_OTHER_WORDS = 16
RANKING_FILE = Path(__file__).parent / "data" / "ranking.json"
FEATURES = (
    "coverage",  # of the question's words by the whole article
    "passage_match",  # likeness of the question and the nearest way of asking
    "passage_coverage",  # of the question's words by the nearest way of asking
    "title_match",  # likeness of the question and the title
    "character_coverage",  # the same two by single characters: the net under the words
    "character_match",
    "engine_share",  # the engine's own score as a part of its best one
)
CERTAINTY_FEATURES = (
    "evidence",  # how many rare words of the question the article meets, as a logarithm
    "margin",  # how far the best candidate is ahead of the next
    "character_match",
)
WIDEST_MARGIN = 3.0


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """Weights that order candidates, weights that say how sure the best one is, and the two lines drawn."""

    bias: float
    weights: tuple[float, ...]
    certainty_bias: float
    certainty_weights: tuple[float, ...]
    threshold: float
    worth_showing: float
    sound_worth: float  # what a word found only by its sound is worth
    unknown_worth: float  # how much a word that no article holds counts against an answer
    synonym_worth: float  # what a match through a synonym is worth


@dataclass(frozen=True, slots=True)
class Candidate:
    """One article. `logit` orders a list; `score` (0 to 1) is how sure we were of it with another article level with it."""

    code: str
    version: int
    score: float
    logit: float
    evidence: float
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
        certainty_bias=kept["certainty_bias"],
        certainty_weights=tuple(kept["certainty_weights"][name] for name in CERTAINTY_FEATURES),
        threshold=kept["threshold"],
        worth_showing=kept["worth_showing"],
        sound_worth=kept["sound_worth"],
        unknown_worth=kept["unknown_worth"],
        synonym_worth=kept["synonym_worth"],
    )


def rank(
    *,
    text: str,
    on: dt.date,
    synonyms: Sequence[tuple[str, ...]],
    audience: str = "citizen",
    region: str = "",
) -> Ranked:
    """Candidates for a question with their scores, best first. Raises EngineError when no engine can be asked."""
    folded = fold_query(text)
    if not folded:
        return Ranked((), get_engine().name, False, "", 0.0)
    question = Question(folded, concepts(folded, synonyms))
    request = SearchRequest(
        readings=(folded, *question.other_words), on=on, public_only=audience != "staff", region=region, limit=CANDIDATES
    )
    result = get_engine().search(request)
    rules = settings_of_ranking()
    found = (_weigh(question, hit, result, rules) for hit in result.hits)
    candidates = sorted(found, key=lambda candidate: (-candidate.logit, candidate.code))
    return Ranked(tuple(candidates), result.engine, result.degraded, result.reason, result.took_ms)


class Question:
    """A folded question taken apart once: its words, its characters, its words with other words for them."""

    def __init__(self, folded: str, found: Sequence[Concept]) -> None:
        self.words = {term.text: term for term in terms(folded)}
        self.characters = set(characters(folded))
        self.other_words = tuple(dict.fromkeys(other for concept in found for other in concept.others))[:MOST_OTHER_WORDS]
        self._others: dict[str, list[frozenset[str]]] = {}
        for concept in found:
            sets = [frozenset(term.text for term in terms(other)) for other in concept.others]
            for term in self.words.values():
                if concept.start <= term.start and term.end <= concept.end:
                    self._others.setdefault(term.text, []).extend(sets)

    def matches(self, words: Set[str], sounds: Set[str], rules: RankingSettings) -> dict[str, float]:
        """How well each word of the question is met, from 0 to 1: by itself, by a synonym, by its sound."""
        met: dict[str, float] = {}
        for text, term in self.words.items():
            if text in words:
                met[text] = 1.0
            elif any(other <= words for other in self._others.get(text, ())):
                met[text] = rules.synonym_worth
            elif term.sound in sounds:
                met[text] = rules.sound_worth
        return met


def certainty(candidates: Sequence[Candidate]) -> float:
    """How sure we are, from 0 to 1, that the first of these (those that may be read, best first) is the answer."""
    if not candidates:
        return 0.0
    best = candidates[0]
    return _certainty(best.evidence, margin_of(candidates), best.features, settings_of_ranking())


def margin_of(candidates: Sequence[Candidate]) -> float:
    """How far the first candidate is ahead of the second, bounded."""
    if len(candidates) < 2:
        return WIDEST_MARGIN
    return min(candidates[0].logit - candidates[1].logit, WIDEST_MARGIN)


def certainty_features(evidence: float, margin: float, features: Sequence[float]) -> tuple[float, ...]:
    """The values of CERTAINTY_FEATURES."""
    return (math.log1p(evidence), margin, features[FEATURES.index("character_match")])


def _certainty(evidence: float, margin: float, features: Sequence[float], rules: RankingSettings) -> float:
    pairs = zip(rules.certainty_weights, certainty_features(evidence, margin, features), strict=True)
    return round(squash(rules.certainty_bias + sum(weight * value for weight, value in pairs)), 4)


def _weigh(question: Question, hit: Hit, result: SearchResult, rules: RankingSettings) -> Candidate:
    features, evidence = features_of(question, hit, result, rules)
    logit = rules.bias + sum(weight * value for weight, value in zip(rules.weights, features, strict=True))
    score = _certainty(evidence, 0.0, features, rules)
    return Candidate(hit.code, hit.version, score, logit, evidence, features)


def features_of(question: Question, hit: Hit, result: SearchResult, rules: RankingSettings) -> tuple[tuple[float, ...], float]:
    """The values of FEATURES, each from 0 to 1; and the evidence: rare words met, a word in one article alone being 1."""

    def rarity(word: str) -> float:
        return _rarity(result.frequencies.get(word, 0), result.documents, rules)

    def size(words: Iterable[str]) -> float:
        # Words that the question does not hold were not counted; they are taken for fairly rare ones.
        return sum(_rarity(result.frequencies.get(word, 2), result.documents, rules) for word in words)

    asked, spelled = {word: rarity(word) for word in question.words}, {char: rarity(char) for char in question.characters}
    whole, all_characters = sum(asked.values()) or 1.0, sum(spelled.values()) or 1.0
    heard = {sound for passage in hit.passage_sounds for sound in passage}
    found = sum(asked[word] * worth for word, worth in question.matches(hit.everything, heard, rules).items())
    character_coverage = sum(weight for char, weight in spelled.items() if char in hit.everything) / all_characters
    matched, covered, character_matched = [0.0], [0.0], [0.0]
    for words, sounds in zip(map(set, hit.passages), map(set, hit.passage_sounds), strict=True):
        shared = sum(asked[word] * worth for word, worth in question.matches(words, sounds, rules).items())
        matched.append(min(1.0, 2 * shared / (whole + size(words))))
        covered.append(shared / whole)
        written = {char for word in words for char in characters(word)}
        met = sum(spelled[char] for char in written & question.characters)
        character_matched.append(2 * met / (all_characters + size(written)))
    top = max((other.score for other in result.hits), default=0.0) or 1.0
    title_match = matched[1] if len(matched) > 1 else 0.0
    values = (
        found / whole,
        max(matched),
        max(covered),
        title_match,
        character_coverage,
        max(character_matched),
        hit.score / top,
    )
    return values, found / _rarity(1, max(result.documents, 2), rules)


def squash(value: float) -> float:
    """The logistic function."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, value))))


def _rarity(frequency: int, documents: int, rules: RankingSettings) -> float:
    """BM25's inverse document frequency; a word that no article holds is worth its own share."""
    if not frequency:
        return rules.unknown_worth * math.log(1 + (documents - 0.5) / 1.5) if documents else 1.0
    return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
