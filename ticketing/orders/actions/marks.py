"""Marks that the platform itself sets on an order; they change no state."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from ticketing.orders import history
from ticketing.orders.actions._step import announce, lock
from ticketing.orders.models import OrderEvent
from ticketing.orders.sealed import by_ref
from ticketing.organisation.actor import SYSTEM


@transaction.atomic
def mark_clock(*, ref: str, clock: str, what: str, due: str) -> OrderEvent | None:
    """Note once that a clock warned or ran out; an order that is gone is no error."""
    order = by_ref(ref)
    if order is None:
        return None
    order = lock(order)
    if order.events.filter(action=what, data__clock=clock, data__due=due).exists():
        return None
    now = timezone.now()
    event = history.append(
        order=order, action=what, actor=SYSTEM, from_state=order.state, at=now, data={"clock": clock, "due": due}
    )
    order.updated_at = now
    order.save(update_fields=["version", "updated_at"])
    announce(order=order, event=event)
    return event
