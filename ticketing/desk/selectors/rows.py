"""Rows and clocks: what every list of the desks is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ticketing.clocks.models import Clock, ClockKind
from ticketing.clocks.selectors import ClockPanel, clock_panel, measuring_calendar
from ticketing.clocks.working_time import WorkingCalendar
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import WITH_UNIT, State

SOON_STATES = {
    "running": "normal",
    "soon": "soon",
    "overdue": "overdue",
    "done": "done",
    "done_late": "overdue",
    "paused": "normal",
}
# The unit has answered in time or not: while the hotline checks the reply its clock stands.
ANSWERED = frozenset({State.REPLY_REVIEW})
ON_CLOCK = WITH_UNIT - ANSWERED
DONE_STATES = frozenset({State.CLOSED, State.CLOSED_DIRECT, State.ARCHIVED})


def day_hours(calendar: WorkingCalendar) -> float:
    """Hours of the calendar's first working weekday, 24 where every minute counts."""
    windows: Sequence[tuple[int, int]] = next((day for day in calendar.weekly if day), ())
    return sum(end - start for start, end in windows) / 60 or 24.0


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock as a page shows it; `left` counts by the clock's own measure."""

    panel: ClockPanel
    label: str
    due: datetime
    left: timedelta
    meaning: str
    working: bool
    day_hours: float
    paused: bool
    provisional: bool

    @property
    def done(self) -> bool:
        return self.panel.state.startswith("done")


def clock_view(panel: ClockPanel) -> ClockView:
    """The panel with the words and the meaning that pages need."""
    clock = panel.clock
    return ClockView(
        panel=panel,
        label=str(ClockKind(clock.kind).label),
        due=clock.due_at,
        left=panel.left,
        meaning=SOON_STATES[panel.state],
        working=clock.measure.startswith("working"),
        day_hours=day_hours(measuring_calendar(clock)),
        paused=panel.state == "paused",
        provisional=clock.provisional,
    )


@dataclass(slots=True)
class Row:
    """One order in a list, with its running handling clock where it has one."""

    order: WorkOrder
    clock: ClockView | None = None
    todo: Any = None  # the first thing this person can do, where the list shows it
    reply: Any = None

    @property
    def meaning(self) -> str:
        """The meaning of the order's state, for its badge."""
        if self.order.state in DONE_STATES:
            return "done"
        return self.clock.meaning if self.clock else "normal"


def rows_of(found: Iterable[WorkOrder], *, now: datetime | None = None) -> list[Row]:
    """Orders with their handling clocks, in three queries."""
    rows = [Row(order) for order in found]
    clocks = Clock.objects.filter(
        order_number__in=[row.order.ref for row in rows], kind=ClockKind.HANDLE, stopped_at=None
    ).select_related("calendar")
    by_number = {c.order_number: c for c in clocks.prefetch_related("pauses").order_by("round")}
    for row in rows:
        clock = by_number.get(row.order.ref)
        if clock is not None:
            row.clock = clock_view(clock_panel(clock, now=now))
    return rows
