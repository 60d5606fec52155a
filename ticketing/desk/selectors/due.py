"""The calendar of what is due with one's units."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone

from ticketing.desk.selectors.rows import ANSWERED
from ticketing.orders import selectors as orders
from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import Staff

SHOWN = 3  # orders named in a day; the others are counted


@dataclass(slots=True)
class Day:
    """One day of the calendar; `inside` the month that is shown."""

    date: date
    inside: bool
    total: int = 0
    orders: list[WorkOrder] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many are due besides those named."""
        return self.total - len(self.orders)


def month_of(text: str, *, today: date) -> date:
    """The first day of the month written as 2026-11; this month for anything else."""
    try:
        return datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        return today.replace(day=1)


def due_calendar(staff: Staff, month: date) -> list[list[Day]]:
    """The weeks of a month, Monday first, with what is due each day, in two queries."""
    weeks = [
        [Day(day, day.month == month.month) for day in week]
        for week in calendar.Calendar().monthdatescalendar(month.year, month.month)
    ]
    days = {day.date: day for week in weeks for day in week}
    zone = timezone.get_current_timezone()
    first = datetime.combine(min(days), datetime.min.time(), tzinfo=zone)
    last = datetime.combine(max(days) + timedelta(days=1), datetime.min.time(), tzinfo=zone)
    due = orders.unit_list(staff).filter(due_at__gte=first, due_at__lt=last).exclude(state__in=ANSWERED)
    for order in due.select_related(None).only("number", "title", "state", "due_at", "secrecy").iterator(chunk_size=500):
        if order.due_at is not None:
            day = days[timezone.localtime(order.due_at).date()]
            day.total += 1
            if len(day.orders) < SHOWN:
                day.orders.append(order)
    return weeks
