"""What the list of a unit shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ticketing.desk.selectors.rows import ANSWERED, Row
from ticketing.orders import selectors as orders
from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import Staff


@dataclass(slots=True)
class Group:
    """Part of the unit's list. `total` counts all, `rows` are those on this page."""

    key: str
    label: Promise
    meaning: str
    total: int
    rows: list[Row] = field(default_factory=list)


def due_bounds(now: datetime) -> tuple[datetime, datetime]:
    """End of today and end of this week (Sunday midnight), local time."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + timedelta(days=1)
    return tomorrow, midnight + timedelta(days=7 - midnight.weekday())


def unit_groups(staff: Staff, *, now: datetime | None = None) -> list[Group]:
    """The groups of the unit's list with their totals, in one query."""
    now = now or timezone.now()
    today, week = due_bounds(now)
    open_ones = ~Q(state__in=ANSWERED)
    count = (
        orders.unit_list(staff)
        .order_by()
        .aggregate(
            overdue=Count("pk", filter=open_ones & Q(due_at__lte=now)),
            today=Count("pk", filter=open_ones & Q(due_at__gt=now, due_at__lt=today)),
            week=Count("pk", filter=open_ones & Q(due_at__gt=now, due_at__gte=today, due_at__lt=week)),
            later=Count("pk", filter=open_ones & (Q(due_at__gte=week) | Q(due_at=None))),
            answered=Count("pk", filter=Q(state__in=ANSWERED)),
        )
    )
    return [
        Group("overdue", _("Overdue"), "overdue", count["overdue"]),
        Group("today", _("Due today"), "soon", count["today"]),
        Group("week", _("Due this week"), "normal", count["week"]),
        Group("later", _("Later"), "normal", count["later"]),
        Group("answered", _("Reply with the hotline"), "normal", count["answered"]),
    ]


def group_of(order: WorkOrder, now: datetime) -> str:
    """Which group of the unit's list an order belongs to."""
    today, week = due_bounds(now)
    if order.state in ANSWERED:
        return "answered"
    if order.due_at is None:
        return "later"
    if order.due_at <= now:
        return "overdue"
    return "today" if order.due_at < today else "week" if order.due_at < week else "later"
