"""A recogniser that says what a script says, for tests of everything that stands on the door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from speech_models.types import Final, Partial, Result, Word


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one utterance is heard as: its words, spread evenly over `ms` milliseconds of fed audio."""

    text: str
    ms: int = 1000
    confidence: float = 0.95


@dataclass(slots=True)
class ScriptedStream:
    """Reveals the next utterance's words as audio is fed, and ends it at `finish`."""

    script: list[Utterance]
    rate: int
    before_feed: Callable[[], None] = lambda: None
    fed_ms: int = 0
    _start_ms: int = 0
    _shown: str = ""
    closed: bool = False

    def feed(self, pcm: bytes) -> Result | None:
        assert not self.closed, "fed after close"
        self.before_feed()
        self.fed_ms += len(pcm) * 1000 // (self.rate * 2)
        text = " ".join(word.text for word in self._words() if word.end_ms <= self.fed_ms)
        if text == self._shown:
            return None
        self._shown = text
        return Partial(text)

    def finish(self) -> Final:
        assert not self.closed, "finished after close"
        # An utterance of which nothing was fed was not said.
        words = tuple(word for word in self._words() if word.start_ms < self.fed_ms)
        if self.script and self.fed_ms > self._start_ms:
            self.script.pop(0)
        self._start_ms, self._shown = self.fed_ms, ""
        return Final(" ".join(word.text for word in words), words)

    def close(self) -> None:
        self.closed = True

    def _words(self) -> list[Word]:
        if not self.script or not self.script[0].text:
            return []
        said = self.script[0]
        words = said.text.split()
        step = said.ms // len(words)
        first = self._start_ms
        return [
            Word(text, first + number * step, first + (number + 1) * step, said.confidence) for number, text in enumerate(words)
        ]


@dataclass(slots=True)
class ScriptedSource:
    """Opens one scripted stream per call, each with the whole script."""

    script: Sequence[Utterance | str]
    rate: int = 8000
    name: str = "scripted"
    before_feed: Callable[[], None] = lambda: None
    streams: list[ScriptedStream] = field(default_factory=list)

    def open_stream(self) -> ScriptedStream:
        script = [Utterance(item) if isinstance(item, str) else item for item in self.script]
        stream = ScriptedStream(script, self.rate, self.before_feed)
        self.streams.append(stream)
        return stream
