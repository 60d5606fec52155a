"""During a call: hold and go on, pass the conversation to a seat, a skill or the queue. It has one owner throughout."""

from __future__ import annotations

import pytest

from hotline.conversations import actions as conversations
from hotline.conversations import selectors as talks
from hotline.conversations.errors import (
    AlreadyTaken,
    CannotTransfer,
    ConversationEnded,
    ConversationError,
    LineGone,
    NotOwner,
)
from hotline.conversations.models import Conversation
from hotline.seats import actions, selectors
from hotline.seats.models import Presence
from ticketing.outbox import runner

pytestmark = pytest.mark.django_db

NOTE = "已核对身份，要问社保转移的材料"


@pytest.fixture
def talk(scripted_bot, seat) -> Conversation:
    """A call that `seat` holds."""
    talk = conversations.start_conversation(channel="voice", caller="+8619900000011")
    conversations.hand_over(conversation=talk, reason="asked", by="citizen")
    return actions.take(conversation=talk, staff=seat)


@pytest.fixture
def skilled(make_staff):
    staff = make_staff("seat-5")
    staff.skills = ["labour"]
    staff.save()
    return staff


def notices(talk):
    return [turn.text for turn in talks.transcript(talk) if turn.speaker == "system"]


def ringing(staff):
    found = selectors.ringing_for(staff)
    return found.conversation if found else None


# --- hold ------------------------------------------------------------------------------------------------------------


def test_hold_asks_to_wait_goes_on_listening_and_resume_says_so(talk, seat):
    held = conversations.hold(conversation=talk, seat=seat)
    assert held.held_at and "请稍等" in notices(talk)[-1]
    assert talks.status_as_json(held)["held"] and held.owner == "seat"
    conversations.citizen_says(conversation=talk, text="还在吗")
    assert talks.transcript(talk)[-1].text == "还在吗"
    back = conversations.unhold(conversation=talk, seat=seat)
    assert back.held_at is None and "久等" in notices(talk)[-1]
    assert [e.kind for e in talk.events.all()][-2:] == ["held", "unheld"]
    assert talk.events.last().data["seconds"] >= 0


def test_twice_is_once(talk, seat):
    conversations.hold(conversation=talk, seat=seat)
    told = len(notices(talk))
    conversations.hold(conversation=talk, seat=seat)
    assert len(notices(talk)) == told
    conversations.unhold(conversation=talk, seat=seat)
    conversations.unhold(conversation=talk, seat=seat)
    assert len(notices(talk)) == told + 1


def test_words_of_the_seat_end_the_hold(talk, seat):
    conversations.hold(conversation=talk, seat=seat)
    conversations.seat_says(conversation=talk, seat=seat, text="查到了")
    talk.refresh_from_db()
    assert talk.held_at is None


@pytest.mark.parametrize("verb", [conversations.hold, conversations.unhold, conversations.transfer])
def test_only_the_holder_may(talk, seat, other_seat, verb):
    with pytest.raises(NotOwner):
        verb(conversation=talk, seat=other_seat)
    conversations.release(conversation=talk, seat=seat)
    with pytest.raises(NotOwner):
        verb(conversation=talk, seat=seat)
    talk.refresh_from_db()
    assert talk.held_at is None and talk.owner == "queue"


@pytest.mark.parametrize("verb", [conversations.hold, conversations.unhold, conversations.transfer])
def test_nothing_of_it_after_the_end(talk, seat, verb):
    conversations.hold(conversation=talk, seat=seat)
    conversations.end(conversation=talk, by="citizen", reason="hung_up")
    with pytest.raises(ConversationEnded):
        verb(conversation=talk, seat=seat)
    talk.refresh_from_db()
    assert (talk.status, talk.owner, talk.held_at) == ("ended", "seat", None)


def test_who_hung_up_cannot_be_held_and_a_hold_ends_with_the_line(talk, seat):
    conversations.hold(conversation=talk, seat=seat)
    conversations.break_off(conversation=talk)
    talk.refresh_from_db()
    assert talk.held_at is None
    with pytest.raises(LineGone):
        conversations.hold(conversation=talk, seat=seat)


# --- transfer --------------------------------------------------------------------------------------------------------


def test_to_a_seat_it_rings_there_alone_with_the_note(talk, seat, other_seat, make_staff):
    longest = make_staff("seat-7")
    for staff in (longest, other_seat):
        actions.arrive(staff=staff)
    actions.transfer(conversation=talk, staff=seat, to=other_seat, note=NOTE)
    talk.refresh_from_db()
    assert (talk.owner, talk.seat, talk.wanted_seat, talk.priority) == ("queue", None, other_seat, 1)
    assert ringing(other_seat) == talk and ringing(longest) is None
    assert "转接" in notices(talk)[-1]
    assert NOTE not in str([turn.text for turn in talks.transcript(talk)])  # for seats alone
    assert NOTE not in str([event.data for event in talk.events.all()])
    with pytest.raises(NotOwner):
        conversations.seat_says(conversation=talk, seat=seat, text="喂")
    taken = actions.take(conversation=talk, staff=other_seat)
    assert (taken.seat, taken.wanted_seat, taken.note) == (other_seat, None, NOTE)
    assert Presence.objects.get(staff=seat).state == "wrap_up"
    with pytest.raises(AlreadyTaken):
        actions.take(conversation=talk, staff=seat)


