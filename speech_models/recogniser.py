"""The recogniser door: one model per process, one recogniser per call, one thread pool of its own.

The Vosk library frees the interpreter lock while it decodes, so threads give true parallel decoding. A recogniser is
never used by two threads at once: `LiveStream` awaits each piece before it gives the next. What cannot be decoded in
time is dropped oldest first and counted, because a socket reader must never wait; the recording keeps it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from speech_models.types import Final, Partial, Result, Word

log = logging.getLogger(__name__)

BATCH_MS = 200  # given to the decoder at once: five thread hops a second and call
QUEUE_MS = 2000  # waiting audio per call before the oldest is dropped
FEED_TIMEOUT_S = 5.0  # one batch; a decoder that takes longer is given up for this call
LOAD_WINDOW_S = 10.0
LOAD_LIMIT = 0.7  # share of the pool's time; above it no further call is listened to


class RecogniserUnavailable(Exception):
    """The model cannot be loaded or the library is missing. The message says what to do."""


class SpeechStream(Protocol):
    """One call's recogniser. Synchronous; not to be used by two threads at once."""

    def feed(self, pcm: bytes) -> Result | None:
        """Decode 16-bit mono PCM of the model's rate. A Final means that the decoder itself heard an end."""

    def finish(self) -> Final:
        """End the utterance and return what is left of it. The stream can be fed again."""

    def close(self) -> None:
        """Give the memory back. Nothing may be called afterwards."""


class StreamSource(Protocol):
    """What opens streams: the Vosk model, or a script in tests."""

    name: str
    rate: int

    def open_stream(self) -> SpeechStream: ...


def parse_final(raw: str) -> Final:
    """Vosk's result JSON as a Final."""
    found: dict[str, Any] = json.loads(raw)
    words = tuple(
        Word(item["word"], round(item["start"] * 1000), round(item["end"] * 1000), round(float(item["conf"]), 3))
        for item in found.get("result", ())
    )
    return Final(str(found.get("text", "")).strip(), words)


class VoskStream:
    """A KaldiRecognizer with typed results."""

    def __init__(self, model: Any, rate: int) -> None:
        from vosk import KaldiRecognizer

        self._recogniser = KaldiRecognizer(model, rate)
        self._recogniser.SetWords(True)
        self._partial = ""

    def feed(self, pcm: bytes) -> Result | None:
        if self._recogniser.AcceptWaveform(pcm):
            self._partial = ""
            final = parse_final(self._recogniser.Result())
            return final if final.text else None
        text = str(json.loads(self._recogniser.PartialResult()).get("partial", "")).strip()
        if text == self._partial:
            return None
        self._partial = text
        return Partial(text)

    def finish(self) -> Final:
        self._partial = ""
        return parse_final(self._recogniser.FinalResult())

    def close(self) -> None:
        self._recogniser = None  # the binding frees the C object with the last reference


class VoskSource:
    """A Vosk model directory, loaded once.

    Raises:
        RecogniserUnavailable: no such directory, a damaged model or a missing library.
    """

    def __init__(self, path: Path) -> None:
        if not (path / "am" / "final.mdl").exists() and not (path / "final.mdl").exists():
            raise RecogniserUnavailable(
                f"{path} holds no Vosk model (am/final.mdl is missing). Set VOSK_MODEL to a model's directory, or to a "
                "name that `manage.py fetch_speech_model --list` shows and fetch it."
            )
        # The decoder's linear algebra must not start threads of its own: on shared cores that is five times slower.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        try:
            from vosk import Model, SetLogLevel
        except ImportError as error:
            raise RecogniserUnavailable("The vosk package is not installed: pip install -r requirements.txt") from error
        SetLogLevel(-1)
        try:
            self._model = Model(str(path))
        except Exception as error:  # the binding raises a bare Exception
            raise RecogniserUnavailable(f"The Vosk model in {path} does not load; fetch it again.") from error
        self.name = path.name
        self.rate = sampling_rate(path)

    def open_stream(self) -> VoskStream:
        return VoskStream(self._model, self.rate)


