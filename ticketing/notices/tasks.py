"""Jobs of the notices room."""

from typing import Any

from ticketing.notices import actions
from ticketing.outbox.registry import handles


@handles("notices.order_event")
def order_event(payload: dict[str, Any]) -> None:
    """Decide on the notice after one event of an order."""
    actions.notify_event(event_id=payload["event"])


@handles("notices.send")
def send(payload: dict[str, Any]) -> None:
    """Send one notice."""
    actions.send_notice(notice_id=payload["notice"])
