"""Starting, pausing and stopping clocks. Orders call these inside their own transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from ticketing.clocks import selectors
from ticketing.clocks.models import Clock, Pause, TimeLimit
from ticketing.clocks.selectors import Limit
from ticketing.clocks.working_time import WorkingCalendar
from ticketing.organisation import kept
from ticketing.organisation.models import DutyItem, OrderType, Unit
from ticketing.outbox.actions import enqueue


def due_moment(calendar: WorkingCalendar, start: datetime, limit: Limit) -> datetime:
    """When a limit that starts at `start` ends, by the calendar and the limit's measure."""
    if limit.measure == TimeLimit.Measure.MINUTES:
        return start + timedelta(minutes=limit.value)
    if limit.measure == TimeLimit.Measure.WORKING_HOURS:
        return calendar.add(start, timedelta(hours=limit.value))
    if limit.measure == TimeLimit.Measure.WORKING_DAYS:
        return calendar.end_of_working_day(start, limit.value)
    return calendar.end_of_natural_day(start, limit.value)


def plan_clock(
    *,
    order_number: str,
    kind: str,
    started_at: datetime,
    order_type: OrderType,
    urgency: str,
    unit: Unit | None,
    duty_item: DutyItem | None,
    round: int = 1,
) -> Clock | None:
    """The clock that would start, unsaved; None where no limit applies. Bulk loading saves many at once."""
    limit = selectors.limit_for(kind=kind, order_type=order_type, urgency=urgency, unit=unit, duty_item=duty_item)
    if limit is None:
        return None
    row = selectors.calendar_of(unit)
    clock = Clock(
        order_number=order_number,
        kind=kind,
        round=round,
        unit_id_ref=unit.pk if unit else None,
        calendar=row,
        value=limit.value,
        measure=limit.measure,
        limit_source=limit.source,
        warn_fraction=limit.warn_fraction,
        started_at=started_at,
    )
    calendar = selectors.calendar_value(row)
    clock.due_at = due_moment(calendar, started_at, limit)
    clock.warn_at = _warning(clock)
    clock.provisional = calendar.is_provisional(started_at, clock.due_at)
    return clock


def _warning(clock: Clock) -> datetime:
    calendar = selectors.measuring_calendar(clock)
    return calendar.add(clock.started_at, calendar.counted(clock.started_at, clock.due_at) * clock.warn_fraction)


def start_clocks(
    *, order_number: str, kinds: Iterable[str], started_at: datetime, anew: bool = False, **plan: Any
) -> list[Clock]:
    """Start clocks of these kinds at one moment, each in its next round (see `plan_clock` for the other arguments).

    `anew` first stops whatever runs for the order, of any kind. Kinds without a limit start nothing.
    """
    rounds: dict[str, int] = {}
    running = False
    for kind, number, stopped_at in Clock.objects.filter(order_number=order_number).values_list("kind", "round", "stopped_at"):
        rounds[kind] = max(rounds.get(kind, 0), number)
        running = running or stopped_at is None
    if anew and running:
        stop_clocks(order_number=order_number, at=started_at)
    planned = (
        plan_clock(order_number=order_number, kind=kind, started_at=started_at, round=rounds.get(kind, 0) + 1, **plan)
        for kind in kinds
    )
    return Clock.objects.bulk_create([clock for clock in planned if clock is not None])


def stop_clocks(
    *, order_number: str, kinds: Iterable[str] | None = None, round: int | None = None, at: datetime | None = None
) -> int:
    """Stop the running clocks of an order, all or of some kinds or one round; returns how many. Open pauses end with them."""
    at = at or timezone.now()
    running = Clock.objects.filter(order_number=order_number, stopped_at=None)
    if kinds is not None:
        running = running.filter(kind__in=list(kinds))
    if round is not None:
        running = running.filter(round=round)
    ids = list(running.values_list("pk", flat=True))
    if ids:
        Pause.objects.filter(clock__in=ids, ended_at=None).update(ended_at=at)
        Clock.objects.filter(pk__in=ids).update(stopped_at=at)
    return len(ids)


def pause_clocks(*, order_number: str, reason: str, at: datetime | None = None) -> None:
    """Hold every running clock of an order; one already held stays as it is."""
    at = at or timezone.now()
    held = Clock.objects.filter(order_number=order_number, stopped_at=None).exclude(pauses__ended_at=None, pauses__isnull=False)
    Pause.objects.bulk_create([Pause(clock=clock, started_at=at, reason=reason[:200]) for clock in held])


