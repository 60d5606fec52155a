"""What the list of a unit shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ticketing.desk.selectors.rows import ANSWERED, Row
from ticketing.orders import selectors as orders
from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import Staff, Unit


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


@dataclass(slots=True)
class Branch:
    """One unit of the tree of one's own: how deep it lies, and what is with it and not with a section below."""

    unit: Unit
    depth: int
    total: int = 0
    overdue: int = 0
    today: int = 0


def unit_tree(staff: Staff, *, now: datetime) -> list[Branch]:
    """The person's units and all below them as a tree with figures, in three queries; idle ones deep down are left out."""
    today, _week = due_bounds(now)
    units = {unit.pk: unit for unit in Unit.objects.filter(pk__in=orders.unit_ids_of(staff)).order_by("code")}
    rows = (
        orders.unit_list(staff)
        .order_by()
        .annotate(holder=Coalesce("sub_unit_id", "unit_id"))
        .values("holder")
        .annotate(
            total=Count("pk"),
            overdue=Count("pk", filter=~Q(state__in=ANSWERED) & Q(due_at__lte=now)),
            today=Count("pk", filter=~Q(state__in=ANSWERED) & Q(due_at__gt=now, due_at__lt=today)),
        )
    )
    figures = {row["holder"]: row for row in rows}
    below: dict[int | None, list[Unit]] = {}
    for unit in units.values():
        below.setdefault(unit.parent_id if unit.parent_id in units else None, []).append(unit)
    tree: list[Branch] = []

    def walk(parent: int | None, depth: int) -> bool:
        busy = False
        for unit in below.get(parent, []):
            figure, at = figures.get(unit.pk), len(tree)
            tree.append(Branch(unit, depth, *((figure["total"], figure["overdue"], figure["today"]) if figure else ())))
            inside = walk(unit.pk, depth + 1)
            if depth > 1 and not figure and not inside:
                del tree[at:]
            busy = busy or bool(figure) or inside
        return busy

    walk(None, 0)
    return tree


def unit_groups(staff: Staff, *, now: datetime | None = None, units: set[int] | None = None, mine: bool = False) -> list[Group]:
    """The groups of the unit's list with their totals, in one query."""
    now = now or timezone.now()
    today, week = due_bounds(now)
    open_ones = ~Q(state__in=ANSWERED)
    count = (
        orders.unit_list(staff, units=units, mine=mine)
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
