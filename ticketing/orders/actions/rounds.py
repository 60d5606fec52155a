"""What time alone brings about on orders. The periodic job makes these rounds; each order is its own transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import structlog
from django.utils import timezone

from ticketing.orders.actions.assisting import gather_if_ready
from ticketing.orders.errors import OrderError
from ticketing.orders.models import OrderAssist, WorkOrder
from ticketing.orders.workflow import State

BATCH = 200  # orders of one kind in one round; the next round goes on
log = structlog.get_logger(__name__)


def make_rounds(*, now: datetime | None = None) -> dict[str, int]:
    """Do what is due by `now`; returns how many orders were touched, by kind of work."""
    now = now or timezone.now()
    return {"gathered": each(lambda order: gather_if_ready(order), waiting_for_parts(now))}


def each(step: Callable[[WorkOrder], object], orders: Iterable[WorkOrder]) -> int:
    """Take a step with each order; one that somebody else moved on meanwhile is passed over."""
    done = 0
    for order in orders:
        try:
            step(order)
        except OrderError as error:
            log.info("orders.rounds.passed_over", order=order.number, why=str(error))
        else:
            done += 1
    return done


def waiting_for_parts(now: datetime) -> Iterable[WorkOrder]:
    """Orders in process whose last part is overdue."""
    late = OrderAssist.objects.filter(status=OrderAssist.Status.ASKED, due_at__lte=now).values("order")
    return WorkOrder.objects.filter(state=State.PROCESSING, pk__in=late).order_by("pk")[:BATCH]
