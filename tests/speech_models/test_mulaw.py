"""G.711 against its published tables and against itself."""

import struct

import pytest

from speech_models import mulaw


def pcm(*samples: int) -> bytes:
    return struct.pack(f"<{len(samples)}h", *samples)


# Values of ITU-T G.711, table 2a (decoder output, scaled from 14 to 16 bits).
KNOWN = {0xFF: 0, 0x7F: 0, 0x80: 32124, 0x00: -32124, 0x8F: 16764, 0x0F: -16764, 0xEF: 132, 0x6F: -132, 0xFE: 8, 0x7E: -8}


@pytest.mark.parametrize(("code", "sample"), KNOWN.items())
def test_decodes_the_standards_values(code, sample):
    assert mulaw.decode(bytes([code])) == pcm(sample)


def test_every_code_comes_back_but_for_the_second_zero():
    codes = bytes(range(256))
    again = mulaw.encode(mulaw.decode(codes))
    assert [code for code in codes if again[code] != code] == [0x7F]
    assert again[0x7F] == mulaw.SILENCE


def test_silence_is_a_row_of_ones_and_the_loudest_samples_are_clipped():
    assert mulaw.encode(pcm(0, 32767, -32768)) == bytes([0xFF, 0x80, 0x00])


def test_the_error_stays_within_half_a_step():
    samples = list(range(-32000, 32001, 37))
    back = struct.unpack(f"<{len(samples)}h", mulaw.decode(mulaw.encode(pcm(*samples))))
    for sample, heard in zip(samples, back, strict=True):
        assert abs(sample - heard) <= max(8, abs(sample) // 16)


def test_an_odd_byte_is_left_out():
    assert len(mulaw.encode(b"\x00\x00\x01")) == 1
    assert mulaw.decode(b"") == b""
