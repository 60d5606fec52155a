"""Who may follow the live streams of the desks."""

from __future__ import annotations

from typing import Any

from ticketing.desk import places
from ticketing.orders import sealed
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


@stream_rule("sealed")
def follows_sealed(user: Any, stream: str) -> bool:
    """Those named for all sealed reports; of one unit's, those named for it."""
    key = stream.partition(":")[2]
    if not isinstance(user, Staff):
        return False
    return sealed.is_central(user) or key in {str(naming.unit_id) for naming in sealed.namings_of(user)}


@stream_rule("order")
def follows_order(user: Any, stream: str) -> bool:
    """Whoever may see the order."""
    order = sealed.by_ref(stream.partition(":")[2])
    try:
        return isinstance(user, Staff) and order is not None and bool(get_order(user, order.number))
    except OrderNotFound:
        return False
