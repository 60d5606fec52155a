"""Reading conversations: by the citizen's key, the turns after a number, the queue, what the bot understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from hotline.conversations import bot
from hotline.conversations.errors import NotOwner, UnknownConversation
from hotline.conversations.models import Conversation, ConversationEvent, Turn
from ticketing.citizens.sealing import blind_index
from ticketing.organisation.models import Staff

MOST_TURNS = 500


def by_token(token: str) -> Conversation:
    """The conversation that a citizen's key opens. Raises UnknownConversation."""
    found = Conversation.objects.filter(token_index=blind_index(token, "conversation")).first() if token else None
    if found is None:
        raise UnknownConversation
    return found


def by_id(reference: str) -> Conversation:
    """The conversation of a reference (its UUID). Raises UnknownConversation."""
    try:
        return Conversation.objects.select_related("citizen", "seat").get(pk=UUID(str(reference)))
    except (Conversation.DoesNotExist, ValueError):
        raise UnknownConversation from None


def by_external_id(channel: str, external_id: str) -> Conversation | None:
    """The newest conversation of an outside reference that has not ended, or None."""
    return (
        Conversation.objects.filter(channel=channel, external_id=external_id)
        .exclude(status=Conversation.Status.ENDED)
        .order_by("-started_at")
        .first()
    )


def turns_after(conversation: Conversation, seq: int, *, limit: int = MOST_TURNS) -> list[Turn]:
    """Turns numbered above `seq`, oldest first, at most `limit`."""
    return list(Turn.objects.filter(conversation_id=conversation.pk, seq__gt=seq).select_related("staff").order_by("seq")[:limit])


def transcript(conversation: Conversation) -> list[Turn]:
    """All turns as they were said: by number, and what was recognised after the call at its place in time."""
    turns = turns_after(conversation, 0)
    told = [turn for turn in turns if not turn.data.get("late")]
    for late in sorted((turn for turn in turns if turn.data.get("late")), key=lambda turn: (turn.at, turn.seq)):
        place = next((number for number, turn in enumerate(told) if turn.at > late.at), len(told))
        told.insert(place, late)
    return told


def turn_as_json(turn: Turn) -> dict[str, Any]:
    """A turn as the citizen's page and the API get it."""
    return {
        "seq": turn.seq,
        "speaker": turn.speaker,
        "kind": turn.kind,
        "text": turn.text,
        "at": timezone.localtime(turn.at).isoformat(timespec="seconds"),
        "data": turn.data,
        "client_ref": turn.client_ref or "",
    }


def status_as_json(conversation: Conversation) -> dict[str, Any]:
    """Where a conversation stands, for the citizen's page."""
    ahead = ahead_in_queue(conversation)
    return {
        "owner": conversation.owner,
        "status": conversation.status,
        "order_number": conversation.order_number,
        "ahead": ahead,
        "held": conversation.held_at is not None,
        "last_seq": conversation.next_seq - 1,
    }


def waiting() -> QuerySet[Conversation]:
    """The queue in the order it is served: priority, then who waits longest."""
    return (
        Conversation.objects.filter(owner=Conversation.Owner.QUEUE)
        .exclude(status=Conversation.Status.ENDED)
        .select_related("citizen", "wanted_seat")
        .order_by("priority", "queued_at", "started_at")
    )


def waiting_since(conversation: Conversation) -> datetime:
    """When a conversation came into the queue the last time; `queued_at` is the first time."""
    kinds = ConversationEvent.Kind
    last = conversation.events.filter(kind__in=[kinds.QUEUED, kinds.RELEASED, kinds.REQUEUED, kinds.TRANSFERRED]).last()
    return last.at if last else conversation.queued_at or conversation.started_at


def ahead_in_queue(conversation: Conversation) -> int | None:
    """How many are served before this one; None when it does not wait."""
    if conversation.owner != Conversation.Owner.QUEUE or conversation.status == Conversation.Status.ENDED:
        return None
    order = list(waiting().values_list("pk", flat=True))
    return order.index(conversation.pk) if conversation.pk in order else None


def held_by(seat: Staff) -> QuerySet[Conversation]:
    """Conversations that a seat holds and has not ended, oldest first."""
    return (
        Conversation.objects.filter(seat=seat, owner=Conversation.Owner.SEAT)
        .exclude(status=Conversation.Status.ENDED)
        .select_related("citizen")
        .order_by("taken_at")
    )


def must_hold(conversation: Conversation, seat: Staff) -> Conversation:
    """The conversation as it is now, if `seat` holds it. Raises NotOwner."""
    found = Conversation.objects.select_related("citizen").get(pk=conversation.pk)
    if found.owner != Conversation.Owner.SEAT or found.seat_id != seat.pk:
        raise NotOwner
    return found


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the bot understood: its value, how sure (0 to 1), the turn it came from, whether the citizen confirmed it."""

    name: str
    value: str
    text: str
    confidence: float
    seq: int
    confirmed: bool
    source: str


def facts(conversation: Conversation) -> dict[str, Fact]:
    """All facts of the dialogue's memory by name, of the running matter before those laid aside."""
    state = bot.recall(conversation.dialogue)
    found: dict[str, Fact] = {}
    for slots in (state.slots, state.caller, *(draft.slots for draft in state.parked)):
        for name, slot in slots.items():
            if slot.source != "skipped":
                found.setdefault(name, Fact(name, slot.value, slot.text, slot.confidence, slot.seq, slot.confirmed, slot.source))
    return found
