"""One call, whatever carries it: sound comes in, events go out.

The session hears (recording first, then the recogniser), decides when a turn is over, has the conversation answer, and
speaks. It knows no protocol. All methods but the coroutines are called on the event loop and never wait.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from hotline.voice import speaking
from hotline.voice.events import ClearSpeech, Ended, Event, PartialText, Speech, StateChanged, TurnShown
from hotline.voice.figures import RECENT_REPLIES, Figures
from hotline.voice.listening import ANYTHING, FRAME_MS, Ending, Expected, TurnTaker
from hotline.voice.models import Recording
from hotline.voice.playback import Piece, Playback
from hotline.voice.recording import CallRecorder
from hotline.voice.talk import Exchange, Talk
from speech_models import postprocess
from speech_models.recogniser import Dropped, LiveStream, Recogniser
from speech_models.resample import Resampler, convert
from speech_models.types import Final, Result

log = structlog.get_logger(__name__)

SILENCE_S = 5.0  # nothing said after we asked: ask again
DIGITS_SILENCE_S = 8.0  # the same while a number is looked up
KEY_PAUSE_S = 3.0  # after the last key of a number
HOLD_EVERY_S = 20.0  # somebody on hold hears that we are still there
PARTIAL_EVERY_S = 0.2
OVERHEARD_EVERY_S = 0.25  # the same for the people who wait for the call or hold it
AUDIO_GAP_S = 0.5
BROKEN_UTTERANCE_S = 3.0  # no sound at all for so long ends an open turn
NEWS_EVERY_S = 2.0  # beside the live nudge, which may be lost
TOUCH_EVERY_S = 30.0
DEFAULT_RATE = 8000
_BACKCHANNEL = frozenset({"嗯", "好", "好的", "是", "是的", "对", "哦"})

# Speech is made in threads of its own: it waits for a process, and must not hold up decoding or conversations.
_synthesis = ThreadPoolExecutor(2, thread_name_prefix="voice-out")


@dataclass(slots=True)
class _Heard:
    """Something the citizen did, waiting for its turn to be answered."""

    kind: str  # says, keys, silent
    text: str = ""
    final: asyncio.Future[Final] | None = None
    ending: Ending | None = None
    at: float = 0.0
    asked: str = ""  # the kind of answer that was waited for


class CallSession:
    """A call from its greeting to its end.

    Args:
        talk: the conversation.
        emit: takes events for the far end; must not wait.
        recogniser: None when there is none: keypad, text and people remain.
        rate: sampling rate in hertz of the sound that `feed` gets.
        names: the gazetteer's names to write heard names by.
        recording: the row of an opened recording, or None to record nothing.
        clock: seconds, monotonic; tests give their own.
    """

    def __init__(
        self,
        *,
        talk: Talk,
        emit: Callable[[Event], None],
        recogniser: Recogniser | None,
        rate: int = DEFAULT_RATE,
        names: postprocess.Names | None = None,
        recording: Recording | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.talk, self.emit, self.clock = talk, emit, clock
        self.rate = recogniser.rate if recogniser else DEFAULT_RATE
        self.figures = Figures()
        self.expected: Expected = ANYTHING
        self.owner = "bot"
        self.ended = ""
        self.gaps: list[dict[str, Any]] = []
        self._names = names or postprocess.Names(())
        self._resampler = Resampler(rate, self.rate)
        self._frame_bytes = self.rate * 2 * FRAME_MS // 1000
        self._rest = b""
        self._turns = TurnTaker()
        self._playback = Playback()
        self._recording = recording
        self._recorder = (
            CallRecorder(Path(settings.RECORDINGS_DIR) / recording.path, self.rate) if recording is not None else None
        )
        self._live: LiveStream | None = None
        if recogniser is not None:
            self._live = recogniser.open_live()
            self._live.on_result = self._recognised
            self._live.on_dropped = self._dropped
        self._todo: asyncio.Queue[_Heard] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        self._news: asyncio.Task[None] | None = None
        self._busy = False
        self._closing = ""
        self._generation = 0  # of what we say; an interruption makes older pieces void
        self._interrupted: list[tuple[int, str, bool]] = []
        self._barged = False
        self._loud_at_play = 0
        self._last_seq = 0
        self._digits = ""
        now = clock()
        self._key_at = self._quiet_since = self._told_until = self._news_at = self._touched_at = now
        self._partial_at = -PARTIAL_EVERY_S
        self._frame_at: float | None = None
        self._gap_open = False
        self._asked = self._held = False
        self._shown_partial = ""
        self._overheard = ""  # what those who read along were shown last
        self._overheard_at = -OVERHEARD_EVERY_S
        self._saying = 0
        self._expecting = ""
        self._ref = secrets.token_hex(4)  # a second stream of the same call must not repeat the first one's references
        self._refs = 0

    # --- from the far end ---------------------------------------------------------------------------------------------

    def start(self, exchange: Exchange) -> None:
        """Begin with what the conversation has already said (the greeting)."""
        self._worker = asyncio.get_running_loop().create_task(self._answer_all())
        self._take_state(exchange)
        self._saying_later(self._say(exchange, None))

    def feed(self, pcm: bytes) -> None:
        """The citizen's next sound: 16-bit mono PCM of the rate given at the start."""
        if self.ended:
            return
        self._frame_at, self._gap_open = self.clock(), False
        pcm = self._resampler.feed(pcm)
        if self._recorder is not None:
            self._recorder.caller(pcm)
        data = self._rest + pcm if self._rest else pcm
        size = self._frame_bytes
        for start in range(0, len(data) - size + 1, size):
            self._frame(data[start : start + size])
        self._rest = data[len(data) // size * size :]

    def key(self, digit: str) -> None:
        """A key was pressed. 0 calls a person unless a number is being keyed."""
        if self.ended or len(digit) != 1 or digit not in "0123456789*#":
            return
        self._stop_speaking()
        self._end_turn(self._turns.end_now("keypad"))
        self._key_at = self._quiet_since = self.clock()
        if self.expected.kind != "digits" or (not self._digits and digit in "0*#"):
            self._queue(_Heard("keys", digit))
            return
        if digit == "#":
            self._send_digits()
            return
        if digit == "*":
            self._digits = ""
            return
        self._digits += digit
        if self.expected.digits and len(self._digits) >= self.expected.digits:
            self._send_digits()

    def text(self, words: str) -> None:
        """The citizen typed instead of speaking."""
        if not self.ended and words.strip():
            self._stop_speaking()
            self._queue(_Heard("says", words, at=self.clock()))

    def mark(self, name: str) -> None:
        """The far end has played the piece with this mark, or cleared it."""
        self._playback.mark(name)
        self._quiet_since = self.clock()
        self._finish_if_said()

    def nudge(self) -> None:
        """Somebody else spoke or took the call: look."""
        if not self.ended and (self._news is None or self._news.done()) and not self._busy:
            self._news_at = self.clock()
            self._news = asyncio.get_running_loop().create_task(self._look())

    def tick(self) -> None:
        """What only the clock brings about; call it about ten times a second."""
        if self.ended:
            return
        now = self.clock()
        if self._frame_at is not None and now - self._frame_at > AUDIO_GAP_S and not self._gap_open:
            self._gap_open = True
            self.figures.audio_gaps += 1
            self.gaps.append({"at_ms": self._turns.now_ms, "ms": 0, "why": "network"})
        if self._gap_open and now - (self._frame_at or now) > BROKEN_UTTERANCE_S:
            self._end_turn(self._turns.end_now("no_sound"))
        if self._digits and now - self._key_at > KEY_PAUSE_S:
            self._send_digits()
        if self._playback.playing(now) or self._busy or self._saying or self._turns.open or self._digits:
            self._quiet_since = now
        if self._turns.open and self._turns.words:
            self._let_overhear(postprocess.clean(" ".join(self._turns.words)))
        patience = DIGITS_SILENCE_S if self.expected.kind == "digits" else SILENCE_S
        if self.owner == "bot" and self._asked and now - self._quiet_since > patience and not self._closing:
            self._quiet_since = now
            self.figures.reprompts += 1
            self._queue(_Heard("silent"))
        if self.owner != "bot" and now - self._news_at > NEWS_EVERY_S:
            self.nudge()
        if self._held and now - self._told_until > HOLD_EVERY_S and not (self._busy or self._saying or self._turns.open):
            self._told_until = now
            self._saying_later(self._speak_all([(0, self.talk.hold_prompt, True)], self._generation, None))
        if self._recorder is not None and now - self._touched_at > TOUCH_EVERY_S:
            self._touched_at = now
            os.utime(self._recorder.path)
        self._finish_if_said()

    async def hang_up(self, reason: str = "hung_up") -> None:
        """The line is gone or the call is over: keep what was said last, close the recording, file what is unfinished."""
        if self.ended:
            return
        self.ended = reason
        self._send_digits()
        self._end_turn(self._turns.end_now(reason))
        try:
            if self._worker is not None:
                await asyncio.wait_for(self._todo.join(), 10)
        except TimeoutError:
            log.warning("voice.last_words_late", conversation=self.talk.reference)
        finally:
            for task in (self._worker, self._news):
                if task is not None:
                    task.cancel()
            if self._live is not None:
                await self._live.close()
            if self._recorder is not None:
                self._recorder.close()
            await self.talk.break_off(reason)
            if self._recording is not None:
                await self.talk.close_recording(self._recording, self.gaps)
            self._report(reason)

    # --- hearing ------------------------------------------------------------------------------------------------------

    def _frame(self, frame: bytes) -> None:
        self.figures.frames += 1
        turns = self._turns
        was_open = turns.open
        given = turns.hear(frame)
        if given and not was_open:
            self._loud_at_play = 0
        if self._live is not None and given:
            at_ms = turns.now_ms - len(given) * FRAME_MS
            self._live.push(given[0] if len(given) == 1 else b"".join(given), at_ms)
        if not turns.open:
            return
        self._interrupt_if_meant()
        self._end_turn(turns.ending(self.expected))

    def _recognised(self, result: Result) -> None:
        """Called by the live stream, on the event loop."""
        self._turns.understood(result.text, final=isinstance(result, Final))
        if not self._turns.open:
            return
        now = self.clock()
        text = postprocess.clean(" ".join(self._turns.words))
        if text != self._shown_partial and now - self._partial_at >= PARTIAL_EVERY_S:
            self._partial_at, self._shown_partial = now, text
            self.emit(PartialText(text))
        self._let_overhear(text)
        self._interrupt_if_meant()

    def _let_overhear(self, text: str) -> None:
        """While a person has the call, show what is being said before the turn is over; an empty text takes it back."""
        now = self.clock()
        if self.owner == "bot" or text == self._overheard or (text and now - self._overheard_at < OVERHEARD_EVERY_S):
            return
        self._overheard, self._overheard_at = text, now
        self.talk.overhear(text)

    def _dropped(self, dropped: Dropped) -> None:
        self.gaps.append({"at_ms": dropped.at_ms, "ms": dropped.ms, "why": "dropped"})

    def _interrupt_if_meant(self) -> None:
        if not self._playback.pieces or not self._playback.playing(self.clock()):
            self._loud_at_play = self._turns.loud_ms
            return
        if self._turns.interrupts(self._turns.loud_ms - self._loud_at_play):
            self.figures.barge_ins += 1
            self._barged = True
            self._stop_speaking()

    def _end_turn(self, ending: Ending | None) -> None:
        if ending is None:
            return
        self._shown_partial = ""
        final = self._live.flush() if self._live is not None else None
        self._queue(_Heard("says", final=final, ending=ending, at=self.clock()))

    def _send_digits(self) -> None:
        if self._digits:
            digits, self._digits = self._digits, ""
            self._queue(_Heard("keys", digits, at=self.clock()))

    # --- answering ----------------------------------------------------------------------------------------------------

    def _queue(self, heard: _Heard) -> None:
        self._busy = True
        heard.asked = self._expecting
        self._todo.put_nowait(heard)

    async def _answer_all(self) -> None:
        """One thing after the other, in the order in which it was said."""
        while True:
            heard = await self._todo.get()
            try:
                await self._answer(heard)
            except Exception:
                log.exception("voice.answer_failed", conversation=self.talk.reference)
            finally:
                self._todo.task_done()
                self._busy = not self._todo.empty()
                self._quiet_since = self.clock()

    async def _answer(self, heard: _Heard) -> None:
        self._refs += 1
        ref = f"call-{self._ref}-{self._refs}"
        if heard.kind == "silent":
            if not self._turns.open:
                await self._respond(await self.talk.silent(), heard)
            return
        audio_ms = heard.ending.start_ms if heard.ending else None
        if heard.kind == "keys":
            await self._respond(await self.talk.keys(heard.text, audio_ms=audio_ms, ref=ref), heard)
            return
        text, confidence = heard.text, None
        if heard.final is not None:
            final = await heard.final
            text, confidence = postprocess.clean(final.text, names=self._names), final.confidence
        if not text:
            self._let_overhear("")
            self._nothing_heard()
            return
        self._overheard = ""  # the turn takes its place
        if heard.ending is not None and text in _BACKCHANNEL and self._playback.playing(self.clock()) and not self._asked:
            return  # a nod while we speak asks nothing of us
        self._stop_speaking()
        self._barged, self._interrupted = False, []
        self.figures.turns += 1
        await self._respond(await self.talk.says(text, confidence=confidence, audio_ms=audio_ms, ref=ref), heard)

    def _nothing_heard(self) -> None:
        """Sound without words: if it had stopped our voice, we go on where we were."""
        if self._barged and self._interrupted:
            self.figures.false_alarms += 1
            again, self._interrupted = self._interrupted, []
            self._saying_later(self._speak_all(again, self._generation, None))
        self._barged = False

    async def _respond(self, exchange: Exchange, heard: _Heard) -> None:
        self._take_state(exchange)
        await self._say(exchange, heard)

    def _take_state(self, exchange: Exchange) -> None:
        self.owner, self.expected = exchange.owner, exchange.expected
        self._expecting = str(exchange.state.get("expecting") or "")
        self._held = bool(exchange.state.get("held")) and not exchange.over
        if exchange.over and not self._closing:
            self._closing = "done"

    async def _look(self) -> None:
        exchange = await self.talk.news(self._last_seq)
        self._take_state(exchange)
        await self._say(exchange, None)

    # --- speaking -----------------------------------------------------------------------------------------------------

    async def _say(self, exchange: Exchange, heard: _Heard | None) -> None:
        """Show the new turns, and speak those that are not the citizen's own."""
        if self.ended:
            return
        pieces: list[tuple[int, str, bool]] = []
        for said in exchange.turns:
            if said.seq <= self._last_seq:
                continue
            self._last_seq = said.seq
            self.emit(TurnShown(said.shown))
            if said.speaker != "citizen":
                pieces += [(said.seq, sentence, said.keep) for sentence in speaking.sentences(said.speech)]
        self.emit(StateChanged({**exchange.state, "listening": self._live is not None and not self._live.lost}))
        self._asked = exchange.owner == "bot" and not exchange.over
        self._saying += 1
        try:
            await self._speak_all(pieces, self._generation, heard)
        finally:
            self._saying -= 1
        self._quiet_since = self.clock()

    async def _speak_all(self, pieces: list[tuple[int, str, bool]], generation: int, heard: _Heard | None) -> None:
        loop = asyncio.get_running_loop()
        for position, (seq, sentence, keep) in enumerate(pieces):
            pcm = await loop.run_in_executor(
                _synthesis, partial(speaking.speak, sentence, language=self.talk.language, keep=keep)
            )
            if generation != self._generation:  # interrupted while it was being made
                self._interrupted += pieces[position:]
                return
            last = position == len(pieces) - 1
            if pcm or last:  # the end is marked even when this machine has no voice for it: the far end waits for it
                self._play(pcm or b"", sentence, seq, last=last)
            if pcm and heard is not None and heard.at:
                waited = round((self.clock() - heard.at) * 1000)
                silence = heard.ending.silence_ms if heard.ending else 0
                self.figures.replies.append((heard.asked, waited, waited + silence))
                heard = None

    def _play(self, pcm: bytes, text: str, seq: int, *, last: bool) -> None:
        seconds = len(pcm) / 2 / speaking.RATE
        piece = self._playback.send(now=self.clock(), seconds=seconds, text=text, seq=seq, last=last)
        self._told_until = piece.ends
        if self._recorder is not None:
            self._recorder.ours(convert(pcm, speaking.RATE, self.rate))
        self.emit(Speech(pcm, piece.mark, text))

    def _stop_speaking(self) -> None:
        """Stop our voice, also what is still being made."""
        self._generation += 1
        now = self.clock()
        if self._playback.playing(now):
            unheard: list[Piece] = self._playback.clear(now)
            self._interrupted = [(piece.seq, piece.text, False) for piece in unheard]
            if self._recorder is not None:
                self._recorder.cut()
            self.emit(ClearSpeech())

    def _finish_if_said(self) -> None:
        """The conversation is over and the last word was heard: close the line."""
        if self._closing and not self.ended and not self._busy and not self._saying and not self._playback.playing(self.clock()):
            closing, self._closing = self._closing, ""
            self.emit(Ended(closing))

    def _saying_later(self, work: Coroutine[Any, Any, None]) -> None:
        """Speak in a task of its own; from now on the call counts as speaking."""
        self._saying += 1
        task = asyncio.get_running_loop().create_task(work)
        _running.add(task)
        task.add_done_callback(self._said)

    def _said(self, task: asyncio.Future[Any]) -> None:
        self._saying -= 1
        _running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("voice.speaking_failed", conversation=self.talk.reference, exc_info=error)

    def _report(self, reason: str) -> None:
        """One line about the call, without anything that was said."""
        figures = self.figures
        RECENT_REPLIES.extend(figures.replies)
        replies = sorted(waited for _, waited, _ in figures.replies)
        log.info(
            "voice.call_ended",
            conversation=self.talk.reference,
            reason=reason,
            seconds=round(figures.frames * FRAME_MS / 1000, 1),
            turns=figures.turns,
            barge_ins=figures.barge_ins,
            false_alarms=figures.false_alarms,
            reprompts=figures.reprompts,
            audio_gaps=figures.audio_gaps,
            bad_frames=figures.bad_frames,
            dropped_ms=self._live.dropped_ms if self._live else 0,
            lost=self._live.lost if self._live else "no_recogniser",
            reply_ms_p50=replies[len(replies) // 2] if replies else None,
            reply_ms_most=replies[-1] if replies else None,
        )


_running: set[asyncio.Future[Any]] = set()
