from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotline.voice import speaking


@pytest.fixture
def voice_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Speech of one tenth of a second per character, so that tests need no synthesiser."""

    def speak(sentence: str, *, language: str, keep: bool) -> bytes:
        return b"\x10\x00" * (800 * len(sentence))

    monkeypatch.setattr(speaking, "speak", speak)
    yield