@pytest.mark.parametrize("away", ["missed", "refused", "signed_out"])
def test_who_does_not_answer_is_not_waited_for(talk, seat, other_seat, make_staff, away):
    third = make_staff("seat-7")
    for staff in (other_seat, third):
        actions.arrive(staff=staff)
    actions.transfer(conversation=talk, staff=seat, to=other_seat)
    if away == "refused":
        actions.refuse(conversation=talk, staff=other_seat)
    elif away == "signed_out":
        actions.set_state(staff=other_seat, state="signed_out")
    else:
        ring = selectors.ringing_for(other_seat)
        ring.until = ring.rung_at
        ring.save()
        actions.drain()
    assert ringing(third) == talk


def test_a_ring_missed_before_is_no_reason_not_to_be_transferred_to(talk, seat, other_seat):
    conversations.release(conversation=talk, seat=seat)
    actions.arrive(staff=other_seat)
    actions.refuse(conversation=talk, staff=other_seat)
    actions.take(conversation=talk, staff=seat)
    actions.set_state(staff=other_seat, state="idle")
    actions.transfer(conversation=talk, staff=seat, to=other_seat)
    assert ringing(other_seat) == talk


def test_to_a_skill_only_those_who_have_it_are_rung(talk, seat, other_seat, skilled):
    actions.arrive(staff=other_seat)
    actions.arrive(staff=skilled)
    actions.set_state(staff=skilled, state="break")
    actions.transfer(conversation=talk, staff=seat, skill="labour", note=NOTE)
    assert ringing(other_seat) is None  # one who has the skill is there and will be back
    actions.set_state(staff=skilled, state="idle")
    assert ringing(skilled) == talk


def test_nobody_waits_for_a_skill_that_nobody_has_now(talk, seat, other_seat, skilled):
    actions.arrive(staff=other_seat)
    actions.transfer(conversation=talk, staff=seat, skill="labour")
    assert ringing(other_seat) == talk


def test_back_to_the_queue_with_a_note(talk, seat, other_seat):
    actions.transfer(conversation=talk, staff=seat, note=NOTE)
    talk.refresh_from_db()
    assert (talk.owner, talk.hand_over_reason, talk.note) == ("queue", "transferred", NOTE)
    assert talk in talks.waiting()
    assert talk.events.last().kind == "transferred" and talk.events.last().data["reason"] == "queue"


def test_targets_that_cannot_be(talk, seat, other_seat, make_staff):
    actions.arrive(staff=other_seat)
    actions.set_state(staff=other_seat, state="busy")
    for target in ({"to": other_seat}, {"to": make_staff("seat-8")}, {"to": seat}, {"skill": "juggling"}):
        with pytest.raises(CannotTransfer):
            actions.transfer(conversation=talk, staff=seat, **target)
    with pytest.raises(ConversationError):
        actions.transfer(conversation=talk, staff=seat, note="长" * 50_000)
    talk.refresh_from_db()
    assert talk.seat == seat and talk.owner == "seat"


def test_a_transfer_ends_a_hold(talk, seat):
    conversations.hold(conversation=talk, seat=seat)
    conversations.transfer(conversation=talk, seat=seat)
    talk.refresh_from_db()
    assert talk.held_at is None


# --- the page --------------------------------------------------------------------------------------------------------


def test_on_the_desk(talk, seat, other_seat, skilled, client, monkeypatch):
    monkeypatch.setattr(selectors.knowledge, "suggest", lambda **_: [])
    actions.arrive(staff=other_seat)
    client.force_login(seat)
    path = f"/desk/seat/{talk.pk}/"
    page = client.get(path).content.decode()
    assert f'value="seat:{other_seat.pk}"' in page and 'value="skill:labour"' in page and "保持" in page
    assert f'value="seat:{seat.pk}"' not in page
    assert "保持中" in client.post(path + "hold/", follow=True).content.decode()
    assert "恢复通话" in client.get(path).content.decode()
    assert "保持中" not in client.post(path + "unhold/", follow=True).content.decode()
    for wrong in ("", "seat:x", "seat:99999", "skill:", "moon"):
        assert "请选择其他坐席" in client.post(path + "transfer/", {"to": wrong}, follow=True).content.decode()
    done = client.post(path + "transfer/", {"to": f"seat:{other_seat.pk}", "note": NOTE}, follow=True).content.decode()
    assert "已转接" in done
    again = client.post(path + "transfer/", {"to": "queue"}, follow=True).content.decode()
    assert "不在您手上" in again
    client.force_login(other_seat)
    runner.drain()
    client.post(path + "take/")
    assert NOTE in client.get(path).content.decode()
