"""Verbs of the seats: presence, the queue's distribution, and what a seat does with a conversation it holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from hotline.conversations import actions as conversations
from hotline.conversations import selectors as talks
from hotline.conversations.errors import CannotTransfer
from hotline.conversations.models import Conversation
from hotline.seats import selectors
from hotline.seats.models import Presence, PresenceChange, Ring
from ticketing.citizens.actions import Contact
from ticketing.orders import actions as orders
from ticketing.organisation.actor import staff_actor
from ticketing.organisation.models import DutyItem, OrderType, Place, Staff
from ticketing.organisation.roles import Role
from ticketing.outbox import feeds
from ticketing.outbox.actions import enqueue

log = structlog.get_logger(__name__)

State, Outcome = Presence.State, Ring.Outcome
# States that a person chooses; talking comes by itself from holding a conversation.
CHOSEN = frozenset({State.SIGNED_OUT, State.IDLE, State.WRAP_UP, State.BUSY, State.BREAK, State.TRAINING})


class UnknownState(ValueError):
    """No state that can be chosen."""


def set_state(*, staff: Staff, state: str, by: Staff | None = None) -> Presence:
    """Change presence and keep the change. `by` is who did it when it was somebody else (a shift leader).

    Signing out gives back what the seat still holds. Raises UnknownState.
    """
    if state not in CHOSEN:
        raise UnknownState(state)
    with transaction.atomic():
        presence = _presence(staff)
        _change(presence, State(state), by=by or staff)
    if state == State.SIGNED_OUT:
        _give_back(staff, reason="signed_out")
    drain()
    return presence


def seen(*, staff: Staff) -> None:
    """The seat's page is open. A seat that was signed out stays so until it says otherwise."""
    Presence.objects.filter(staff=staff).update(seen_at=timezone.now())


def arrive(*, staff: Staff) -> Presence:
    """The seat opened its desk: who was signed out is idle now."""
    with transaction.atomic():
        presence = _presence(staff)
        presence.seen_at = timezone.now()
        presence.save(update_fields=["seen_at"])
        if presence.state == State.SIGNED_OUT:
            _change(presence, State.IDLE, by=staff)
    drain()
    return presence


def take(*, conversation: Conversation, staff: Staff) -> Conversation:
    """Take a conversation from the queue, rung or not. Raises AlreadyTaken, ConversationEnded."""
    with transaction.atomic():
        taken = conversations.take(conversation=conversation, seat=staff)
        now = timezone.now()
        ringing = Ring.objects.filter(conversation=taken, outcome=Outcome.RINGING)
        ringing.filter(staff=staff).update(outcome=Outcome.ANSWERED, done_at=now)
        ringing.exclude(staff=staff).update(outcome=Outcome.WITHDRAWN, done_at=now)
        Ring.objects.filter(staff=staff, outcome=Outcome.RINGING).update(outcome=Outcome.WITHDRAWN, done_at=now)
        presence = _presence(staff)
        presence.seen_at = now
        presence.save(update_fields=["seen_at"])
        _change(presence, State.TALKING, by=staff)
    drain()
    return taken


def refuse(*, conversation: Conversation, staff: Staff) -> None:
    """Pass a ringing conversation on; the seat is busy until it says otherwise."""
    with transaction.atomic():
        changed = Ring.objects.filter(conversation=conversation, staff=staff, outcome=Outcome.RINGING).update(
            outcome=Outcome.REFUSED, done_at=timezone.now()
        )
        if changed:
            _change(_presence(staff), State.BUSY, by=staff)
    drain()


def release(*, conversation: Conversation, staff: Staff) -> None:
    """Give a conversation back to the queue. Raises NotOwner."""
    conversations.release(conversation=conversation, seat=staff)
    _after_talk(staff)


def transfer(*, conversation: Conversation, staff: Staff, to: Staff | None = None, skill: str = "", note: str = "") -> None:
    """Pass a conversation on to a seat that is free, to a skill, or to the queue, with a note; wrap-up follows.

    Raises NotOwner, ConversationEnded, CannotTransfer (the seat is not free, nobody has the skill), TextTooLong.
    """
    if to is not None and not selectors.free_seats().filter(staff=to).exists():
        raise CannotTransfer(to.display_name)
    if skill and skill not in selectors.skills():
        raise CannotTransfer(skill)
    conversations.transfer(conversation=conversation, seat=staff, to=to, skill=skill, note=note)
    _after_talk(staff)


