"""Presence and the queue: oldest first, drained when a seat is free, rings that go on, seats that are gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from hotline.conversations import actions as conversations
from hotline.conversations.models import Conversation
from hotline.seats import actions, selectors
from hotline.seats.models import Presence, PresenceChange, Ring
from ticketing.outbox.models import FeedEvent, Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def queued(scripted_bot):
    def make(reason="asked"):
        talk = conversations.start_conversation(channel="chat")
        conversations.hand_over(conversation=talk, reason=reason, by="citizen")
        talk.refresh_from_db()
        return talk

    return make


def ringing(staff):
    found = selectors.ringing_for(staff)
    return found.conversation if found else None


def test_every_change_of_presence_is_kept(seat, make_staff):
    actions.arrive(staff=seat)
    actions.set_state(staff=seat, state="break")
    actions.set_state(staff=seat, state="break")
    leader = make_staff("leader-3")
    actions.set_state(staff=seat, state="idle", by=leader)
    changes = PresenceChange.objects.filter(staff=seat).order_by("pk")
    assert [(c.state, c.by) for c in changes] == [("idle", seat), ("break", seat), ("idle", leader)]


@pytest.mark.parametrize("state", ["talking", "", "asleep"])
def test_states_that_cannot_be_chosen(seat, state):
    with pytest.raises(actions.UnknownState):
        actions.set_state(staff=seat, state=state)


def test_oldest_rings_first_and_an_emergency_before_it(seat, queued):
    first, second = queued(), queued()
    urgent = queued("emergency")
    actions.arrive(staff=seat)
    assert ringing(seat) == urgent
    actions.take(conversation=urgent, staff=seat)
    actions.end(conversation=urgent, staff=seat)
    actions.set_state(staff=seat, state="idle")
    assert ringing(seat) == first and ringing(seat) != second


def test_a_seat_that_gets_free_drains_the_queue(seat, other_seat, queued):
    actions.arrive(staff=seat)
    actions.set_state(staff=seat, state="break")
    talk = queued()
    actions.drain()
    assert Ring.objects.count() == 0
    actions.set_state(staff=seat, state="idle")
    assert ringing(seat) == talk
    assert FeedEvent.objects.filter(stream=f"seat:{seat.pk}", kind="ring").count() == 1


def test_queue_change_promises_a_drain(queued):
    queued()
    assert Job.objects.filter(kind="queue.changed").exists()


def test_who_is_idle_longest_gets_it(seat, other_seat, queued):
    for staff, minutes in ((seat, 1), (other_seat, 5)):
        actions.arrive(staff=staff)
        Presence.objects.filter(staff=staff).update(since=timezone.now() - timedelta(minutes=minutes))
    talk = queued()
    actions.drain()
    assert ringing(other_seat) == talk and ringing(seat) is None


def test_ring_that_nobody_answers_goes_on(seat, other_seat, queued):
    actions.arrive(staff=seat)
    talk = queued()
    actions.drain()
    assert ringing(seat) == talk
    actions.arrive(staff=other_seat)
    Ring.objects.update(until=timezone.now() - timedelta(seconds=1))
    actions.drain()
    assert ringing(other_seat) == talk and selectors.missed_lately(seat)
    assert selectors.presence_of(seat).state == "busy"


def test_passing_on(seat, other_seat, queued):
    actions.arrive(staff=seat)
    talk = queued()
    actions.drain()
    actions.arrive(staff=other_seat)
    actions.refuse(conversation=talk, staff=seat)
    assert ringing(other_seat) == talk and selectors.presence_of(seat).state == "busy"


def test_taken_by_hand_stops_the_ring(seat, other_seat, queued):
    actions.arrive(staff=seat)
    talk = queued()
    actions.drain()
    actions.take(conversation=talk, staff=other_seat)
    assert ringing(seat) is None and Ring.objects.get().outcome == "withdrawn"
    assert selectors.presence_of(other_seat).state == "talking"


def test_seat_that_is_gone_loses_its_talks(seat, queued):
    talk = queued()
    actions.take(conversation=talk, staff=seat)
    Presence.objects.update(seen_at=timezone.now() - timedelta(minutes=10))
    assert actions.sign_out_the_gone() == 1
    talk.refresh_from_db()
    assert (talk.owner, talk.priority) == ("queue", 1)
    assert selectors.presence_of(seat).state == "signed_out"
    assert talk.events.filter(kind="requeued", data__reason="offline").exists()
    assert PresenceChange.objects.filter(staff=seat, state="signed_out", by=None).exists()


def test_seat_that_is_seen_keeps_them(seat, queued):
    talk = queued()
    actions.take(conversation=talk, staff=seat)
    actions.seen(staff=seat)
    assert actions.sign_out_the_gone() == 0
    talk.refresh_from_db()
    assert talk.seat == seat


def test_signing_out_gives_back(seat, queued):
    talk = queued()
    actions.take(conversation=talk, staff=seat)
    actions.set_state(staff=seat, state="signed_out")
    talk.refresh_from_db()
    assert talk.owner == "queue"


def test_wrap_up_after_the_last_talk(seat, queued):
    first, second = queued(), queued()
    actions.take(conversation=first, staff=seat)
    actions.take(conversation=second, staff=seat)
    actions.end(conversation=first, staff=seat)
    assert selectors.presence_of(seat).state == "talking"
    actions.end(conversation=second, staff=seat)
    assert selectors.presence_of(seat).state == "wrap_up"
    assert not Conversation.objects.exclude(status="ended").exists()
