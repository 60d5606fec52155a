"""Reading limits, calendars and running clocks; `clock_panel` is the working that the order page shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from ticketing.clocks.models import Clock, ClockKind, TimeLimit
from ticketing.clocks.working_time import ALWAYS, DayRule, Interval, WorkingCalendar, parse_windows
from ticketing.organisation.kept import kept
from ticketing.organisation.models import DutyItem, OrderType, Unit, WorkCalendar

LIMIT_TEXT = re.compile(r"(\d+)\s+(minutes|working_hours|working_days|natural_days)")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit with the place it comes from, in words that can be shown."""

    value: int
    measure: str
    source: str
    warn_fraction: float = 0.75


class NoCalendar(Exception):
    """No calendar is marked as the default: the city's content is incomplete."""


def calendar_value(row: WorkCalendar) -> WorkingCalendar:
    """The calendar row as a value."""
    return _calendar(row.pk)


@kept
def _calendar(calendar_id: int) -> WorkingCalendar:
    row = WorkCalendar.objects.prefetch_related("days").get(pk=calendar_id)
    weekly = tuple(parse_windows(row.windows.get(str(day), [])) for day in range(7))
    workday = next((w for w in weekly if w), ())
    days = {}
    for entry in row.days.all():
        windows = parse_windows(entry.windows) if entry.windows else (workday if entry.kind == "make_up" else ())
        days[entry.date] = DayRule(windows=windows, name=entry.name, kind=entry.kind, provisional=entry.provisional)
    return WorkingCalendar(code=row.code, weekly=weekly, days=days, zone=ZoneInfo(settings.TIME_ZONE))


@kept
def _calendar_row(calendar_id: int | None) -> WorkCalendar | None:
    own = {"pk": calendar_id} if calendar_id else {"is_default": True}
    return WorkCalendar.objects.filter(**own).first()


def calendar_of(unit: Unit | None) -> WorkCalendar:
    """The calendar that a unit works by, else the city's default. Raises NoCalendar."""
    row = _calendar_row(unit.calendar_id if unit is not None else None)
    if row is None:
        raise NoCalendar
    return row


def parse_limit(text: str, source: str) -> Limit | None:
    """A duty item's limit text such as "5 working_days"; None where it is empty or unreadable."""
    match = LIMIT_TEXT.fullmatch(text.strip())
    return Limit(int(match[1]), match[2], source) if match else None


@kept
def _limit_rows(kind: str) -> tuple[TimeLimit, ...]:
    return tuple(TimeLimit.objects.filter(kind=kind))


def limit_for(*, kind: str, order_type: OrderType, urgency: str, unit: Unit | None, duty_item: DutyItem | None) -> Limit | None:
    """The limit that applies: an urgent order by its urgency, else the item's promise, else the most specific row."""
    best, best_rank = None, (-1, -1, -1, -1)
    for row in _limit_rows(kind):
        fits = (
            row.duty_item_id in (None, duty_item.pk if duty_item else None)
            and row.order_type_id in (None, order_type.pk)
            and row.urgency in ("", urgency)
            and row.level in ("", unit.level if unit else "")
        )
        rank = (bool(row.duty_item_id), bool(row.urgency) and urgency != "normal", bool(row.order_type_id), bool(row.level))
        if fits and rank > best_rank:
            best, best_rank = row, rank
    promised = parse_limit(duty_item.promised_limit, f"duty item {duty_item.code}") if duty_item else None
    if (
        kind == ClockKind.HANDLE
        and promised
        and not (best is not None and (best.duty_item_id or (best.urgency and urgency != "normal")))
    ):
        return promised
    return Limit(best.value, best.measure, f"time limit {best.pk}", best.warn_fraction) if best else None


def running_clocks(order_number: str) -> list[Clock]:
    """Clocks of an order that have not stopped."""
    return list(Clock.objects.filter(order_number=order_number, stopped_at=None).select_related("calendar"))


def due_for_sweep(*, now: datetime, limit: int = 500) -> list[Clock]:
    """Running clocks whose warning or due moment has passed unmarked."""
    running = Clock.objects.filter(stopped_at=None)
    return list(
        running.filter(Q(warned_at=None, warn_at__lte=now) | Q(overdue_at=None, due_at__lte=now)).order_by("due_at")[:limit]
    )


@dataclass(frozen=True, slots=True)
class ClockPanel:
    """What a page or `explain_clock` shows of one clock. Durations are counted time by the clock's own measure."""

    clock: Clock
    used: timedelta
    allowed: timedelta
    left: timedelta  # negative when overdue
    state: str  # running, soon, overdue, done, done_late, paused
    intervals: list[Interval]

    @property
    def share(self) -> float:
        """Used share of the allowed time, 0 to 1 and beyond."""
        return self.used / self.allowed if self.allowed else 1.0


def measuring_calendar(clock: Clock) -> WorkingCalendar:
    """The calendar that a clock counts by: natural measures count every minute."""
    return calendar_value(clock.calendar) if clock.measure.startswith("working") else ALWAYS


def clock_panel(clock: Clock, *, now: datetime | None = None) -> ClockPanel:
    """The clock with its working, as of `now`."""
    now = now or timezone.now()
    end = clock.stopped_at or now
    calendar = measuring_calendar(clock)
    pauses = [(p.started_at, p.ended_at or end, p.reason) for p in clock.pauses.all()]

    def net(a: datetime, b: datetime) -> timedelta:
        stopped = sum((calendar.counted(max(a, s), min(b, e)) for s, e, _why in pauses), timedelta())
        return calendar.counted(a, b) - stopped

    used, allowed = net(clock.started_at, end), net(clock.started_at, clock.due_at)
    left = net(end, clock.due_at) if end <= clock.due_at else -net(clock.due_at, end)
    paused = clock.stopped_at is None and any(p.ended_at is None for p in clock.pauses.all())
    if clock.stopped_at:
        state = "done_late" if clock.stopped_at > clock.due_at else "done"
    elif paused:
        state = "paused"
    elif now >= clock.due_at:
        state = "overdue"
    else:
        state = "soon" if now >= clock.warn_at else "running"
    intervals = calendar.explain(clock.started_at, max(end, clock.due_at) if not clock.stopped_at else end, pauses)
    return ClockPanel(clock=clock, used=used, allowed=allowed, left=left, state=state, intervals=intervals)


def panels_of(order_number: str, *, now: datetime | None = None) -> list[ClockPanel]:
    """Every clock of an order with its working, in the order they were started."""
    clocks = Clock.objects.filter(order_number=order_number).select_related("calendar").prefetch_related("pauses")
    return [clock_panel(clock, now=now) for clock in clocks.order_by("started_at", "pk")]


def as_json(panel: ClockPanel) -> dict[str, Any]:
    """A panel for the API and the command, times in ISO 8601."""
    clock = panel.clock
    return {
        "kind": clock.kind,
        "limit": f"{clock.value} {clock.measure}",
        "source": clock.limit_source,
        "started": clock.started_at.isoformat(),
        "due": clock.due_at.isoformat(),
        "warn": clock.warn_at.isoformat(),
        "stopped": clock.stopped_at.isoformat() if clock.stopped_at else None,
        "state": panel.state,
        "provisional": clock.provisional,
        "used_minutes": round(panel.used.total_seconds() / 60, 2),
        "left_minutes": round(panel.left.total_seconds() / 60, 2),
        "intervals": [
            {"start": i.start.isoformat(), "end": i.end.isoformat(), "counted": i.counted, "why": i.why} for i in panel.intervals
        ],
    }
