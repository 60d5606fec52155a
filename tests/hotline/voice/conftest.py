from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotline.conversations import pool
from hotline.voice import speaking
from hotline.voice.actions import import_lines
from hotline.voice.models import Line
from speech_models import service
from speech_models.recogniser import Recogniser
from speech_models.scripted import ScriptedSource, Utterance
from ticketing.outbox import live


@pytest.fixture
def voice_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Speech of one tenth of a second per character, so that tests need no synthesiser."""

    def speak(sentence: str, *, language: str, keep: bool) -> bytes:
        return b"\x10\x00" * (800 * len(sentence))

    monkeypatch.setattr(speaking, "speak", speak)
    yield


@pytest.fixture
def threads_let_go():
    yield
    pool.close()
    live.close_readers()


@pytest.fixture
def line(db) -> Line:
    row = {"number": "12345", "name": "主号", "answer_first": "bot", "greeting_zh": "您好，这里是热线。"}
    import_lines(rows=[row, {**row, "number": "12315", "answer_first": "person"}])
    return Line.objects.get(number="12345")


@pytest.fixture
def recordings_dir(settings, tmp_path):
    settings.RECORDINGS_DIR = tmp_path / "recordings"
    return settings.RECORDINGS_DIR


@pytest.fixture
def listener():
    """Replaces the process's recogniser by a script."""
    made: list[Recogniser] = []

    def use(*script: str | Utterance) -> Recogniser:
        door = Recogniser(ScriptedSource(script), threads=1)
        service.use_recogniser(door)
        made.append(door)
        return door

    yield use
    service.use_recogniser(None)
    for door in made:
        door.shutdown()
