"""The door in front of every engine: what goes in, what comes out, what an engine must be able to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from search.analysis import characters, terms

Progress = Callable[[int], None]

FIRST_DAY = 10101
LAST_DAY = 99991231

FIELD_BOOSTS: dict[str, float] = {
    "title": 2.5,
    "questions": 2.5,
    "keywords": 1.5,
    "answer": 1.0,
    "body": 0.5,
    "characters": 1.0,
    "sounds": 0.6,
}
"""Fields that are searched and what a hit in each is worth; the same for all engines."""


def day_number(day: dt.date | None, *, default: int) -> int:
    """A date as the number 20260131, which every engine can compare; `default` stands for an open end."""
    return default if day is None else day.year * 10000 + day.month * 100 + day.day


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """A published version as an engine stores it. Field texts are terms already, parted by blanks."""

    code: str
    version: int
    revision: int
    public: bool
    valid_from: int
    valid_to: int
    regions: tuple[str, ...]
    fields: dict[str, str]  # one entry for each name of FIELD_BOOSTS
    everything: str  # every different term of the document, for document frequencies
    passages: tuple[str, ...]  # title and each way of asking: terms parted by blanks
    passage_sounds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """The folded question and, after it, other words for its words; who asks, where and on which day."""

    readings: tuple[str, ...]
    on: dt.date
    public_only: bool = True
    region: str = ""
    limit: int = 20


def counted_words(request: SearchRequest) -> list[str]:
    """Words and characters of the question whose document frequencies an engine reports, in a fixed order."""
    question = request.readings[0] if request.readings else ""
    return sorted({term.text for term in terms(question)} | set(characters(question)))


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate. `score` is the engine's own and compares only within one answer of one engine."""

    code: str
    version: int
    score: float
    everything: frozenset[str]
    passages: tuple[tuple[str, ...], ...]
    passage_sounds: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Candidates, best first, with what is needed to weigh the words of the question."""

    hits: tuple[Hit, ...]
    documents: int
    frequencies: dict[str, int]  # documents that hold a term of the question
    engine: str
    degraded: bool = False
    reason: str = ""
    took_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What a look at an engine found. `documents` is None when it could not be counted."""

    implementation: str
    degraded: bool = False
    reason: str = ""
    latency_ms: float = 0.0
    documents: int | None = None
    details: dict[str, str] = field(default_factory=dict)


class Engine(Protocol):
    """A search engine. Every method may raise `search.errors.EngineError`; none waits without a bound."""

    name: str

    def search(self, request: SearchRequest) -> SearchResult:
        """Candidates for `request`, best first."""

    def index(self, documents: Iterable[IndexDocument]) -> None:
        """Put these documents in the place of what was there under their codes; visible to the next search."""

    def remove(self, codes: dict[str, int]) -> None:
        """Take these codes out (code -> revision of the removal); a code that is not there is no error."""

    def rebuild(self, documents: Iterable[IndexDocument], *, progress: Progress | None = None) -> int:
        """Build a new index beside the old one and swap; searches see the old or the new one, never an empty one."""

    def revisions(self) -> dict[str, int]:
        """Code -> revision of everything that is in the index."""

    def status(self) -> EngineStatus:
        """A bounded look at the engine for the health page."""
