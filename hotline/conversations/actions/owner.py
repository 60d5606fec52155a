"""Who holds a conversation: bot, queue or one seat. Output of anyone else is dropped and the attempt is kept."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline.conversations import bot
from hotline.conversations.actions import _rows
from hotline.conversations.errors import AlreadyTaken, CannotTransfer, ConversationEnded, LineGone, NotOwner
from hotline.conversations.models import Channel, Conversation, ConversationEvent, Turn
from ticketing.orders.sealed import open_number
from ticketing.organisation.models import Staff
from ticketing.outbox.actions import enqueue

Owner, Status, Kind = Conversation.Owner, Conversation.Status, ConversationEvent.Kind

# 0 comes first. What is not listed here waits with 5.
PRIORITY = {"emergency": 0, "broken_off": 2, "anger": 3, "requeued": 1, "released": 2, "transferred": 1}
DEFAULT_PRIORITY = 5
NOTE_CHARS = 500

WAITING = _("You are in the queue for a person. What you said is kept; you will not have to say it again.")
TAKEN = _("An agent (number %(number)s) has joined and sees what you said so far.")
AGENT_LEFT = _("The agent had to leave. You are first in the queue for the next one; nothing is lost.")
ON_HOLD = _("One moment please, I am looking into it. Please stay with us.")
STILL_ON_HOLD = _("We are still working on it. Please stay with us.")
OFF_HOLD = _("Thank you for waiting. Please go on.")
TRANSFERRING = _("You are being transferred to another agent, who sees what you said so far. Please stay with us.")
HUNG_UP = _("The call broke off. What was said is kept; the citizen is to be called back.")
LEFT = _("The citizen has left the conversation.")


def hand_over(*, conversation: Conversation, reason: str, by: str) -> Conversation:
    """Put a conversation into the queue with all that was said. `by` is bot, citizen, system or a name.

    Does nothing when it waits there already or a seat holds it. Raises ConversationEnded.
    """
    with transaction.atomic():
        row = _rows.lock(conversation)
        if row.status == Status.ENDED:
            raise ConversationEnded
        if row.owner == Owner.BOT:
            queue(row, reason=reason, by=by)
    return row


def hand_over_after_fault(*, conversation: Conversation, message: Any) -> list[Turn]:
    """Tell the citizen that the bot failed and put the conversation into the queue."""
    with transaction.atomic():
        row = _rows.lock(conversation)
        if row.owner != Owner.BOT or row.status != Status.OPEN:
            return []
        turn = _rows.add_notice(row, message)
        queue(row, reason="bot_fault", by="system", announced=True)
    return [turn]


def take(*, conversation: Conversation, seat: Staff) -> Conversation:
    """Give a waiting conversation to `seat`. Of two who take it one wins; the other gets AlreadyTaken.

    Taking one's own again changes nothing. A shift leader takes from the bot too. Raises ConversationEnded.
    """
    with transaction.atomic():
        row = _rows.lock(conversation)
        if row.status == Status.ENDED:
            raise ConversationEnded
        if row.owner == Owner.SEAT:
            if row.seat_id == seat.pk:
                return row
            raise AlreadyTaken(str(row.seat))
        row.owner, row.seat, row.taken_at = Owner.SEAT, seat, timezone.now()
        row.wanted_seat, row.wanted_skill, row.held_at = None, "", None
        row.dialogue = bot.handed_to_person(row.dialogue)
        row.save(update_fields=["owner", "seat", "taken_at", "wanted_seat", "wanted_skill", "held_at", "dialogue"])
        waited = round((row.taken_at - row.queued_at).total_seconds(), 1) if row.queued_at else 0.0
        _rows.note(row, Kind.TAKEN, by=seat.display_name, staff=seat, waited_seconds=waited)
        _rows.add_notice(row, TAKEN, number=seat.employee_number or seat.pk)
        _rows.tell_queue(row, "conversation.taken")
    return row


def release(*, conversation: Conversation, seat: Staff, reason: str = "released") -> Conversation:
    """Give a conversation back to the queue, before those who came later. Raises NotOwner."""
    with transaction.atomic():
        row = _rows.lock(conversation)
        _must_hold(row, seat)
        _back_to_queue(row, reason="released", kind=Kind.RELEASED, by=seat.display_name, staff=seat, note=reason)
    return row


def requeue(*, conversation: Conversation, reason: str) -> Conversation:
    """Take a conversation from a seat that went away and put it to the front of the queue; nothing if none holds it."""
    with transaction.atomic():
        row = _rows.lock(conversation)
        if row.owner == Owner.SEAT and row.status != Status.ENDED:
            _back_to_queue(row, reason="requeued", kind=Kind.REQUEUED, by="system", staff=row.seat, note=reason)
    return row


def transfer(
    *, conversation: Conversation, seat: Staff, to: Staff | None = None, skill: str = "", note: str = ""
) -> Conversation:
    """Pass a conversation that `seat` holds on to another seat, to a skill, or to whoever is next, with a note.

    It waits at the head of the queue and belongs to nobody until it is taken, so that it always has one owner. The note is
    for seats alone. Raises NotOwner, ConversationEnded, CannotTransfer (to oneself), TextTooLong.
    """
    words = _rows.clean_text(note) if note.strip() else ""
    if to is not None and to.pk == seat.pk:
        raise CannotTransfer
    with transaction.atomic():
        row = _rows.lock(conversation)
        if row.status == Status.ENDED:
            raise ConversationEnded
        _must_hold(row, seat)
        row.wanted_seat, row.wanted_skill, row.note = to, skill[:40], words[:NOTE_CHARS]
        row.hand_over_reason = "transferred"
        row.save(update_fields=["wanted_seat", "wanted_skill", "note", "hand_over_reason"])
        target = f"seat:{to.pk}" if to else f"skill:{skill}" if skill else "queue"
        _back_to_queue(
            row,
            reason="transferred",
            kind=Kind.TRANSFERRED,
            by=seat.display_name,
            staff=seat,
            note=target,
            message=TRANSFERRING,
        )
    return row


def hold(*, conversation: Conversation, seat: Staff) -> Conversation:
    """Put the citizen on hold: they are asked to wait, and what they say meanwhile is still kept. Twice changes nothing.

    Raises NotOwner, ConversationEnded, LineGone.
    """
    with transaction.atomic():
        row = _rows.lock(conversation)
        if row.status == Status.ENDED:
            raise ConversationEnded
        _must_hold(row, seat)
        if row.status != Status.OPEN:
            raise LineGone
        if row.held_at is None:
            row.held_at = timezone.now()
            row.save(update_fields=["held_at"])
            _rows.note(row, Kind.HELD, by=seat.display_name, staff=seat)
            _rows.add_notice(row, ON_HOLD)
    return row


def unhold(*, conversation: Conversation, seat: Staff) -> Conversation:
    """Go on with a citizen who was on hold; nothing if they were not. Raises NotOwner, ConversationEnded."""
    with transaction.atomic():
        row = _rows.lock(conversation)
        if row.status == Status.ENDED:
            raise ConversationEnded
        _must_hold(row, seat)
        if _off_hold(row, staff=seat):
            _rows.add_notice(row, OFF_HOLD)
    return row


def seat_says(*, conversation: Conversation, seat: Staff, text: str, client_ref: str = "") -> Turn:
    """Say something to the citizen as the seat that holds the conversation; on a call it is spoken. It ends a hold.

    Raises NotOwner (the attempt is kept, the words are not), EmptyText, TextTooLong, ConversationEnded.
    """
    words = _rows.clean_text(text)
    with transaction.atomic():
        row = _rows.lock(conversation)
        if client_ref:
            said = row.turns.filter(client_ref=client_ref[: _rows.CLIENT_REF_CHARS]).first()
            if said is not None:
                return said
        if row.status == Status.ENDED:
            raise ConversationEnded
        holds = row.owner == Owner.SEAT and row.seat_id == seat.pk
        if holds:
            _off_hold(row, staff=seat)
            turn = _rows.add_turn(row, speaker=Turn.Speaker.SEAT, text=words, staff=seat, client_ref=client_ref)
            if row.channel == Channel.SMS:  # nobody has a socket open there
                enqueue(kind="conversation.message_out", payload={"turn": turn.pk})
            return turn
        _rows.note(row, Kind.DROPPED, by=seat.display_name, staff=seat, owner=row.owner, characters=len(words))
    raise NotOwner


def end(*, conversation: Conversation, by: str, reason: str, seat: Staff | None = None) -> Conversation:
    """End a conversation; ending it twice changes nothing. With `seat` only its holder may. Raises NotOwner."""
    with transaction.atomic():
        row = _rows.lock(conversation)
        if row.status == Status.ENDED:
            return row
        if seat is not None:
            _must_hold(row, seat)
        finish(row, by=by, reason=reason, staff=seat)
    return row


def break_off(*, conversation: Conversation, reason: str = "hung_up") -> Conversation:
    """The line dropped or the citizen left. What is unfinished waits in the queue to be called back; the rest ends.

    Unfinished is: it waited for a person, a seat held it, or the bot was in the middle of a matter.
    """
    with transaction.atomic():
        row = _rows.lock(conversation)
        if row.status != Status.OPEN:
            return row
        if row.owner == Owner.BOT and not bot.unfinished(row.dialogue):
            finish(row, by="citizen", reason=reason)
            return row
        row.status = Status.BROKEN_OFF
        row.save(update_fields=["status"])
        _off_hold(row)
        _rows.add_notice(row, HUNG_UP if row.channel in ("voice", "browser") else LEFT)
        _rows.note(row, Kind.BROKEN_OFF, by="citizen", reason=reason)
        if row.owner == Owner.SEAT:
            _rows.tell_queue(row, "conversation.broken_off")
        else:
            queue(row, reason=row.hand_over_reason or "broken_off", by="system", announced=True)
    return row


def link_order(*, conversation: Conversation, order_number: str, by: str) -> Conversation:
    """Tie a conversation to the order that came of it."""
    with transaction.atomic():
        row = _rows.lock(conversation)
        link(row, order_number, by=by)
    return row


# --- parts of verbs, for a row that is locked -----------------------------------------------------------------------


def queue(row: Conversation, *, reason: str, by: str, announced: bool = False) -> Turn | None:
    """Put a locked row into the queue; tells the citizen unless that was `announced` already."""
    row.owner, row.seat = Owner.QUEUE, None
    row.hand_over_reason = reason[:40]
    row.priority = min(PRIORITY.get(reason, DEFAULT_PRIORITY), row.priority)
    row.queued_at = row.queued_at or timezone.now()
    row.dialogue = bot.handed_to_person(row.dialogue)
    row.save(update_fields=["owner", "seat", "hand_over_reason", "priority", "queued_at", "dialogue"])
    _rows.note(row, Kind.QUEUED, by=by, reason=reason, priority=row.priority)
    _rows.tell_queue(row, "conversation.queued")
    return None if announced else _rows.add_notice(row, WAITING)


def resume(row: Conversation) -> None:
    """The citizen came back to a locked row that had broken off."""
    row.status = Status.OPEN
    row.save(update_fields=["status"])
    _rows.note(row, Kind.RESUMED, by="citizen")


def link(row: Conversation, number: str, *, by: str) -> None:
    """Write the order's number on a locked row and keep that it happened; a sealed report's number is kept nowhere else."""
    row.order_number = open_number(number)[:12]
    row.save(update_fields=["order_number"])
    _rows.note(row, Kind.LINKED, by=by, order_number=row.order_number)
    _rows.nudge(row)


def finish(row: Conversation, *, by: str, reason: str, staff: Staff | None = None) -> None:
    """End a locked row."""
    _off_hold(row, staff=staff)
    was_waiting = row.owner != Owner.BOT
    row.status, row.ended_at, row.end_reason = Status.ENDED, timezone.now(), reason[:40]
    row.save(update_fields=["status", "ended_at", "end_reason"])
    _rows.note(row, Kind.ENDED, by=by, staff=staff, reason=reason)
    if was_waiting:
        _rows.tell_queue(row, "conversation.ended")
    _rows.nudge(row)


def _must_hold(row: Conversation, seat: Staff) -> None:
    if row.owner != Owner.SEAT or row.seat_id != seat.pk:
        raise NotOwner


def _off_hold(row: Conversation, *, staff: Staff | None = None) -> bool:
    """End the hold of a locked row, keep how long it was; False when there was none."""
    if row.held_at is None:
        return False
    seconds = round((timezone.now() - row.held_at).total_seconds(), 1)
    row.held_at = None
    row.save(update_fields=["held_at"])
    _rows.note(row, Kind.UNHELD, by=staff.display_name if staff else "system", staff=staff, seconds=seconds)
    return True


def _back_to_queue(
    row: Conversation,
    *,
    reason: str,
    kind: ConversationEvent.Kind,
    by: str,
    staff: Staff | None,
    note: str,
    message: Any = AGENT_LEFT,
) -> None:
    _off_hold(row, staff=staff)
    row.owner, row.seat, row.taken_at = Owner.QUEUE, None, None
    row.hand_over_reason = row.hand_over_reason or reason
    row.priority = min(row.priority, PRIORITY[reason])
    row.queued_at = row.queued_at or timezone.now()
    row.save(update_fields=["owner", "seat", "taken_at", "hand_over_reason", "priority", "queued_at"])
    _rows.note(row, kind, by=by, staff=staff, reason=note)
    _rows.add_notice(row, message)
    _rows.tell_queue(row, "conversation.queued")
