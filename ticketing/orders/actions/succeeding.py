"""Open orders of a unit that was merged into another: the successor holds them, and their history says how that came."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from ticketing.clocks.models import Clock
from ticketing.orders import history
from ticketing.orders.actions._step import announce, lock
from ticketing.orders.models import OrderAssist, WorkOrder
from ticketing.orders.workflow import OPEN
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import Unit


def follow_successor(old: Unit, new: Unit, actor: Actor) -> int:
    """Give the open orders and parts of `old` to `new`, inside the merger's transaction; returns how many orders.

    Clocks run on: the matter is not younger because the sign on the door changed. Closed orders keep the old name.
    """
    parts = OrderAssist.objects.filter(unit=old, status=OrderAssist.Status.ASKED)
    concerned = WorkOrder.objects.filter(Q(unit=old) | Q(pk__in=parts.values("order")), state__in=OPEN).order_by("pk")
    numbers = list(concerned.values_list("pk", flat=True))
    for pk in numbers:
        _succeed(WorkOrder(pk=pk), old, new, actor)
    Clock.objects.filter(unit_id_ref=old.pk, stopped_at=None).update(unit_id_ref=new.pk)
    return len(numbers)


def _succeed(order: WorkOrder, old: Unit, new: Unit, actor: Actor) -> None:
    order, now = lock(order), timezone.now()
    holds = order.unit_id == old.pk
    if holds:
        order.unit = new
    OrderAssist.objects.filter(order=order, unit=old, status=OrderAssist.Status.ASKED).update(unit=new)
    data = {"from_unit": old.code, "from_name": old.name, "unit": new.code, "unit_name": new.name, "holds": holds}
    event = history.append(order=order, action="succeeded", actor=actor, from_state=order.state, at=now, data=data)
    order.updated_at = now
    order.save(update_fields=["version", "updated_at", "unit"])
    announce(order=order, event=event)
