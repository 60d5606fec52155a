"""Who may follow the live streams of the desks."""

from __future__ import annotations

from typing import Any

from ticketing.desk import places
from ticketing.orders.errors import OrderNotFound
from ticketing.orders.selectors import get_order, unit_ids_of
from ticketing.organisation.models import Staff
from ticketing.outbox.registry import stream_rule


@stream_rule("inbox")
def follows_inbox(user: Any, stream: str) -> bool:
    """Those who work at the inbox."""
    return isinstance(user, Staff) and user.has_role(*places.INBOX.roles)


@stream_rule("callback")
def follows_callback(user: Any, stream: str) -> bool:
    """Those who call back."""
    return isinstance(user, Staff) and user.has_role(*places.CALLBACK.roles)


@stream_rule("unit")
def follows_unit(user: Any, stream: str) -> bool:
    """The people of the unit and of those above it."""
    key = stream.partition(":")[2]
    return isinstance(user, Staff) and key.isdigit() and int(key) in unit_ids_of(user)


@stream_rule("order")
def follows_order(user: Any, stream: str) -> bool:
    """Whoever may see the order."""
    try:
        return isinstance(user, Staff) and bool(get_order(user, stream.partition(":")[2]))
    except OrderNotFound:
        return False
