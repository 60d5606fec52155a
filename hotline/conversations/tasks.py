"""Regular work of this room."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from hotline.conversations import actions
from hotline.conversations.actions.asking import ask_facts
from hotline.conversations.models import Conversation
from ticketing.outbox import registry


@registry.handles("conversations.ask_facts")
def ask_in_conversation(payload: dict[str, Any]) -> None:
    """The hotline asks for a fact: the citizen who is still in the chat reads it there."""
    ask_facts(event_id=payload["event"])


@registry.periodic("conversations.end_stale", every_seconds=60)
def end_stale() -> None:
    """End chats and messages that the citizen left; what was unfinished goes to the queue to be called back."""
    before = timezone.now() - timedelta(minutes=settings.CHAT_STALE_MINUTES)
    left = Conversation.objects.filter(status=Conversation.Status.OPEN, active_at__lt=before).exclude(
        owner=Conversation.Owner.SEAT
    )
    for conversation in left[:200]:
        actions.break_off(conversation=conversation, reason="left")
