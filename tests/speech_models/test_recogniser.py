"""The recogniser's door: one model, live streams that never wait, a queue that drops and counts."""

import asyncio
import json
import threading
from pathlib import Path

import pytest
from django.conf import settings

from hotline.voice.wave import read_mulaw
from speech_models import mulaw, recogniser
from speech_models.catalogue import BUILTIN
from speech_models.postprocess import clean
from speech_models.recogniser import Dropped, Recogniser, RecogniserUnavailable, VoskSource
from speech_models.scripted import ScriptedSource, Utterance
from speech_models.types import Final, Partial

MS = 16  # bytes of one millisecond at 8 kHz


def recordings() -> list[tuple[str, str]]:
    manifest = json.loads((settings.BASE_DIR / "demo" / "recordings" / "manifest.json").read_text(encoding="utf-8"))
    return [
        (said["file"], said["text"]) for scenario in manifest["scenarios"] for said in scenario["utterances"] if "file" in said
    ]


@pytest.fixture(scope="module")
def vosk():
    door = Recogniser(VoskSource(BUILTIN), threads=1)
    yield door
    door.shutdown()


@pytest.fixture
def scripted():
    source = ScriptedSource(["我 要 投诉", "是的"])
    door = Recogniser(source, threads=1)
    yield door
    door.shutdown()


@pytest.mark.parametrize(("file", "text"), recordings())
def test_the_shipped_recordings_are_heard_exactly(vosk, file, text):
    sound = mulaw.decode(read_mulaw(settings.BASE_DIR / "demo" / "recordings" / file))
    silence = bytes(500 * MS)
    final = vosk.transcribe(silence + sound + silence)
    assert final.text == text
    assert clean(final.text)
    assert all(0 <= word.start_ms < word.end_ms <= len(silence + sound + silence) // MS for word in final.words)
    assert final.confidence is not None and 0 < final.confidence <= 1


def test_silence_and_noise_are_no_words(vosk):
    assert vosk.transcribe(bytes(2000 * MS)).text == ""
    assert vosk.transcribe(b"").text == ""


def test_the_rate_is_the_models():
    assert VoskSource(BUILTIN).rate == 8000


def test_a_missing_model_says_what_to_do(tmp_path):
    with pytest.raises(RecogniserUnavailable, match="fetch_speech_model"):
        VoskSource(tmp_path)


def test_a_damaged_model_says_what_to_do(tmp_path):
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").write_bytes(b"no model")
    with pytest.raises(RecogniserUnavailable, match="fetch it again"):
        VoskSource(tmp_path)


async def test_a_live_stream_gives_partials_and_one_final(scripted):
    live = scripted.open_live()
    heard: list = []
    live.on_result = heard.append
    for start in range(0, 1000, 20):
        live.push(bytes(20 * MS), start)
    final = await live.flush()
    await live.close()
    assert isinstance(final, Final) and final.text == "我 要 投诉"
    assert all(isinstance(result, Partial) for result in heard)
    assert [result.text for result in heard] == sorted({result.text for result in heard}, key=len)
    assert scripted.source.streams[0].closed
    assert scripted.active == 0


async def test_a_second_utterance_of_the_same_stream(scripted):
    live = scripted.open_live()
    live.push(bytes(1000 * MS), 0)
    assert (await live.flush()).text == "我 要 投诉"
    live.push(bytes(1000 * MS), 1000)
    assert (await live.flush()).text == "是的"
    assert (await live.flush()).text == ""
    await live.close()


async def test_a_full_queue_drops_the_oldest_and_counts(monkeypatch):
    release = threading.Event()
    door = Recogniser(ScriptedSource(["我"], before_feed=release.wait), threads=1)
    live = door.open_live()
    dropped: list[Dropped] = []
    live.on_dropped = dropped.append
    for start in range(0, 5000, 20):
        live.push(bytes(20 * MS), start)
        if start == 200:
            await asyncio.sleep(0)
    release.set()
    await live.flush()
    await live.close()
    door.shutdown()
    assert live.dropped_ms == sum(piece.ms for piece in dropped) >= 2500
    assert [piece.at_ms for piece in dropped] == sorted(piece.at_ms for piece in dropped)
    assert live.fed_ms + live.dropped_ms == 5000


async def test_a_decoder_that_hangs_is_given_up_for_this_call_alone(monkeypatch):
    monkeypatch.setattr(recogniser, "FEED_TIMEOUT_S", 0.05)
    release = threading.Event()
    door = Recogniser(ScriptedSource(["我"], before_feed=release.wait), threads=1)
    live = door.open_live()
    live.push(bytes(400 * MS), 0)
    final = await live.flush()
    assert final.text == "" and live.lost == "timeout" and door.degraded == "timeout"
    live.push(bytes(20 * MS), 400)  # goes on without decoding
    assert live.dropped_ms >= 20
    assert (await live.flush()).text == ""
    await live.close()
    release.set()
    door.shutdown()


async def test_an_error_in_the_decoder_is_not_the_calls_end(scripted):
    def broken():
        raise RuntimeError("decoder")

    scripted.source.before_feed = broken
    live = scripted.open_live()
    live.push(bytes(400 * MS), 0)
    assert (await live.flush()).text == ""
    assert live.lost == "RuntimeError"
    await live.close()


def test_admission_is_by_measured_load_and_by_number():
    now = [0.0]
    door = Recogniser(ScriptedSource(["我"]), threads=1, max_calls=1, clock=lambda: now[0])
    assert door.admit().ok

    def decode():
        now[0] += 8.0

    door._measured(decode, 1.0)
    refused = door.admit()
    assert not refused.ok and refused.reason == "load" and refused.load == pytest.approx(0.8)
    assert door.real_time_factor == pytest.approx(8.0)
    now[0] += 11
    assert door.admit().ok
    door.active = 1
    assert door.admit().reason == "max_calls"
    door.shutdown()


async def test_recognisers_are_never_used_by_two_threads_at_once():
    inside, most = [0], [0]
    lock = threading.Lock()

    def watch():
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        threading.Event().wait(0.002)
        with lock:
            inside[0] -= 1

    door = Recogniser(ScriptedSource([Utterance("我 要", 4000)], before_feed=watch), threads=4)
    live = door.open_live()
    for start in range(0, 2000, 200):
        live.push(bytes(200 * MS), start)
        await asyncio.sleep(0.001)
    await live.flush()
    await live.close()
    door.shutdown()
    assert most[0] == 1


def test_vocabulary_of_the_card_is_the_models():
    words = [line.split()[0] for line in (BUILTIN / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()]
    assert len([word for word in words if not word.startswith(("<", "#"))]) == 345
    assert "345" in (BUILTIN / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "Attribution-ShareAlike 4.0" in (Path(BUILTIN) / "LICENSE").read_text(encoding="utf-8")
