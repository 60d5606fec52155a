"""What is recognised from the recording after a call stands in the transcript where it was said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.conversations import actions, selectors
from hotline.conversations.models import Conversation, Turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(scripted_bot) -> Conversation:
    """A call that began a minute ago, with something said at second 5 and at second 30."""
    talk = actions.start_conversation(channel="voice")
    began = talk.started_at - timedelta(minutes=1)
    actions.citizen_says(conversation=talk, text="我要投诉", audio_ms=5_000, client_ref="a")
    actions.citizen_says(conversation=talk, text="路灯坏了", audio_ms=30_000, client_ref="b")
    for seq, seconds in ((1, 0), (2, 7), (3, 8), (4, 33), (5, 34)):
        Turn.objects.filter(conversation=talk, seq=seq).update(at=began + timedelta(seconds=seconds))
    actions.break_off(conversation=talk)
    talk.began = began
    return talk


def hear(call, text="在中山路", audio_ms=15_000, ref="late-1", began=None):
    return actions.add_heard_later(
        conversation=call,
        text=text,
        confidence=0.7,
        audio_ms=audio_ms,
        ms=2_000,
        recording_began=began or call.began,
        client_ref=ref,
    )


def texts(call):
    return [turn.text for turn in selectors.transcript(call) if turn.speaker == "citizen"]


def test_it_stands_at_its_time_with_a_mark_and_a_late_number(call):
    turn = hear(call)
    assert texts(call) == ["我要投诉", "在中山路", "路灯坏了"]
    assert turn.data == {"late": True} and turn.confidence == 0.7 and turn.at == call.began + timedelta(seconds=17)
    assert turn.seq == selectors.turns_after(call, 0)[-1].seq  # who follows by number gets it as the newest


@pytest.mark.parametrize(("audio_ms", "place"), [(0, 0), (15_000, 1), (40_000, 2)])
@pytest.mark.parametrize("skew", [-300, -20, 0, 20, 300])
def test_a_clock_that_does_not_fit_the_sound_never_moves_it_past_its_neighbours(call, audio_ms, place, skew):
    hear(call, audio_ms=audio_ms, began=call.began + timedelta(seconds=skew))
    assert texts(call)[place] == "在中山路"


def test_twice_is_once(call):
    assert hear(call).pk == hear(call).pk
    assert texts(call).count("在中山路") == 1


@pytest.mark.parametrize("text", ["路灯坏了", "路灯", "我要投诉。"])
def test_what_stands_there_already_is_not_repeated(call, text):
    assert hear(call, text=text) is None
    assert texts(call) == ["我要投诉", "路灯坏了"]


def test_several_stand_in_their_order(call):
    hear(call, text="第二段", audio_ms=20_000, ref="late-2")
    hear(call, text="第一段", audio_ms=15_000, ref="late-1")
    assert texts(call) == ["我要投诉", "第一段", "第二段", "路灯坏了"]


def test_the_seat_reads_it_with_its_mark_and_the_bot_is_not_asked(call, scripted_bot, client, seat, monkeypatch):
    asked = len(scripted_bot.heard)
    hear(call)
    assert len(scripted_bot.heard) == asked
    client.force_login(seat)
    page = client.get(f"/desk/seat/{call.pk}/").content.decode()
    assert page.index("我要投诉") < page.index("在中山路") < page.rindex("路灯坏了")
    assert "通话后从录音中补识别" in page