def sampling_rate(model: Path) -> int:
    """The rate in hertz that a model was trained for, by its mfcc.conf; 16000 when it does not say."""
    for conf in (model / "conf" / "mfcc.conf", model / "mfcc.conf"):
        if conf.exists():
            for line in conf.read_text().splitlines():
                key, _, value = line.strip().partition("=")
                if key == "--sample-frequency":
                    return int(float(value))
    return 16000


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether another call may be listened to, and the load that says so (0 idle, 1 no time left)."""

    ok: bool
    load: float
    active: int
    reason: str = ""


class Recogniser:
    """The process's recogniser: a source of streams, the pool that decodes, and the measure of its load."""

    def __init__(
        self,
        source: StreamSource,
        *,
        threads: int = 0,
        max_calls: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self.threads = threads or max(1, (os.cpu_count() or 2) - 1)
        self.max_calls = max_calls
        self.active = 0
        self.degraded = ""  # why, while the last stream had to be given up
        self.total_audio_s = self.total_busy_s = 0.0
        self._clock = clock
        self._busy: deque[tuple[float, float]] = deque()
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="speech")

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def rate(self) -> int:
        return self.source.rate

    @property
    def load(self) -> float:
        """Share of the pool's time of the last ten seconds that was spent decoding."""
        with self._lock:
            self._forget()
            return sum(seconds for _, seconds in self._busy) / (LOAD_WINDOW_S * self.threads)

    @property
    def real_time_factor(self) -> float:
        """Decoding time per second of speech since the start; 0 before any speech."""
        return self.total_busy_s / self.total_audio_s if self.total_audio_s else 0.0

    def admit(self) -> Admission:
        """May one more call be listened to? Never half-listen: a refused caller is told and filed for a call back."""
        load = self.load
        if self.max_calls and self.active >= self.max_calls:
            return Admission(False, load, self.active, "max_calls")
        if load > LOAD_LIMIT:
            return Admission(False, load, self.active, "load")
        return Admission(True, load, self.active)

    def open_stream(self) -> SpeechStream:
        """A stream for a caller who decodes in a thread of their own, such as a job. Close it in a `finally`."""
        return self.source.open_stream()

    def open_live(self) -> LiveStream:
        """A stream for one call, fed from the event loop."""
        return LiveStream(self)

    def transcribe(self, pcm: bytes) -> Final:
        """Decode one piece of audio of the model's rate from its beginning to its end, in the calling thread."""
        stream = self.open_stream()
        step = self.rate * 2 * BATCH_MS // 1000
        heard = Final("")
        try:
            for start in range(0, len(pcm), step):
                result = stream.feed(pcm[start : start + step])
                if isinstance(result, Final):
                    heard = heard.joined(result)
            return heard.joined(stream.finish())
        finally:
            stream.close()

    def run(self, work: Callable[[], Any], audio_s: float = 0.0) -> asyncio.Future[Any]:
        """Do decoding work in the pool, from the event loop, and measure it."""
        return asyncio.get_running_loop().run_in_executor(self._pool, self._measured, work, audio_s)

    def shutdown(self) -> None:
        """Stop the pool after the work in hand. Calls must have been ended before."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _measured(self, work: Callable[[], Any], audio_s: float) -> Any:
        started = self._clock()
        try:
            return work()
        finally:
            now = self._clock()
            with self._lock:
                self._busy.append((now, now - started))
                self.total_busy_s += now - started
                self.total_audio_s += audio_s
                self._forget()

    def _forget(self) -> None:
        horizon = self._clock() - LOAD_WINDOW_S
        while self._busy and self._busy[0][0] < horizon:
            self._busy.popleft()


@dataclass(frozen=True, slots=True)
class Dropped:
    """Audio that was not decoded because the queue was full, by its place in the recording."""

    at_ms: int
    ms: int


class LiveStream:
    """One call's stream as the event loop sees it: push never waits, results come to a callback, flush ends an utterance.

    Attributes:
        dropped_ms: audio that the queue had to drop.
        lost: why decoding was given up for this call, or empty. Recording and keypad go on without it.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._stream: SpeechStream | None = recogniser.open_stream()
        self._queue: deque[tuple[bytes, int]] = deque()
        self._queued = 0
        self._bytes_per_ms = recogniser.rate * 2 // 1000
        self._wake = asyncio.Event()
        self._flush: asyncio.Future[Final] | None = None
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._segments = Final("")
        self.on_result: Callable[[Result], None] = lambda result: None
        self.on_dropped: Callable[[Dropped], None] = lambda dropped: None
        self.dropped_ms = 0
        self.fed_ms = 0
        self.lost = ""
        recogniser.active += 1

    def push(self, pcm: bytes, at_ms: int) -> None:
        """Queue audio of the model's rate; `at_ms` is its place in the recording."""
        if self._closed or self.lost:
            self._drop(at_ms, len(pcm))
            return
        self._queue.append((pcm, at_ms))
        self._queued += len(pcm)
        while self._queued > QUEUE_MS * self._bytes_per_ms and len(self._queue) > 1:
            old, old_at = self._queue.popleft()
            self._queued -= len(old)
            self._drop(old_at, len(old))
        if self._queued >= BATCH_MS * self._bytes_per_ms:
            self._start()

    def flush(self) -> asyncio.Future[Final]:
        """End the utterance: everything queued is decoded, then the whole of it comes back as one Final."""
        if self._flush is None or self._flush.done():
            self._flush = asyncio.get_running_loop().create_future()
            if self._closed or self.lost:
                self._flush.set_result(self._take_segments())
            else:
                self._start()
        return self._flush

    async def close(self) -> None:
        """Stop and free the recogniser, after the piece that is being decoded."""
        if self._closed:
            return
        self._closed = True
        self._recogniser.active -= 1
        self._wake.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._free()

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        """Decode until nothing is left to do. One piece at a time: that is what pins the recogniser."""
        batch_bytes = BATCH_MS * self._bytes_per_ms
        while not self._closed and not self.lost:
            flushing = self._flush is not None and not self._flush.done()
            if self._queued >= batch_bytes or (flushing and self._queued):
                pcm = self._take(batch_bytes)
                audio_s = len(pcm) / self._bytes_per_ms / 1000
                result = await self._decode(lambda data=pcm: self._stream.feed(data), audio_s)  # type: ignore[union-attr, misc]
                self.fed_ms += len(pcm) // self._bytes_per_ms
                if isinstance(result, Final):
                    self._segments = self._segments.joined(result)
                if result is not None and not self._closed:
                    self.on_result(result)
            elif flushing:
                last = await self._decode(lambda: self._stream.finish(), 0.0)  # type: ignore[union-attr]
                if isinstance(last, Final):
                    self._segments = self._segments.joined(last)
                if self._flush is not None and not self._flush.done():
                    self._flush.set_result(self._take_segments())
            else:
                return
        if self._flush is not None and not self._flush.done():
            self._flush.set_result(self._take_segments())

    async def _decode(self, work: Callable[[], Any], audio_s: float) -> Any:
        future = self._recogniser.run(work, audio_s)
        try:
            result = await asyncio.wait_for(asyncio.shield(future), FEED_TIMEOUT_S)
        except TimeoutError:
            self._give_up("timeout")
            # The thread still holds the recogniser; it is freed when the thread comes back.
            future.add_done_callback(lambda _: self._free())
            return None
        except Exception as error:
            log.exception("speech.decode_failed")
            self._give_up(type(error).__name__)
            return None
        self._recogniser.degraded = ""
        return result

    def _give_up(self, reason: str) -> None:
        log.warning("speech.stream_given_up reason=%s model=%s", reason, self._recogniser.name)
        self.lost = self._recogniser.degraded = reason
        for pcm, at_ms in self._queue:
            self._drop(at_ms, len(pcm))
        self._queue.clear()
        self._queued = 0

    def _take(self, limit: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while self._queue and size < limit:
            pcm, _ = self._queue.popleft()
            pieces.append(pcm)
            size += len(pcm)
        self._queued -= size
        return b"".join(pieces)

    def _take_segments(self) -> Final:
        taken, self._segments = self._segments, Final("")
        return taken

    def _drop(self, at_ms: int, size: int) -> None:
        ms = size // self._bytes_per_ms
        self.dropped_ms += ms
        self.on_dropped(Dropped(at_ms, ms))

    def _free(self) -> None:
        if self._stream is not None and self.lost != "timeout":
            self._stream.close()
        self._stream = None
