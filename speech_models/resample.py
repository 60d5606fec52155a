"""Change of sampling rate that remembers: one resampler per direction per call, never reset at a gap."""

from __future__ import annotations

import numpy as np
import soxr


class Resampler:
    """Stateful conversion of 16-bit mono PCM between two rates; equal rates pass through untouched.

    The filter keeps a few milliseconds back between calls, so the pieces join without clicks; `flush` gives the rest.
    """

    def __init__(self, source_rate: int, target_rate: int) -> None:
        self.source_rate, self.target_rate = source_rate, target_rate
        self._stream = None
        if source_rate != target_rate:
            self._stream = soxr.ResampleStream(source_rate, target_rate, 1, dtype="int16", quality="MQ")

    def feed(self, pcm: bytes) -> bytes:
        """The samples that are ready after this piece."""
        if self._stream is None:
            return pcm
        return self._stream.resample_chunk(np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")).tobytes()

    def flush(self) -> bytes:
        """What the filter still holds. The resampler cannot be fed afterwards."""
        if self._stream is None:
            return b""
        return self._stream.resample_chunk(np.zeros(0, "<i2"), last=True).tobytes()


def convert(pcm: bytes, source_rate: int, target_rate: int) -> bytes:
    """One whole recording to another rate."""
    if source_rate == target_rate:
        return pcm
    return soxr.resample(np.frombuffer(pcm, "<i2"), source_rate, target_rate, quality="HQ").astype("<i2").tobytes()
