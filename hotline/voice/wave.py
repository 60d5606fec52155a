"""Small WAV files of mu-law at 8 kHz: every player opens them, and a second of speech takes 8 kB."""

from __future__ import annotations

import struct
from pathlib import Path

from speech_models import mulaw

RATE = 8000
HEADER_BYTES = 58
_MULAW_FORMAT = 7  # WAVE_FORMAT_MULAW; a format other than PCM carries a size of its extension and a fact chunk


def write_mulaw(path: Path, pcm: bytes) -> None:
    """Write 8 kHz 16-bit PCM as a mu-law WAV file."""
    sound = mulaw.encode(pcm)
    form = struct.pack("<4sIHHIIHHH", b"fmt ", 18, _MULAW_FORMAT, 1, RATE, RATE, 1, 8, 0)
    fact = struct.pack("<4sII", b"fact", 4, len(sound))
    data = struct.pack("<4sI", b"data", len(sound))
    riff = struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(fact) + len(data) + len(sound), b"WAVE")
    path.write_bytes(riff + form + fact + data + sound)


def read_mulaw(path: Path) -> bytes:
    """The mu-law bytes of a file that `write_mulaw` wrote."""
    return path.read_bytes()[HEADER_BYTES:]
