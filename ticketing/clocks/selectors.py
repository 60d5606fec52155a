"""Reading limits, calendars and running clocks; `clock_panel` is the working that the order page shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from ticketing.clocks.models import Clock, ClockKind, TimeLimit
from ticketing.clocks.working_time import ALWAYS, DayRule, Interval, WorkingCalendar, parse_windows
from ticketing.organisation.kept import kept
from ticketing.organisation.models import DutyCategory, DutyItem, OrderType, Unit, WorkCalendar
from ticketing.organisation.selectors import content_row

LIMIT_TEXT = re.compile(r"(\d+)\s+(minutes|working_hours|working_days|natural_days)")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit with the place it comes from, in words that can be shown; `legal` is what the law allows beside it."""

    value: int
    measure: str
    source: str
    warn_fraction: float = 0.75
    end_day_included: bool = True
    legal: str = ""


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
    usual = {"make_up": workday, "half_day": workday[:1]}
    days = {}
    for entry in row.days.all():
        windows = parse_windows(entry.windows) if entry.windows else usual.get(entry.kind, ())
        days[entry.date] = DayRule(windows=windows, name=entry.name, kind=entry.kind, provisional=entry.provisional)
    return WorkingCalendar(code=row.code, weekly=weekly, days=days, zone=ZoneInfo(settings.TIME_ZONE))


@kept
def _calendar_row(calendar_id: int | None) -> WorkCalendar | None:
    own = {"pk": calendar_id} if calendar_id else {"is_default": True}
    return WorkCalendar.objects.filter(**own).first()


def calendar_of(unit: Unit | None) -> WorkCalendar:
    """The calendar of a unit, else of the nearest unit above that has one, else the city's default. Raises NoCalendar."""
    while unit is not None and unit.calendar_id is None:
        unit = content_row(Unit, unit.parent_id) if unit.parent_id else None
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


@kept
def category_chain(category_id: int) -> tuple[int, ...]:
    """A category and those above it, nearest first."""
    parents = dict(DutyCategory.objects.values_list("pk", "parent_id"))
    chain = [category_id]
    while (above := parents.get(chain[-1])) is not None:
        chain.append(above)
    return tuple(chain)


def limit_for(*, kind: str, order_type: OrderType, urgency: str, unit: Unit | None, duty_item: DutyItem | None) -> Limit | None:
    """The limit that applies: an urgent order by its urgency, else the item's promise, else the most specific row."""
    chain = category_chain(duty_item.category_id) if duty_item else ()
    best, best_rank = None, (-1,) * 5
    for row in _limit_rows(kind):
        fits = (
            row.duty_item_id in (None, duty_item.pk if duty_item else None)
            and (row.category_id is None or row.category_id in chain)
            and row.order_type_id in (None, order_type.pk)
            and row.urgency in ("", urgency)
            and row.level in ("", unit.level if unit else "")
        )
        nearness = len(chain) - chain.index(row.category_id) if fits and row.category_id else 0
        pressing = bool(row.urgency) and urgency != "normal"
        rank = (bool(row.duty_item_id), pressing, nearness, bool(row.order_type_id), bool(row.level))
        if fits and rank > best_rank:
            best, best_rank = row, rank
    legal = duty_item.legal_limit if duty_item and kind == ClockKind.HANDLE else ""
    promised = parse_limit(duty_item.promised_limit, f"duty item {duty_item.code}") if duty_item else None
    if (
        kind == ClockKind.HANDLE
        and promised
        and not (best is not None and (best.duty_item_id or (best.urgency and urgency != "normal")))
    ):
        return replace(promised, legal=legal)
    if best is None:
        return None
    return Limit(
        best.value, best.measure, f"time limit {best.pk}", best.warn_fraction, best.end_day_included, best.legal_limit or legal
    )


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
    now: datetime

    @property
    def intervals(self) -> list[Interval]:
        """The clock's way cut into counted and uncounted stretches; worked out when asked, lists never ask."""
        end = self.clock.stopped_at or max(self.now, self.clock.due_at)
        return measuring_calendar(self.clock).explain(self.clock.started_at, end, _pauses(self.clock, self.now))

    @property
    def term(self) -> Term | None:
        """Legal, promised and taken days, where the law sets any."""
        return term_of(self.clock, now=self.now)

    @property
    def share(self) -> float:
        """Used share of the allowed time, 0 to 1 and beyond."""
        return self.used / self.allowed if self.allowed else 1.0


