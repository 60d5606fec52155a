"""Calls through Twilio's socket, with the real conversation behind them."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.core import signing

from hotline.conversations.models import Conversation, Turn
from hotline.voice import tasks
from hotline.voice.adapters.twilio import media
from hotline.voice.models import Incident, Recording
from hotline.voice.tokens import CallGrant, grant
from hotline.voice.wave import read_mulaw
from speech_models import service
from speech_models.recogniser import Recogniser, RecogniserUnavailable
from speech_models.scripted import Utterance
from tests.hotline.voice.sockets import SILENCE, SOUND, FarEnd, conversation, incidents, said, token

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("voice_out", "scripted_bot", "line", "threads_let_go", "recordings_dir"),
]


async def test_a_call_speaks_both_ways_and_is_recorded(listener, recordings_dir):
    listener("我 要 投诉")
    far = FarEnd(media, "/voice/media/")
    far.start(token(caller="+8619900000011", external_id="CA1"))
    await far.until(lambda: "mark" in far.kinds())
    assert far.accepted
    first = far.events[0]
    assert first["event"] == "media" and first["streamSid"] == "MZ1" and base64.b64decode(first["media"]["payload"])
    for event in far.events:
        if event["event"] == "mark":
            far.give({"event": "mark", "streamSid": "MZ1", "mark": {"name": event["mark"]["name"]}})
    far.say()
    await far.until(lambda: far.kinds().count("mark") == 2)
    far.give({"event": "stop", "streamSid": "MZ1", "stop": {}})
    await far.end()
    assert await said() == [("bot", "您好,请讲。"), ("citizen", "我要投诉"), ("bot", "听到:我要投诉")]
    talk = await conversation()
    assert talk.external_id == "CA1" and talk.channel == "voice" and talk.line_number == "12345"
    assert await sync_to_async(lambda: talk.citizen is not None)()
    recording = await Recording.objects.aget()
    assert recording.state == "kept" and recording.ms == 2600 and len(recording.sha256) == 64
    assert (recordings_dir / recording.path).stat().st_size == 44 + 2600 * 32
    assert await incidents() == []


async def test_malformed_messages_are_tolerated_and_counted(listener):
    listener("我 要 投诉")
    far = FarEnd(media, "/voice/media/")
    far.give("{not json")
    far.start(token())
    for bad in (
        "[]",
        '"text"',
        "null",
        '{"event": "unheard-of"}',
        '{"event": "media"}',
        '{"event": "media", "media": 5}',
        "x" * 100_000,
    ):
        far.give(bad)
    far.give({"event": "media", "media": {"payload": "***"}})
    far.give({"event": "media", "media": {"payload": ""}})
    far.give({"event": "media", "media": {"payload": SOUND, "chunk": "no", "timestamp": "0"}})
    far.give_bytes(b"\x00\x01")
    far.give({"event": "dtmf", "dtmf": "no"})
    far.say()
    far.media(SOUND, chunk="1")  # comes late and twice
    await far.until(lambda: far.kinds().count("mark") == 2)
    far.drop()
    await far.end()
    assert ("citizen", "我要投诉") in await said()
    assert await incidents() == ["bad_frames"]
    row = await Incident.objects.aget()
    assert row.detail.startswith("13 malformed") and "投诉" not in row.detail


async def test_nothing_but_nonsense_is_refused(listener):
    listener()
    far = FarEnd(media, "/voice/media/")
    for _ in range(60):
        far.give("nonsense")
    await far.end()
    assert far.closed == 1003
    assert "bad_frames" in await incidents()
    assert not await Conversation.objects.aexists()


@pytest.mark.parametrize("form", [{"sampleRate": 16000}, {"encoding": "audio/l16"}, {"channels": 2}])
async def test_a_foreign_audio_format_is_refused_with_a_row(listener, form):
    listener()
    far = FarEnd(media, "/voice/media/")
    far.start(token(), **form)
    await far.end()
    assert far.closed == 1003
    row = await Incident.objects.aget()
    assert row.kind == "bad_format" and str(next(iter(form.values()))) in row.detail


async def test_numbers_may_be_strings(listener):
    listener()
    far = FarEnd(media, "/voice/media/")
    far.start(token(), sampleRate="8000", channels="1")
    await far.until(lambda: "mark" in far.kinds())
    far.drop()
    await far.end()


@pytest.mark.parametrize(
    "bad", ["", "forged", signing.dumps({"channel": "voice"}, salt="other")], ids=["none", "forged", "of another door"]
)
async def test_without_our_token_there_is_no_call(listener, bad):
    listener()
    far = FarEnd(media, "/voice/media/")
    far.start(bad)
    await far.end()
    assert far.closed == 1008 and await incidents() == ["bad_token"]


async def test_a_socket_dropped_in_mid_sentence_keeps_what_was_said_and_asks_for_a_call_back(listener, scripted_bot, monkeypatch):
    monkeypatch.setattr("hotline.conversations.bot.unfinished", lambda memory: True)
    listener(Utterance("我 要 投诉 中山路", 2000))
    far = FarEnd(media, "/voice/media/")
    far.start(token(caller="+8619900000011"))
    await far.until(lambda: "mark" in far.kinds())
    for _ in range(75):
        far.media(SOUND)
    far.drop()
    await far.end()
    turns = await said()
    assert turns[1] == ("citizen", "我要投诉中山路") or turns[1] == ("citizen", "我要投诉")
    talk = await conversation()
    assert talk.status == "broken_off" and talk.owner == "queue" and talk.hand_over_reason == "broken_off"
    assert (await Recording.objects.aget()).state == "kept"


async def test_zero_reaches_the_queue(listener, scripted_bot):
    scripted_bot.answers["0"] = scripted_bot.answers["人工"]
    listener()
    far = FarEnd(media, "/voice/media/")
    far.start(token())
    await far.until(lambda: "mark" in far.kinds())
    far.give({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "0"}})
    await far.until(lambda: "clear" in far.kinds() and far.kinds().count("mark") >= 2)
    far.drop()
    await far.end()
    talk = await conversation()
    assert talk.owner == "queue" and talk.hand_over_reason == "asked"


async def test_barge_in_clears_what_plays(listener):
    listener(Utterance("等 一下 我 要 说", 1000))
    far = FarEnd(media, "/voice/media/")
    far.start(token())
    await far.until(lambda: "mark" in far.kinds())
    for _ in range(40):
        far.media(SOUND)
    await far.until(lambda: "clear" in far.kinds())
    far.drop()
    await far.end()


async def test_a_line_where_a_person_answers_first_goes_to_the_queue_at_once(listener):
    listener("我 要")
    far = FarEnd(media, "/voice/media/")
    far.start(grant(CallGrant(channel="voice", line="12315")))
    await far.until(lambda: far.kinds().count("mark") >= 1)
    far.say()
    await far.until(lambda: False if far.closed else bool(far.sent))
    far.drop()
    await far.end()
    talk = await conversation()
    assert talk.owner == "queue" and talk.hand_over_reason == "person_first"
    assert ("citizen", "我要") in await said()


async def test_when_the_bot_ends_it_the_socket_is_closed_after_the_last_word(listener):
    listener("再见")
    far = FarEnd(media, "/voice/media/")
    far.start(token())
    await far.until(lambda: "mark" in far.kinds())
    far.give({"event": "mark", "mark": {"name": far.events[-1]["mark"]["name"]}})
    far.say()
    await far.until(lambda: far.kinds().count("mark") == 2)
    assert far.closed is None
    far.give({"event": "mark", "mark": {"name": far.events[-1]["mark"]["name"]}})
    await far.end()
    assert far.closed == 1000
    assert (await conversation()).status == "ended"


async def test_without_recognition_the_call_goes_to_a_person(monkeypatch):
    def missing():
        raise RecogniserUnavailable("no model")

    monkeypatch.setattr("hotline.voice.adapters.wire.get_recogniser", missing)
    far = FarEnd(media, "/voice/media/")
    far.start(token())
    await far.until(lambda: far.kinds().count("mark") >= 1)
    far.drop()
    await far.end()
    assert await incidents() == ["no_recogniser"]
    assert (await conversation()).owner == "queue"


async def test_too_many_calls_are_not_half_listened_to(listener):
    door = listener("我")
    door.max_calls = 1
    door.active = 1
    far = FarEnd(media, "/voice/media/")
    far.start(token())
    await far.until(lambda: far.kinds().count("mark") >= 1)
    far.drop()
    await far.end()
    assert await incidents() == ["overload"]
    assert (await conversation()).hand_over_reason == "overload"


async def test_lost_sound_leaves_silence_of_its_length_in_the_recording(listener):
    listener()
    far = FarEnd(media, "/voice/media/")
    far.start(token())
    far.media(SILENCE, timestamp="0")
    far.media(SILENCE, timestamp="500")
    await far.until(lambda: "mark" in far.kinds())
    far.drop()
    await far.end()
    assert (await Recording.objects.aget()).ms == 520


async def test_dropped_sound_is_recognised_after_the_call(listener, recordings_dir):
    from hotline.voice import selectors
    from speech_models.catalogue import BUILTIN
    from speech_models.recogniser import VoskSource
    from ticketing.outbox.runner import drain

    service.use_recogniser(Recogniser(VoskSource(BUILTIN), threads=1))
    far = FarEnd(media, "/voice/media/")
    far.start(token())
    await far.until(lambda: "mark" in far.kinds())
    said_text = read_mulaw(django_settings.BASE_DIR / "demo" / "recordings" / "water-cut-matter.wav")
    lead = b"\xff" * 16000
    sound = lead + said_text + lead  # more than two seconds at once: the queue must drop its beginning
    for start in range(0, len(sound), 1600):
        far.give({"event": "media", "media": {"payload": base64.b64encode(sound[start : start + 1600]).decode()}})
    far.drop()
    await far.end()
    recording = await Recording.objects.aget()
    assert any(gap["why"] == "dropped" for gap in recording.gaps)
    await sync_to_async(drain)()
    found = await sync_to_async(lambda: selectors.heard_later(Conversation.objects.get()))()
    assert "反映" in "".join(piece["text"] for piece in found)
    late = await sync_to_async(lambda: [turn for turn in Turn.objects.order_by("seq") if turn.data.get("late")])()
    assert any("反映" in turn.text for turn in late)
    assert all(turn.speaker == "citizen" and turn.audio_ms is not None for turn in late)
    service.get_recogniser().shutdown()
    service.use_recogniser(None)


async def test_a_call_whose_process_died_is_closed_and_called_back(listener, recordings_dir, monkeypatch):
    import os

    from hotline.conversations import actions
    from hotline.voice.actions import open_recording
    from hotline.voice.recording import CallRecorder

    monkeypatch.setattr("hotline.conversations.bot.unfinished", lambda memory: True)
    talk = await sync_to_async(actions.start_conversation)(channel="voice", caller="+8619900000011")
    recording = await sync_to_async(open_recording)(conversation=talk, rate=8000)
    recorder = CallRecorder(recordings_dir / recording.path, 8000)
    recorder.caller(bytes(16000))
    await sync_to_async(tasks.close_abandoned)()
    assert (await Recording.objects.aget()).state == "open"  # it may still be going on
    os.utime(recorder.path, (1, 1))
    await sync_to_async(tasks.close_abandoned)()
    kept = await Recording.objects.aget()
    assert kept.state == "kept" and kept.ms == 1000
    assert (await conversation()).status == "broken_off"


def test_nothing_of_a_token_is_personal_but_the_callers_number():
    data = signing.loads(token(caller="+8619900000011"), salt="hotline.voice.call")
    assert json.dumps(sorted(data)) == '["caller", "channel", "language", "line"]'


async def test_personal_words_are_in_no_log(listener, caplog, capsys):
    caplog.set_level("DEBUG")
    listener("我 的 手机号 是 幺 九 九 零 零 零 零 零 零 幺 幺")
    far = FarEnd(media, "/voice/media/")
    far.start(token(caller="+8619900000011"))
    await far.until(lambda: "mark" in far.kinds())
    far.say()
    await far.until(lambda: far.kinds().count("mark") == 2)
    far.drop()
    await far.end()
    await asyncio.sleep(0)
    out = capsys.readouterr()
    for text in (caplog.text, out.out, out.err):
        assert "19900000011" not in text and "手机号" not in text
