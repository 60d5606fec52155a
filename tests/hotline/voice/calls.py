"""A call without a network: a far end that feeds sound, a clock that only moves with it, a conversation that is a script."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hotline.voice.events import Event, PartialText, Speech
from hotline.voice.listening import ANYTHING, Expected
from hotline.voice.session import CallSession
from hotline.voice.talk import Exchange, Said
from speech_models.recogniser import Recogniser
from speech_models.scripted import ScriptedSource, Utterance

FRAME_MS = 20
RATE = 8000
LOUD = struct.pack("<160h", *(int(9000 * math.sin(2 * math.pi * 200 * n / RATE)) for n in range(160)))
QUIET = bytes(320)


@dataclass
class FakeTalk:
    """Answers everything with the next of `answers`; keeps what it was told."""

    answers: list[str] = field(default_factory=list)
    expected: Expected = ANYTHING
    language: str = "zh-hans"
    reference: str = "c-1"
    group: str = "conversation.c-1"
    hold_prompt: str = "请不要挂机。"
    held: bool = False
    owner: str = "bot"
    status: str = "open"
    heard: list[tuple[str, str]] = field(default_factory=list)
    broken_off: str = ""
    seq: int = 0
    pending: list[Said] = field(default_factory=list)
    closed_gaps: list[dict[str, Any]] | None = None
    before_answer: Callable[[], Any] | None = None
    refs: list[str] = field(default_factory=list)
    overheard: list[str] = field(default_factory=list)

    def turn(self, speaker: str, text: str) -> Said:
        self.seq += 1
        return Said(self.seq, speaker, {"seq": self.seq, "speaker": speaker, "text": text, "data": {}}, text, True)

    def exchange(self, *turns: Said) -> Exchange:
        turns = (*self.pending, *turns)
        self.pending = []
        return Exchange(
            turns, self.owner, self.status, self.expected, {"owner": self.owner, "status": self.status, "held": self.held}
        )

    def greeting(self, text: str = "您好，请讲。") -> Exchange:
        return self.exchange(self.turn("bot", text))

    def _answer(self) -> list[Said]:
        if self.owner != "bot" or not self.answers:
            return []
        return [self.turn("bot", self.answers.pop(0))]

    async def says(self, text: str, *, confidence: float | None, audio_ms: int | None, ref: str) -> Exchange:
        self.heard.append(("says", text))
        self.refs.append(ref)
        said = self.turn("citizen", text)
        if self.before_answer:
            await self.before_answer()
        return self.exchange(said, *self._answer())

    async def keys(self, digits: str, *, audio_ms: int | None, ref: str) -> Exchange:
        self.heard.append(("keys", digits))
        said = self.turn("citizen", digits)
        if digits == "0":
            self.owner = "queue"
            return self.exchange(said, self.turn("system", "正在为您转人工。"))
        return self.exchange(said, *self._answer())

    async def silent(self) -> Exchange:
        self.heard.append(("silent", ""))
        return self.exchange(self.turn("bot", "您还在吗？"))

    async def news(self, after: int) -> Exchange:
        return self.exchange()

    async def hand_over(self, reason: str) -> Exchange:
        self.owner = "queue"
        return self.exchange()

    async def break_off(self, reason: str) -> None:
        self.broken_off = reason

    async def open_recording(self, rate: int) -> None:
        return None

    async def close_recording(self, recording: Any, gaps: list[dict[str, Any]]) -> None:
        self.closed_gaps = gaps

    def overhear(self, text: str) -> None:
        self.overheard.append(text)

    async def incident(self, kind: str, detail: str) -> None:
        self.heard.append(("incident", kind))


@dataclass
class FakeRecording:
    path: str


class Call:
    """One call in a test. Time passes only by `sound`, `wait` and what is played."""

    def __init__(
        self, talk: FakeTalk, script: list[str | Utterance], *, rate: int = RATE, recording: str = "", **options: Any
    ) -> None:
        self.talk, self.now, self.events = talk, 100.0, list[Event]()
        self.source = ScriptedSource(script)
        self.recogniser = Recogniser(self.source, threads=1, clock=lambda: self.now)
        self.session = CallSession(
            talk=talk,
            emit=self.events.append,
            recogniser=options.pop("recogniser", self.recogniser),
            rate=rate,
            recording=FakeRecording(recording) if recording else None,  # type: ignore[arg-type]
            clock=lambda: self.now,
            **options,
        )

    async def begin(self, greeting: str = "您好，请讲。") -> None:
        self.session.start(self.talk.greeting(greeting))
        await self.settle()

    async def listen(self) -> None:
        """Let everything that plays come to its end, with its marks."""
        for piece in list(self.session._playback.pieces):
            self.now = max(self.now, piece.ends)
            self.session.mark(piece.mark)
        self.session.tick()
        await self.settle()

    async def sound(self, ms: int, frame: bytes = LOUD) -> None:
        for number in range(ms // FRAME_MS):
            self.now += FRAME_MS / 1000
            self.session.feed(frame)
            if number % 5 == 4:
                self.session.tick()
                await self.settle()
        await self.settle()

    async def say(self, ms: int = 1000, then: int = 1400) -> None:
        """Speech, then silence until the turn is over."""
        await self.sound(ms)
        await self.sound(then, QUIET)

    async def wait(self, seconds: float) -> None:
        """Time passes without sound."""
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self.session.tick()
            await self.settle()

    async def settle(self) -> None:
        """Until no thread has work of this call left."""
        session = self.session
        for _ in range(4000):
            live = session._live
            decoding = live is not None and live._task is not None and not live._task.done()
            looking = session._news is not None and not session._news.done()
            if not (decoding or looking or session._saying or session._todo._unfinished_tasks):  # type: ignore[attr-defined]
                return
            await asyncio.sleep(0.0005)
        raise AssertionError("the call does not come to rest")

    async def end(self, reason: str = "hung_up") -> None:
        await self.session.hang_up(reason)
        self.recogniser.shutdown()

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def spoken(self) -> list[str]:
        return [event.text for event in self.of(Speech)]

    @property
    def partials(self) -> list[str]:
        return [event.text for event in self.of(PartialText)]

    @property
    def said(self) -> list[str]:
        return [text for kind, text in self.talk.heard if kind == "says"]
