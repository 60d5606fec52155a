"""Orders under a plan (预案): the clocks change when it is switched, and the history of each order says so."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ticketing.clocks import plans
from ticketing.clocks.actions import note_replanned, replan_clocks
from ticketing.clocks.models import Clock, ClockKind, PlanSwitch
from ticketing.orders import history
from ticketing.orders.actions._step import lock, streams_of, tell
from ticketing.orders.actions.dispatching import refresh_due
from ticketing.orders.models import OrderAssist, WorkOrder
from ticketing.orders.workflow import OPEN, State
from ticketing.organisation import kept
from ticketing.organisation.actor import SYSTEM

BATCH = 200  # orders read at once; each is a transaction of its own


def replan_orders(*, switch: PlanSwitch) -> int:
    """Go over the orders that a switched plan concerns; returns how many had clocks changed. Safe to repeat."""
    kept.forget()  # which plans are on may have been read before the switch
    under_it = Q(number__in=Clock.objects.filter(plan=switch.plan, stopped_at=None).values("order_number"))
    concerned = plans.plan_value(switch).orders() | under_it
    orders = WorkOrder.objects.filter(concerned, state__in=OPEN - {State.DRAFT, State.NEED_INFO, State.TRIAGE}).order_by("pk")
    done, last = 0, 0
    while batch := list(orders.filter(pk__gt=last)[:BATCH]):
        changed = sum(replan_order(order, switch) for order in batch)
        note_replanned(switch=switch, orders=changed)
        done, last = done + changed, batch[-1].pk
    return done


@transaction.atomic
def replan_order(order: WorkOrder, switch: PlanSwitch) -> bool:
    """Bring one order's clocks to what the plans now say, and tell it; False where nothing changed."""
    order, now = lock(order), timezone.now()
    clocks = replan_clocks(order_number=order.ref, order_type_id=order.order_type_id, duty_item=order.duty_item, at=now)
    if not clocks:
        return False
    refresh_due(order)
    for clock in clocks:
        if clock.kind == ClockKind.ASSIST:
            part = OrderAssist.objects.filter(order=order, round=clock.round, status=OrderAssist.Status.ASKED)
            part.update(due_at=clock.due_at)
    data: dict[str, Any] = {
        "plan": switch.plan.code,
        "plan_name": switch.plan.name,
        "on": switch.off_at is None,
        "by": switch.off_by or switch.on_by,
        "clocks": {clock.kind: clock.due_at.isoformat() for clock in clocks},
        "due": order.due_at.isoformat() if order.due_at else "",
    }
    event = history.append(order=order, action="replanned", actor=SYSTEM, from_state=order.state, at=now, data=data)
    order.updated_at = now
    order.save(update_fields=["version", "updated_at", "due_at", "warn_at"])
    tell(order, event, *streams_of(order, event))
    return True
