"""Rows that all verbs of a conversation write: the locked conversation, a numbered turn, an event, a nudge."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from hotline.conversations.errors import EmptyText, TextTooLong, UnknownConversation
from hotline.conversations.models import Conversation, ConversationEvent, Turn
from ticketing.organisation.models import Staff
from ticketing.outbox import feeds, live
from ticketing.outbox.actions import enqueue

log = structlog.get_logger(__name__)

CLIENT_REF_CHARS = 40
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def lock(conversation: Conversation) -> Conversation:
    """The row as it is now, locked until the transaction ends. Raises UnknownConversation."""
    found = Conversation.objects.select_for_update().filter(pk=conversation.pk).first()
    if found is None:
        raise UnknownConversation
    return found


def clean_text(text: str) -> str:
    """`text` without control characters and broken surrogates, trimmed. Raises EmptyText, TextTooLong."""
    limit = settings.TEXT_MAX_CHARS
    if len(text) > limit:
        raise TextTooLong(len(text), limit)
    kept = _CONTROL.sub("", text.encode("utf-8", "ignore").decode()).strip()
    if not kept:
        raise EmptyText
    return kept


def add_turn(
    conversation: Conversation,
    *,
    speaker: str,
    text: str,
    kind: str = "text",
    data: dict[str, Any] | None = None,
    confidence: float | None = None,
    audio_ms: int | None = None,
    client_ref: str = "",
    staff: Staff | None = None,
    said_at: datetime | None = None,
) -> Turn:
    """The next numbered turn of a locked conversation, and a nudge to whoever follows it after the commit.

    `said_at` is for what was said earlier than now.
    """
    now = timezone.now()
    turn = Turn.objects.create(
        conversation=conversation,
        seq=conversation.next_seq,
        speaker=speaker,
        kind=kind,
        text=text,
        data=data or {},
        confidence=confidence,
        audio_ms=audio_ms,
        client_ref=client_ref[:CLIENT_REF_CHARS] or None,
        staff=staff,
        at=said_at or now,
    )
    conversation.next_seq += 1
    conversation.active_at = now
    conversation.save(update_fields=["next_seq", "active_at"])
    nudge(conversation)
    return turn


def add_notice(conversation: Conversation, message: Any, **values: Any) -> Turn:
    """A turn of the system in the conversation's language; `message` is a lazy translation, `values` fill it."""
    with translation.override(conversation.language):
        text = str(message) % values if values else str(message)
    return add_turn(conversation, speaker=Turn.Speaker.SYSTEM, text=text, kind="notice")


def note(conversation: Conversation, kind: ConversationEvent.Kind, *, by: str, staff: Staff | None = None, **data: Any) -> None:
    """Keep what happened besides words."""
    ConversationEvent.objects.create(conversation=conversation, kind=kind, by=by[:60], staff=staff, data=data)
    log.info("conversation." + kind.value, conversation=str(conversation.pk), by=staff.pk if staff else by, **data)


def nudge(conversation: Conversation) -> None:
    """Wake those who follow this conversation, after the commit. They read the rows; this message may be lost."""
    message = {"type": "conversation.changed", "conversation": str(conversation.pk)}
    transaction.on_commit(lambda: live.nudge(group=group_of(conversation), message=message), robust=True)


def tell_queue(conversation: Conversation, kind: str) -> None:
    """A numbered event for the seats' queue."""
    feeds.publish(
        stream="queue",
        kind=kind,
        payload={
            "conversation": str(conversation.pk),
            "channel": conversation.channel,
            "priority": conversation.priority,
            "reason": conversation.hand_over_reason,
            "seat": conversation.seat_id,
        },
    )
    enqueue(kind="queue.changed", payload={}, key="queue")


def group_of(conversation: Conversation) -> str:
    """The live group of a conversation."""
    return f"conversation.{conversation.pk}"