def calendar_by(measure: str, row: WorkCalendar) -> WorkingCalendar:
    """The calendar by which a measure counts: natural measures count every minute."""
    return calendar_value(row) if measure.startswith("working") else ALWAYS


def measuring_calendar(clock: Clock) -> WorkingCalendar:
    """The calendar that a clock counts by."""
    return calendar_by(clock.measure, clock.calendar)


@dataclass(frozen=True, slots=True)
class Term:
    """The three terms of a matter in days: what the law allows, what was promised, what it took so far."""

    legal: int
    promised: int
    taken: int
    measure: str

    @property
    def shortened(self) -> float:
        """The share by which the promise is shorter than the law (时限压缩比), 0 to 1."""
        return 1 - self.promised / self.legal if self.legal else 0.0

    @property
    def saved(self) -> int:
        """Days by which the matter was, or is yet, ahead of its promise; negative when late."""
        return self.promised - self.taken


def term_of(clock: Clock, *, now: datetime | None = None) -> Term | None:
    """The terms of a clock that counts days and has a legal limit in the same days; else None.

    The day of the dispatch does not count, the day of the end does, and days held by a pause do not.
    """
    legal = parse_limit(clock.legal_limit, "legal")
    if legal is None or legal.measure != clock.measure or not clock.measure.endswith("days"):
        return None
    end = clock.stopped_at or now or timezone.now()
    calendar = measuring_calendar(clock)
    taken = calendar.days_between(clock.started_at, end)
    taken -= sum(calendar.days_between(pause.started_at, min(pause.ended_at or end, end)) for pause in clock.pauses.all())
    return Term(legal.value, clock.value, max(0, taken), clock.measure)


def clock_panel(clock: Clock, *, now: datetime | None = None) -> ClockPanel:
    """The clock with its working, as of `now`."""
    now = now or timezone.now()
    end = clock.stopped_at or now
    calendar = measuring_calendar(clock)
    pauses = _pauses(clock, now)

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
    return ClockPanel(clock=clock, used=used, allowed=allowed, left=left, state=state, now=now)


def _pauses(clock: Clock, now: datetime) -> list[tuple[datetime, datetime, str]]:
    """The clock's pauses; one that goes on ends, for what is drawn, with the clock or now."""
    return [(p.started_at, p.ended_at or clock.stopped_at or now, p.reason) for p in clock.pauses.all()]


def panels_of(order_number: str, *, now: datetime | None = None) -> list[ClockPanel]:
    """Every clock of an order with its working, in the order they were started."""
    clocks = Clock.objects.filter(order_number=order_number).select_related("calendar", "plan").prefetch_related("pauses")
    return [clock_panel(clock, now=now) for clock in clocks.order_by("started_at", "pk")]


def as_json(panel: ClockPanel) -> dict[str, Any]:
    """A panel for the API and the command, times in ISO 8601."""
    clock = panel.clock
    return {
        "kind": clock.kind,
        "limit": f"{clock.value} {clock.measure}",
        "source": clock.limit_source,
        "end_day_included": clock.end_day_included,
        "plan": clock.plan.code if clock.plan else None,
        "ordinarily": f"{clock.base_value} {clock.base_measure}" if clock.plan else None,
        "ordinarily_due": clock.base_due_at.isoformat() if clock.base_due_at else None,
        "legal": clock.legal_limit or None,
        "legal_due": clock.legal_due_at.isoformat() if clock.legal_due_at else None,
        "term": {"legal": panel.term.legal, "promised": panel.term.promised, "taken": panel.term.taken} if panel.term else None,
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
