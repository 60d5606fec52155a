"""The sound of a call on disk: a WAV file of two channels, the citizen left, our voice right.

The citizen's samples set the pace. What we say is laid beside them as it plays, so both sides stay in step without a
clock. A file whose process died lacks only its header's lengths; `finish_file` writes them from the file's size.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from speech_models import resample

HEADER_BYTES = 44
FRAME_BYTES = 4  # two channels of 16 bits
BLOCK_MS = 500  # written at once; the most that a dying process loses


@dataclass(frozen=True, slots=True)
class Finished:
    """A closed recording: its length in milliseconds and the SHA-256 of the file."""

    ms: int
    sha256: str


class CallRecorder:
    """Writes one call. Not thread-safe; used by the call's event loop."""

    def __init__(self, path: Path, rate: int) -> None:
        self.path, self.rate = path, rate
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file: IO[bytes] | None = path.open("wb")
        path.chmod(0o600)
        self._file.write(_header(rate, 0))
        self._caller: list[bytes] = []
        self._waiting = 0
        self._ours = bytearray()
        self._bytes_per_ms = rate * 2 // 1000
        self._seen = 0

    @property
    def ms(self) -> int:
        """Where the recording is now, in milliseconds."""
        return self._seen // self._bytes_per_ms

    def caller(self, pcm: bytes) -> None:
        """The citizen's next samples."""
        self._seen += len(pcm)
        self._caller.append(pcm)
        self._waiting += len(pcm)
        if self._waiting >= BLOCK_MS * self._bytes_per_ms:
            self._write()

    def ours(self, pcm: bytes) -> None:
        """What begins to play to the citizen after all that plays already; same rate."""
        if not self._ours:
            self._write()  # what the citizen said until now stays before it
        self._ours += pcm

    def cut(self) -> None:
        """Playing was stopped: what has not been heard yet is not recorded."""
        self._write()
        self._ours.clear()

    def close(self) -> None:
        """Write what is left. The lengths in the header are written by `finish_file`."""
        if self._file is not None:
            self._write()
            self._file.close()
            self._file = None

    def _write(self) -> None:
        if self._file is None or not self._waiting:
            return
        caller = np.frombuffer(b"".join(self._caller), "<i2")
        ours = np.zeros(len(caller), "<i2")
        playing = np.frombuffer(bytes(self._ours[: len(caller) * 2]), "<i2")
        ours[: len(playing)] = playing
        del self._ours[: len(caller) * 2]
        self._file.write(np.stack([caller, ours], axis=1).tobytes())
        self._caller, self._waiting = [], 0


def finish_file(path: Path, rate: int) -> Finished:
    """Write the true lengths into the header and hash the file."""
    size = max(path.stat().st_size - HEADER_BYTES, 0) // FRAME_BYTES * FRAME_BYTES
    with path.open("r+b") as file:
        file.truncate(HEADER_BYTES + size)
        file.seek(0)
        file.write(_header(rate, size))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Finished(size // FRAME_BYTES * 1000 // rate, digest)


def read_caller(path: Path, rate: int, at_ms: int, ms: int, target_rate: int) -> bytes:
    """The citizen's channel of a stretch of a recording as 16-bit PCM of `target_rate`."""
    first = max(at_ms, 0) * rate // 1000
    count = (ms + min(at_ms, 0)) * rate // 1000
    with path.open("rb") as file:
        file.seek(HEADER_BYTES + first * FRAME_BYTES)
        frames = np.frombuffer(file.read(count * FRAME_BYTES), "<i2")
    caller = frames[: len(frames) // 2 * 2].reshape(-1, 2)[:, 0]
    return resample.convert(np.ascontiguousarray(caller).tobytes(), rate, target_rate)


def _header(rate: int, size: int) -> bytes:
    riff = struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE")
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, rate, rate * FRAME_BYTES, FRAME_BYTES, 16)
    return riff + form + struct.pack("<4sI", b"data", size)
