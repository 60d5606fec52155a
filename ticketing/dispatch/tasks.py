"""Jobs of the dispatch room."""

from typing import Any

from ticketing.dispatch import actions
from ticketing.outbox.registry import handles


@handles("dispatch.route")
def route(payload: dict[str, Any]) -> None:
    """Route one order."""
    actions.route_order(order_id=payload["order"])
