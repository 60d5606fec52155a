"""Jobs of the chat."""

from __future__ import annotations

from typing import Any

from hotline.chat import outgoing
from ticketing.outbox import registry


@registry.handles("conversation.message_out")
def message_out(payload: dict[str, Any]) -> None:
    """A seat's words to somebody who reads text messages."""
    outgoing.send_turn(turn_id=int(payload["turn"]))
