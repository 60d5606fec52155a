"""Jobs of the dispatch room."""

from typing import Any

from django.utils import timezone

from ticketing.dispatch import accuracy, actions, groups, returns, trust
from ticketing.dispatch.classifier import get_router
from ticketing.outbox.registry import at_start, handles, handles_many, periodic


@handles_many("dispatch.route", batch=8)
def route(payloads: list[dict[str, Any]]) -> None:
    """Route orders, all in one transaction; when one fails, the outbox runs each again by itself."""
    actions.route_orders(order_ids=[payload["order"] for payload in payloads])


@handles("dispatch.rehearse", max_attempts=2, lease_seconds=3600, slow=True)
def rehearse(payload: dict[str, Any]) -> None:
    """Replay a draft over past orders."""
    actions.run_rehearsal(rehearsal_id=payload["rehearsal"])


@periodic("dispatch.groups", every_seconds=60)
def look_for_groups() -> None:
    """Tell dispatchers and supervisors when many people report one matter."""
    groups.tell_groups(now=timezone.now())


@at_start
def warm_router() -> None:
    """Load the routing model before the first order asks for it."""
    get_router().warm()


@periodic("dispatch.trust", every_seconds=3600, slow=True)
def count_trust() -> None:
    """Count anew in which categories the classifier may dispatch alone, what units gave back, and what was first
    dispatched right.
    """
    trust.refresh()
    returns.refresh()
    accuracy.refresh()
