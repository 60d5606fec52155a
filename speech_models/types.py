"""What a recogniser says: partial text while someone speaks, final text with word times when an utterance is over."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word. Times are milliseconds of the audio fed to the stream since it was opened."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Partial:
    """What has been understood so far; it may still change. Words are separated by spaces."""

    text: str


@dataclass(frozen=True, slots=True)
class Final:
    """A finished utterance. `text` is empty when nothing but noise or silence was heard."""

    text: str
    words: tuple[Word, ...] = ()

    @property
    def confidence(self) -> float | None:
        """Mean word confidence, or None without words. A closed vocabulary is sure of itself also when it is wrong."""
        if not self.words:
            return None
        return sum(word.confidence for word in self.words) / len(self.words)

    def joined(self, later: Final) -> Final:
        """This utterance followed by a later piece of the same turn."""
        return Final(f"{self.text} {later.text}".strip(), self.words + later.words)


Result = Partial | Final
