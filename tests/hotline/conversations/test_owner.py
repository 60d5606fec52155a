"""One owner: hand-over, taking, giving back, breaking off. Output of anyone else is dropped."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from hotline.conversations import actions, selectors
from hotline.conversations.errors import AlreadyTaken, ConversationEnded, NotOwner
from hotline.conversations.models import Conversation
from ticketing.outbox.models import FeedEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(scripted_bot) -> Conversation:
    return actions.start_conversation(channel="chat")


@pytest.fixture
def waiting(talk) -> Conversation:
    actions.citizen_says(conversation=talk, text="人工")
    talk.refresh_from_db()
    return talk


def test_asking_for_a_person_queues_with_everything(waiting):
    assert (waiting.owner, waiting.hand_over_reason, waiting.priority) == ("queue", "asked", 5)
    assert waiting.queued_at and list(selectors.waiting()) == [waiting]
    assert selectors.turns_after(waiting, 0)[-1].text == "好的,为您转人工。"
    assert FeedEvent.objects.filter(stream="queue", kind="conversation.queued").count() == 1


def test_emergency_goes_before_everybody(waiting, scripted_bot):
    urgent = actions.start_conversation(channel="voice")
    actions.citizen_says(conversation=urgent, text="着火了")
    assert [c.pk for c in selectors.waiting()] == [urgent.pk, waiting.pk]
    assert selectors.ahead_in_queue(Conversation.objects.get(pk=waiting.pk)) == 1


def test_bot_is_silent_after_the_hand_over(waiting, scripted_bot):
    heard = len(scripted_bot.heard)
    turns = actions.citizen_says(conversation=waiting, text="你还在吗")
    assert [t.speaker for t in turns] == ["citizen"] and len(scripted_bot.heard) == heard


def test_seat_takes_and_speaks(waiting, seat):
    actions.take(conversation=waiting, seat=seat)
    turn = actions.seat_says(conversation=waiting, seat=seat, text="您好,我来帮您。", client_ref="s1")
    assert actions.seat_says(conversation=waiting, seat=seat, text="您好,我来帮您。", client_ref="s1").pk == turn.pk
    assert (turn.speaker, turn.staff) == ("seat", seat)
    assert list(selectors.held_by(seat)) == [waiting] and not selectors.waiting()


def test_second_taker_is_told_who_was_faster(waiting, seat, other_seat):
    actions.take(conversation=waiting, seat=seat)
    with pytest.raises(AlreadyTaken) as error:
        actions.take(conversation=waiting, seat=other_seat)
    assert seat.display_name in error.value.message
    assert actions.take(conversation=waiting, seat=seat).seat == seat


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_at_once_exactly_one_wins(scripted_bot, seat, other_seat):
    talk = actions.start_conversation(channel="chat")
    actions.hand_over(conversation=talk, reason="asked", by="citizen")
    start, results = threading.Barrier(2), []

    def take(who):
        start.wait()
        try:
            actions.take(conversation=talk, seat=who)
            results.append(("won", who.pk))
        except AlreadyTaken:
            results.append(("late", who.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(who,)) for who in (seat, other_seat)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    talk.refresh_from_db()
    assert sorted(word for word, _ in results) == ["late", "won"]
    assert dict(results)["won"] == talk.seat_id
    assert talk.events.filter(kind="taken").count() == 1


def test_words_of_a_stranger_are_dropped_with_a_line(waiting, seat, other_seat):
    actions.take(conversation=waiting, seat=seat)
    before = waiting.turns.count()
    with pytest.raises(NotOwner):
        actions.seat_says(conversation=waiting, seat=other_seat, text="我来说")
    assert waiting.turns.count() == before
    dropped = waiting.events.get(kind="dropped")
    assert dropped.staff == other_seat and "我来说" not in str(dropped.data)


def test_given_back_goes_to_the_front(waiting, seat, scripted_bot):
    later = actions.start_conversation(channel="chat")
    actions.hand_over(conversation=later, reason="asked", by="citizen")
    actions.take(conversation=waiting, seat=seat)
    actions.release(conversation=waiting, seat=seat)
    assert [c.pk for c in selectors.waiting()] == [waiting.pk, later.pk]
    with pytest.raises(NotOwner):
        actions.seat_says(conversation=waiting, seat=seat, text="喂")


def test_seat_that_went_away(waiting, seat):
    actions.take(conversation=waiting, seat=seat)
    actions.requeue(conversation=waiting, reason="offline")
    assert list(selectors.waiting()) == [waiting]
    assert waiting.events.filter(kind="requeued", staff=seat).exists()
    actions.requeue(conversation=waiting, reason="offline")
    assert waiting.events.filter(kind="requeued").count() == 1


def test_only_the_holder_ends(waiting, seat, other_seat):
    actions.take(conversation=waiting, seat=seat)
    with pytest.raises(NotOwner):
        actions.end(conversation=waiting, by="x", reason="done", seat=other_seat)
    actions.end(conversation=waiting, by=seat.display_name, reason="done", seat=seat)
    with pytest.raises(ConversationEnded):
        actions.take(conversation=waiting, seat=other_seat)


def test_call_that_breaks_off_in_a_matter_is_called_back(scripted_bot):
    call = actions.start_conversation(channel="voice", caller="19900000001")
    actions.citizen_says(conversation=call, text="路灯坏了")
    Conversation.objects.filter(pk=call.pk).update(dialogue='{"flow": "report"}')
    actions.break_off(conversation=call)
    call.refresh_from_db()
    assert (call.status, call.owner, call.priority) == ("broken_off", "queue", 2)
    assert "路灯坏了" in [t.text for t in selectors.turns_after(call, 0)]
    assert list(selectors.waiting()) == [call]


def test_call_that_was_done_just_ends(scripted_bot):
    call = actions.start_conversation(channel="voice")
    actions.break_off(conversation=call)
    call.refresh_from_db()
    assert call.status == "ended" and not selectors.waiting()


def test_citizen_who_comes_back_goes_on(scripted_bot, seat):
    talk = actions.start_conversation(channel="chat")
    actions.hand_over(conversation=talk, reason="asked", by="citizen")
    actions.break_off(conversation=talk, reason="left")
    actions.citizen_says(conversation=talk, text="我回来了")
    talk.refresh_from_db()
    assert (talk.status, talk.owner) == ("open", "queue")
    assert talk.events.filter(kind="resumed").exists()


def test_broken_off_with_a_seat_stays_with_it(waiting, seat):
    actions.take(conversation=waiting, seat=seat)
    actions.break_off(conversation=waiting)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.seat) == ("broken_off", seat)
    assert list(selectors.held_by(seat)) == [waiting]


def test_facts_carry_value_sureness_and_turn(talk):
    Conversation.objects.filter(pk=talk.pk).update(
        dialogue='{"slots": {"place": {"value": "人民路", "confidence": 0.8, "seq": 4}, "x": {"value": "", "source": "skipped"}},'
        ' "caller": {"phone": {"value": "19900000001", "confirmed": true, "source": "line"}}}'
    )
    talk.refresh_from_db()
    facts = selectors.facts(talk)
    assert (facts["place"].value, facts["place"].confidence, facts["place"].seq) == ("人民路", 0.8, 4)
    assert facts["phone"].confirmed and "x" not in facts