def end(*, conversation: Conversation, staff: Staff, reason: str = "done") -> None:
    """End a conversation that the seat holds; wrap-up follows. Raises NotOwner."""
    conversations.end(conversation=conversation, by=staff.display_name, reason=reason, seat=staff)
    _after_talk(staff)


def create_order(
    *,
    conversation: Conversation,
    staff: Staff,
    fields: dict[str, Any],
    key: str,
    answer: str = "",
    article: str = "",
    article_version: int | None = None,
    request_id: str = "",
) -> orders.Created:
    """Make the order of a conversation that the seat holds and tell the citizen its number and code.

    With `answer` it is answered on the spot (直办) in the same transaction, so it is never dispatched. `key` comes from
    the form, so that a double click makes one order. Raises NotOwner and the refusals of the orders room.
    """
    actor = staff_actor(staff, role=_seat_role(staff), request_id=request_id, channel=conversation.channel)
    with transaction.atomic():
        held = talks.must_hold(conversation, staff)
        created = orders.create_order(
            actor=actor,
            order_type=OrderType.objects.get(code=fields["order_type"]),
            title=fields.get("title", ""),
            content=fields["content"],
            wish=fields.get("wish", ""),
            duty_item=DutyItem.objects.filter(code=fields["duty_item"]).first() if fields.get("duty_item") else None,
            place=Place.objects.filter(code=fields["place"]).first() if fields.get("place") else None,
            place_text=fields.get("place_text", ""),
            incident_time=fields.get("incident_time", ""),
            contact=_contact(held, fields),
            channel=held.channel,
            urgency=fields.get("urgency", ""),
            secrecy="" if fields.get("secrecy") == "anonymous" else fields.get("secrecy", ""),
            conversation_ref=str(held.pk),
            answers=fields.get("answers") or {},
            idempotency_key=f"seat:{held.pk}:{key}"[:64],
            language=held.language,
        )
        if not created.repeated:
            order = created.order
            if answer:
                orders.close_direct(order=order, actor=actor, answer=answer, article=article, article_version=article_version)
            conversations.link_order(conversation=held, order_number=order.number, by=staff.display_name)
            with translation.override(held.language):
                words = (
                    _("Your question was answered and is kept under number %(number)s; the query code is %(code)s.")
                    if answer
                    else _("Your matter is registered under number %(number)s; the query code is %(code)s.")
                ) % {"number": order.number, "code": created.query_code}
            conversations.seat_says(conversation=held, seat=staff, text=words)
    return created


def drain() -> int:
    """Offer waiting conversations to free seats: by priority and age to who is idle longest. Returns how many rang.

    Called on every change of the queue or of presence and on a timer, so nothing waits while a seat is free.
    """
    expire_rings()
    rung = 0
    ringing = set(Ring.objects.filter(outcome=Outcome.RINGING).values_list("conversation_id", flat=True))
    waiting = [talk for talk in talks.waiting()[:50] if talk.pk not in ringing]
    for talk in waiting:
        staff = _next_seat(talk)
        if staff is None:
            continue
        rung += _ring(talk, staff)
    return rung


def expire_rings() -> int:
    """Rings that nobody answered in time go on; the seat that missed one is set busy, so that it does not miss more."""
    now = timezone.now()
    late = list(Ring.objects.filter(outcome=Outcome.RINGING, until__lt=now).select_related("staff"))
    for ring in late:
        with transaction.atomic():
            if Ring.objects.filter(pk=ring.pk, outcome=Outcome.RINGING).update(outcome=Outcome.MISSED, done_at=now):
                _change(_presence(ring.staff), State.BUSY, by=None)
    gone = Ring.objects.filter(outcome=Outcome.RINGING).exclude(conversation__owner=Conversation.Owner.QUEUE)
    gone.update(outcome=Outcome.WITHDRAWN, done_at=now)
    return len(late)


