"""The stateful resampler joins pieces without a seam."""

import numpy as np
import pytest

from speech_models.resample import Resampler, convert


def tone(rate: int, seconds: float, hertz: float = 440.0) -> np.ndarray:
    moments = np.arange(int(rate * seconds)) / rate
    return (10000 * np.sin(2 * np.pi * hertz * moments)).astype("<i2")


@pytest.mark.parametrize(("source", "target"), [(48000, 8000), (8000, 16000), (44100, 8000)])
def test_pieces_give_the_same_as_the_whole(source, target):
    whole = tone(source, 1.0).tobytes()
    once, pieces = Resampler(source, target), Resampler(source, target)
    size = source // 50 * 2
    in_pieces = b"".join(pieces.feed(whole[start : start + size]) for start in range(0, len(whole), size)) + pieces.flush()
    in_one = once.feed(whole) + once.flush()
    assert np.abs(np.frombuffer(in_pieces, "<i2").astype(int) - np.frombuffer(in_one, "<i2")).max() <= 3  # the converter dithers
    assert abs(len(in_pieces) // 2 - target) <= 2


def test_a_steady_tone_has_no_clicks_at_the_seams():
    resampler = Resampler(48000, 8000)
    sound = tone(48000, 1.0)
    out = np.concatenate(
        [np.frombuffer(resampler.feed(sound[start : start + 960].tobytes()), "<i2") for start in range(0, 48000, 960)]
    )
    steps = np.abs(np.diff(out[400:].astype(int)))
    assert steps.max() < 10000 * 2 * np.pi * 440 / 8000 * 1.05


def test_equal_rates_pass_through():
    resampler = Resampler(8000, 8000)
    assert resampler.feed(b"\x01\x02\x03\x04") == b"\x01\x02\x03\x04"
    assert resampler.flush() == b""
    assert convert(b"\x01\x02", 8000, 8000) == b"\x01\x02"