def resume_clocks(*, order_number: str, at: datetime | None = None) -> None:
    """Let held clocks run on; due and warning move by the time that would have counted during the pause."""
    at = at or timezone.now()
    for pause in Pause.objects.filter(clock__order_number=order_number, clock__stopped_at=None, ended_at=None).select_related(
        "clock__calendar"
    ):
        clock, calendar = pause.clock, selectors.measuring_calendar(pause.clock)
        lost = calendar.counted(pause.started_at, at)
        pause.ended_at = at
        pause.save(update_fields=["ended_at"])
        clock.due_at = calendar.add(clock.due_at, lost)
        clock.warn_at = calendar.add(clock.warn_at, lost) if clock.warn_at > pause.started_at else clock.warn_at
        clock.save(update_fields=["due_at", "warn_at"])


def extend_clock(*, order_number: str, kind: str, amount: int, at: datetime | None = None) -> Clock | None:
    """Give the running clock of `kind` `amount` more of its own measure, counted from its due moment.

    Warning and overdue marks of the old limit are taken off where the new one lies ahead. None where no such clock runs.
    """
    at = at or timezone.now()
    clock = Clock.objects.filter(order_number=order_number, kind=kind, stopped_at=None).select_related("calendar").first()
    if clock is None:
        return None
    calendar = selectors.calendar_value(clock.calendar)
    # A day's limit ends with its last minute; the day after it is the first that counts anew.
    end = clock.due_at - timedelta(microseconds=1)
    if clock.measure in (TimeLimit.Measure.MINUTES, TimeLimit.Measure.WORKING_HOURS):
        end = clock.due_at
    more = Limit(amount, clock.measure, clock.limit_source, clock.warn_fraction)
    clock.due_at = due_moment(calendar, end, more)
    clock.warn_at = _warning(clock)
    clock.limit_source = f"{clock.limit_source} + {amount}"[:120]
    clock.provisional = calendar.is_provisional(clock.started_at, clock.due_at)
    clock.warned_at = clock.warned_at if clock.warn_at <= at else None
    clock.overdue_at = clock.overdue_at if clock.due_at <= at else None
    clock.save(update_fields=["due_at", "warn_at", "limit_source", "provisional", "warned_at", "overdue_at"])
    return clock


@transaction.atomic
def sweep(*, now: datetime | None = None) -> int:
    """Mark clocks that passed their warning or due moment and tell the orders room through the outbox."""
    now = now or timezone.now()
    clocks = selectors.due_for_sweep(now=now)
    for clock in clocks:
        overdue = clock.due_at <= now and clock.overdue_at is None
        if overdue:
            clock.overdue_at = now
        if clock.warned_at is None:
            clock.warned_at = now
        enqueue(
            kind="orders.clock",
            payload={
                "order": clock.order_number,
                "clock": clock.kind,
                "what": "overdue" if overdue else "warned",
                "due": clock.due_at.isoformat(),
            },
        )
    Clock.objects.bulk_update(clocks, ["warned_at", "overdue_at"])
    return len(clocks)


def import_time_limits(rows: Iterable[dict[str, Any]]) -> int:
    """Replace the table of limits with `rows`: kind, order_type, urgency, level, duty_item, value, measure, warn_fraction.

    Raises ValueError naming the row that refers to something unknown.
    """
    types = {t.code: t for t in OrderType.objects.all()}
    items = {i.code: i for i in DutyItem.objects.all()}
    limits = []
    for number, row in enumerate(rows, 1):
        try:
            limits.append(
                TimeLimit(
                    kind=row["kind"],
                    order_type=types[row["order_type"]] if row.get("order_type") else None,
                    urgency=row.get("urgency") or "",
                    level=row.get("level") or "",
                    duty_item=items[row["duty_item"]] if row.get("duty_item") else None,
                    value=int(row["value"]),
                    measure=TimeLimit.Measure(row.get("measure") or row["unit"]).value,
                    warn_fraction=float(row.get("warn_fraction") or 0.75),
                )
            )
        except (KeyError, ValueError) as error:
            raise ValueError(f"time limit {number}: {error}") from error
    with transaction.atomic():
        TimeLimit.objects.all().delete()
        TimeLimit.objects.bulk_create(limits)
    kept.forget()
    return len(limits)