def sign_out_the_gone() -> int:
    """Seats unseen for SEAT_OFFLINE_SECONDS are signed out and what they hold goes back to the queue. Returns how many."""
    before = timezone.now() - timedelta(seconds=settings.SEAT_OFFLINE_SECONDS)
    gone = list(Presence.objects.exclude(state=State.SIGNED_OUT).filter(seen_at__lt=before).select_related("staff"))
    for presence in gone:
        with transaction.atomic():
            fresh = _presence(presence.staff)
            if fresh.seen_at >= before:
                continue
            _change(fresh, State.SIGNED_OUT, by=None)
        _give_back(presence.staff, reason="offline")
    if gone:
        drain()
    return len(gone)


def _presence(staff: Staff) -> Presence:
    now = timezone.now()
    Presence.objects.get_or_create(staff=staff, defaults={"since": now, "seen_at": now})
    return Presence.objects.select_for_update().get(staff=staff)


def _change(presence: Presence, state: Presence.State, *, by: Staff | None) -> None:
    if presence.state == state:
        return
    presence.state, presence.since = state, timezone.now()
    presence.save(update_fields=["state", "since"])
    PresenceChange.objects.create(staff_id=presence.staff_id, state=state, by=by)
    if state in (State.SIGNED_OUT, State.BREAK, State.BUSY, State.TRAINING):
        Ring.objects.filter(staff_id=presence.staff_id, outcome=Outcome.RINGING).update(
            outcome=Outcome.WITHDRAWN, done_at=presence.since
        )
    payload = {"staff": presence.staff_id, "state": str(state), "by_system": by is None}
    feeds.publish(stream=f"seat:{presence.staff_id}", kind="presence", payload=payload)


def _after_talk(staff: Staff) -> None:
    with transaction.atomic():
        if not talks.held_by(staff).exists():
            _change(_presence(staff), State.WRAP_UP, by=staff)
    drain()


def _give_back(staff: Staff, *, reason: str) -> None:
    for talk in talks.held_by(staff):
        conversations.requeue(conversation=talk, reason=reason)


def _next_seat(talk: Conversation) -> Staff | None:
    """Who is idle longest, was seen lately, has nothing ringing and has not passed on or missed this one.

    Whom a transfer is meant for comes first. Nobody waits for a seat or a skill that is not to be had.
    """
    passed = set(
        Ring.objects.filter(conversation=talk, outcome__in=[Outcome.MISSED, Outcome.REFUSED])
        .filter(rung_at__gte=talks.waiting_since(talk))
        .values_list("staff_id", flat=True)
    )
    busy = set(Ring.objects.filter(outcome=Outcome.RINGING).values_list("staff_id", flat=True))
    idle = [found.staff for found in selectors.free_seats() if found.staff_id not in passed | busy]
    if talk.wanted_seat_id and any(staff.pk == talk.wanted_seat_id for staff in idle):
        return talk.wanted_seat
    if talk.wanted_skill:
        there = [found.staff for found in selectors.seats_now() if found.staff_id not in passed]
        if any(talk.wanted_skill in staff.skills for staff in there):
            idle = [staff for staff in idle if talk.wanted_skill in staff.skills]
    return idle[0] if idle else None


def _ring(talk: Conversation, staff: Staff) -> int:
    now = timezone.now()
    until = now + timedelta(seconds=settings.SEAT_RING_SECONDS)
    try:
        with transaction.atomic():
            Ring.objects.create(conversation=talk, staff=staff, rung_at=now, until=until)
            payload = {"conversation": str(talk.pk), "until": until.isoformat(), "priority": talk.priority}
            feeds.publish(stream=f"seat:{staff.pk}", kind="ring", payload=payload)
            enqueue(kind="seats.drain", payload={}, key=f"until:{talk.pk}", run_after=until + timedelta(seconds=1))
    except IntegrityError:  # another process rang it, or the seat, a moment before
        return 0
    return 1


def _contact(talk: Conversation, fields: dict[str, Any]) -> Contact | None:
    """The contact of the form; where it is empty, the one known from the line or said to the bot or the seat."""
    if fields.get("secrecy") == "anonymous":
        return None
    known = selectors.filled_form(talk)
    phone = (
        fields.get("phone") or (known["phone"].value if "phone" in known else "") or (talk.citizen.phone if talk.citizen else "")
    )
    name = fields.get("name") or (known["name"].value if "name" in known else "")
    return Contact(name=name, phone=phone) if phone or name else None


def _seat_role(staff: Staff) -> Role:
    return Role.SEAT if staff.has_role(Role.SEAT) else Role.SHIFT_LEADER
