"""When does someone speak, and when have they finished? Pure logic on audio time; no clock, no input or output.

Speech is found by energy above a floor that follows the line's noise. A turn ends by silence, by the recogniser's own
endpoint, or when nothing new has been understood for long; never before 0.5 s and at the latest after 3 s.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

FRAME_MS = 20
PREROLL_MS = 500  # given to the recogniser before the first loud frame
MIN_SILENCE_MS = 500
MAX_SILENCE_MS = 3000
SILENCE_MS = 900  # after words, when any answer may come
ENDPOINT_SILENCE_MS = 600  # the same when the recogniser has heard an end itself
STEADY_MS = 1000  # it heard an end and nothing new came, though the line is loud
CLOSED_SILENCE_MS = 500  # after words, when the bot asked for one of a few answers
DIGITS_SILENCE_MS = 1600  # within a number: people look it up while they say it
NOISE_SILENCE_MS = 1200  # after sound in which no word was found
MAX_TURN_MS = 30_000
BARGE_IN_MS = 500
BARGE_IN_WORDS = 2
HUMAN_WORDS = ("人工", "转人工", "坐席")  # one of these is enough to interrupt

_SILENT_DB = -90.0
_LOUD_OVER_FLOOR_DB = 9.0
_LOUD_AT_LEAST_DB = -52.0
_FLOOR_START_DB = -65.0
_FLOOR_MOST_DB = -32.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What the bot waits for: anything, one of a few answers, or a number of about `digits` digits."""

    kind: str = "open"  # open, closed, digits
    digits: int = 0


ANYTHING = Expected()


class EnergyGate:
    """Tells loud frames from quiet ones by a floor that falls fast and rises slowly."""

    def __init__(self) -> None:
        self.floor_db = _FLOOR_START_DB

    def is_loud(self, frame: bytes) -> bool:
        """Whether a frame of 16-bit PCM stands out of the line's noise."""
        level = level_db(frame)
        loud = level > max(self.floor_db + _LOUD_OVER_FLOOR_DB, _LOUD_AT_LEAST_DB)
        if level > _SILENT_DB:
            pace = 0.25 if level < self.floor_db else (0.002 if loud else 0.02)
            self.floor_db = min(self.floor_db + pace * (level - self.floor_db), _FLOOR_MOST_DB)
        return loud


def level_db(frame: bytes) -> float:
    """The level of 16-bit PCM in decibels below full scale."""
    samples = np.frombuffer(frame, "<i2").astype(np.float32)
    power = float(np.dot(samples, samples)) / max(len(samples), 1)
    return 10 * math.log10(power / 2**30) if power > 1 else _SILENT_DB


@dataclass(frozen=True, slots=True)
class Ending:
    """A turn is over: where it began and ended in the call's audio, and what made it end."""

    start_ms: int
    end_ms: int
    loud_ms: int
    silence_ms: int  # between the last loud frame and the end
    why: str


class TurnTaker:
    """Follows one call's audio frame by frame: opens a turn with its pre-roll, ends it, and says when it interrupts.

    Feed every frame to `hear`; what it returns goes to the recogniser. Tell it with `understood` what the recogniser
    says. Ask `ending` after each frame.
    """

    def __init__(self) -> None:
        self.gate = EnergyGate()
        self.now_ms = 0
        self.open = False
        self.loud_ms = 0  # loud audio of the open turn
        self.words: list[str] = []
        self._started_ms = 0
        self._last_loud_ms = 0
        self._last_words_ms = 0
        self._endpoint = False
        self._said_before: list[str] = []  # words of pieces that the recogniser has already closed
        self._recent: deque[bool] = deque(maxlen=5)
        self._preroll: deque[bytes] = deque(maxlen=PREROLL_MS // FRAME_MS)

    def hear(self, frame: bytes) -> list[bytes]:
        """Take one 20 ms frame; returns the frames that the recogniser should get now."""
        self.now_ms += FRAME_MS
        loud = self.gate.is_loud(frame)
        self._recent.append(loud)
        if self.open:
            if loud:
                self._last_loud_ms = self.now_ms
                self.loud_ms += FRAME_MS
            return [frame]
        self._preroll.append(frame)
        if sum(self._recent) < 3:
            return []
        given = list(self._preroll)
        self._preroll.clear()
        self._begin(len(given) * FRAME_MS)
        return given

    def understood(self, text: str, *, final: bool) -> None:
        """The recogniser's words so far in this piece; `final` when it heard an end itself."""
        if not self.open:
            return
        words = self._said_before + text.split()
        if words != self.words:
            self.words, self._last_words_ms = words, self.now_ms
            self._endpoint = False
        if final:
            self._said_before, self._endpoint = words, True

    def ending(self, expected: Expected = ANYTHING) -> Ending | None:
        """The end of the turn, if this is it. The turn is closed then."""
        if not self.open:
            return None
        silence = self.now_ms - self._last_loud_ms
        unchanged = self.now_ms - max(self._last_words_ms, self._started_ms)
        if silence >= self.patience_ms(expected):
            return self._end("silence")
        if self._endpoint and self.words and expected.kind != "digits" and unchanged >= STEADY_MS:
            return self._end("endpoint")
        if unchanged >= MAX_SILENCE_MS:
            return self._end("nothing_new")
        if self.now_ms - self._started_ms >= MAX_TURN_MS:
            return self._end("too_long")
        return None

    def patience_ms(self, expected: Expected) -> int:
        """How long a silence ends the turn now."""
        if not self.words:
            return NOISE_SILENCE_MS
        if expected.kind == "digits":
            digits = sum(len(word) == 1 and word in "零一二三四五六七八九幺" for word in self.words)
            return MIN_SILENCE_MS if expected.digits and digits >= expected.digits else DIGITS_SILENCE_MS
        if expected.kind == "closed":
            return CLOSED_SILENCE_MS
        return ENDPOINT_SILENCE_MS if self._endpoint else SILENCE_MS

    def interrupts(self, loud_since_ms: int) -> bool:
        """Whether what is being said is enough to stop our voice. `loud_since_ms` is the loud audio since it began."""
        if not self.open:
            return False
        return (
            loud_since_ms >= BARGE_IN_MS or len(self.words) >= BARGE_IN_WORDS or any(word in HUMAN_WORDS for word in self.words)
        )

    def end_now(self, why: str) -> Ending | None:
        """Close an open turn, whatever was said of it: the line broke, the keypad was used."""
        return self._end(why) if self.open else None

    def _begin(self, given_ms: int) -> None:
        self.open, self.loud_ms = True, 3 * FRAME_MS
        self._started_ms = self.now_ms - given_ms
        self._last_loud_ms = self._last_words_ms = self.now_ms
        self.words, self._said_before, self._endpoint = [], [], False

    def _end(self, why: str) -> Ending:
        self.open = False
        self._recent.clear()
        return Ending(self._started_ms, self.now_ms, self.loud_ms, self.now_ms - self._last_loud_ms, why)
