"""Jobs of the dispatch room."""

from typing import Any

from ticketing.dispatch import actions, trust
from ticketing.dispatch.classifier import get_router
from ticketing.outbox.registry import at_start, handles_many, periodic


@handles_many("dispatch.route", batch=8)
def route(payloads: list[dict[str, Any]]) -> None:
    """Route orders, each in a transaction of its own."""
    for payload in payloads:
        actions.route_order(order_id=payload["order"])


@at_start
def warm_router() -> None:
    """Load the routing model before the first order asks for it."""
    get_router().warm()


@periodic("dispatch.trust", every_seconds=3600, slow=True)
def count_trust() -> None:
    """Count anew in which categories the classifier may dispatch alone."""
    trust.refresh()
