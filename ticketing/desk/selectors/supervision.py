"""What supervision watches."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q, QuerySet

from ticketing.desk.selectors.rows import ON_CLOCK
from ticketing.orders import selectors as orders
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import OPEN
from ticketing.organisation.models import Staff


def supervision_counts(staff: Staff, *, now: datetime) -> dict[str, int]:
    """Red, yellow, watched and often returned orders, counted in one query."""
    return (
        orders.visible_orders(staff)
        .filter(state__in=OPEN)
        .order_by()
        .aggregate(
            red=Count("pk", filter=Q(state__in=ON_CLOCK, due_at__lte=now)),
            yellow=Count("pk", filter=Q(state__in=ON_CLOCK, warn_at__lte=now, due_at__gt=now)),
            watched=Count("pk", filter=Q(supervised=True)),
            returned=Count("pk", filter=Q(return_count__gte=1)),
            urged=Count("pk", filter=Q(urge_count__gte=1)),
        )
    )


def supervision_list(staff: Staff, kind: str, *, now: datetime) -> QuerySet[WorkOrder]:
    """The orders behind one of the counts of `supervision_counts`."""
    seen = orders.visible_orders(staff).filter(state__in=OPEN)
    if kind == "yellow":
        return seen.filter(state__in=ON_CLOCK, warn_at__lte=now, due_at__gt=now).order_by("due_at")
    if kind == "watched":
        return seen.filter(supervised=True).order_by("due_at", "created_at")
    if kind == "returned":
        return seen.filter(return_count__gte=1).order_by("-return_count", "created_at")
    if kind == "urged":
        return seen.filter(urge_count__gte=1).order_by("-urge_count", "created_at")
    return orders.red_list(staff, now=now).filter(state__in=ON_CLOCK, due_at__lte=now)
