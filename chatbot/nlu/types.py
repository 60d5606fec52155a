"""What understanding hands to dialogue: one intent with its rivals, and the spans found in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

UNKNOWN = "unknown"
"""The intent of a text that no engine and no rule recognises. It is never learnt, only answered."""

NOISE = "noise"
"""The intent of a text that carries no words: punctuation, an emoji, one stray syllable."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text with a meaning.

    `kind` is phone, order_number, query_code, time, place, unit, duty_item, number, id_number or name; `value` is the normal
    form (ISO 8601 for a time, a code for a row, digits for numbers), `text` the words themselves at [start, end).
    """

    kind: str
    value: str
    text: str
    start: int
    end: int
    confidence: float
    source: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """One text understood. `degraded` says that the engine of choice did not answer; `reason` says why."""

    text: str
    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    spans: tuple[Span, ...]
    engine: str
    degraded: bool
    reason: str

    def first(self, kind: str) -> Span | None:
        """The surest span of `kind`, the earlier one on a tie."""
        found = [span for span in self.spans if span.kind == kind]
        return max(found, key=lambda span: (span.confidence, -span.start), default=None)

    def all(self, kind: str) -> list[Span]:
        """Every span of `kind` in the order of the text."""
        return [span for span in self.spans if span.kind == kind]


@dataclass(frozen=True, slots=True)
class Classified:
    """What one engine says about one text: intents with probabilities, best first, and its own spans."""

    ranking: tuple[tuple[str, float], ...]
    spans: tuple[Span, ...] = ()


class EngineUnavailable(Exception):
    """The engine did not answer in time or answered with something that is not an answer. `str()` says what happened."""


class Engine(Protocol):
    """One engine of intents."""

    name: str

    def classify(self, text: str, spans: Sequence[Span] = ()) -> Classified:
        """Intents of `text`, best first; an empty ranking when nothing in it is known. Raises EngineUnavailable.

        `spans` is what rules and gazetteer have found in it already; an engine may use them or not.
        """
        ...
