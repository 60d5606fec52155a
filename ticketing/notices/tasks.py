"""Jobs of the notices room."""

from typing import Any

from ticketing.notices import actions
from ticketing.outbox.registry import handles, handles_many


@handles_many("notices.order_event", batch=50)
def order_event(payloads: list[dict[str, Any]]) -> None:
    """Decide on the notices after events of orders."""
    actions.notify_events(event_ids=[payload["event"] for payload in payloads])


@handles("notices.send")
def send(payload: dict[str, Any]) -> None:
    """Send the notices that one decision made."""
    actions.send_notices(notice_ids=payload["notices"])
