"""Starting, pausing, moving and stopping clocks. Orders call these inside their own transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from ticketing.clocks import plans, selectors
from ticketing.clocks.models import Clock, Measure, Pause
from ticketing.clocks.selectors import Limit
from ticketing.clocks.working_time import WorkingCalendar
from ticketing.organisation.models import DutyItem, OrderType, Unit
from ticketing.outbox.actions import enqueue

HOURS = (Measure.MINUTES, Measure.WORKING_HOURS)


def due_moment(calendar: WorkingCalendar, start: datetime, limit: Limit) -> datetime:
    """When a limit that starts at `start` ends, by the calendar and the limit's measure."""
    if limit.measure == Measure.MINUTES:
        return start + timedelta(minutes=limit.value)
    if limit.measure == Measure.WORKING_HOURS:
        return calendar.add(start, timedelta(hours=limit.value))
    days = limit.value if limit.end_day_included else max(0, limit.value - 1)
    if limit.measure == Measure.WORKING_DAYS:
        return calendar.end_of_working_day(start, days)
    return calendar.end_of_natural_day(start, days)


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
        end_day_included=limit.end_day_included,
        limit_source=limit.source,
        warn_fraction=limit.warn_fraction,
        started_at=started_at,
    )
    calendar = selectors.calendar_value(row)
    clock.due_at = due_moment(calendar, started_at, limit)
    clock.warn_at = warning_moment(clock, started_at)
    legal = selectors.parse_limit(limit.legal, "legal")
    if legal is not None:
        clock.legal_limit, clock.legal_due_at = limit.legal, due_moment(calendar, started_at, legal)
    plan = plans.plan_for(
        kind=kind, order_type_id=order_type.pk, unit_id=unit.pk if unit else None, duty_item=duty_item, at=started_at
    )
    if plan is not None:
        under_plan(clock, plan, since=started_at)
    clock.provisional = calendar.is_provisional(started_at, clock.due_at)
    return clock


def warning_moment(clock: Clock, since: datetime) -> datetime:
    """When the share of `clock` that asks for a warning is used, counted from `since`."""
    calendar = selectors.measuring_calendar(clock)
    return calendar.add(since, calendar.counted(since, clock.due_at) * clock.warn_fraction)


def under_plan(clock: Clock, plan: plans.PlanValue, *, since: datetime, held: Iterable[Pause] = ()) -> bool:
    """Let a clock run by `plan`, its limit counted from `since`, and keep the ordinary one; False where the plan changes none.

    `held` are the pauses that have ended after `since`: what would have counted in them is added.
    """
    limit = plan.limit(kind=clock.kind, value=clock.value, measure=clock.measure, warn_fraction=clock.warn_fraction)
    if limit is None:
        return False
    clock.base_value, clock.base_measure, clock.base_source = clock.value, clock.measure, clock.limit_source
    clock.base_due_at, clock.base_warn_at, clock.plan_id = clock.due_at, clock.warn_at, plan.pk
    clock.value, clock.measure, clock.limit_source = limit.value, limit.measure, limit.source[:120]
    limit = replace(limit, end_day_included=clock.end_day_included)
    clock.due_at = due_moment(selectors.calendar_value(clock.calendar), since, limit)
    calendar = selectors.measuring_calendar(clock)
    for pause in held:
        clock.due_at = calendar.add(clock.due_at, calendar.counted(max(pause.started_at, since), pause.ended_at or since))
    clock.warn_at = warning_moment(clock, since)
    return True


def back_to_ordinary(clock: Clock) -> None:
    """Let a clock run by its ordinary limit again, as if there had been no plan."""
    clock.value, clock.measure, clock.limit_source = clock.base_value or clock.value, clock.base_measure, clock.base_source
    clock.due_at, clock.warn_at = clock.base_due_at or clock.due_at, clock.base_warn_at or clock.warn_at
    clock.base_value, clock.base_measure, clock.base_source, clock.base_due_at, clock.base_warn_at = None, "", "", None, None
    clock.plan = None


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
    """Let held clocks run on; what is due moves by the time that would have counted during the pause."""
    at = at or timezone.now()
    for pause in Pause.objects.filter(clock__order_number=order_number, clock__stopped_at=None, ended_at=None).select_related(
        "clock__calendar"
    ):
        clock = pause.clock
        pause.ended_at = at
        pause.save(update_fields=["ended_at"])
        calendar = selectors.measuring_calendar(clock)
        moments = [(calendar, "due_at"), *([(calendar, "warn_at")] if clock.warn_at > pause.started_at else [])]
        if clock.legal_due_at:
            measure = clock.legal_limit.partition(" ")[2]
            moments.append((selectors.calendar_by(measure, clock.calendar), "legal_due_at"))
        if clock.base_due_at and clock.base_warn_at:
            ordinary = selectors.calendar_by(clock.base_measure, clock.calendar)
            moments.append((ordinary, "base_due_at"))
            moments += [(ordinary, "base_warn_at")] if clock.base_warn_at > pause.started_at else []
        for measured_by, name in moments:
            setattr(clock, name, measured_by.add(getattr(clock, name), measured_by.counted(pause.started_at, at)))
        clock.save(update_fields=[name for _calendar, name in moments])


def extend_clock(*, order_number: str, kind: str, amount: int, at: datetime | None = None) -> Clock | None:
    """Give the running clock of `kind` `amount` more of its own measure, counted from its due moment.

    Warning and overdue marks of the old limit are taken off where the new one lies ahead. None where no such clock runs.
    A clock under a plan keeps what it was granted when the plan ends.
    """
    at = at or timezone.now()
    clock = Clock.objects.filter(order_number=order_number, kind=kind, stopped_at=None).select_related("calendar").first()
    if clock is None:
        return None
    calendar = selectors.calendar_value(clock.calendar)
    more = Limit(amount, clock.measure, clock.limit_source, clock.warn_fraction)
    clock.due_at = later(calendar, clock.due_at, more)
    clock.warn_at = warning_moment(clock, clock.started_at)
    clock.limit_source = f"{clock.limit_source} + {amount}"[:120]
    if clock.base_due_at:
        same = clock.base_measure == clock.measure
        clock.base_due_at = later(calendar, clock.base_due_at, more) if same else max(clock.base_due_at, clock.due_at)
        clock.base_source = f"{clock.base_source} + {amount} {clock.measure}"[:120]
    clock.provisional = calendar.is_provisional(clock.started_at, clock.due_at)
    unmark(clock, at)
    clock.save()
    return clock


def later(calendar: WorkingCalendar, due: datetime, more: Limit) -> datetime:
    """`due` and so much more. A day's limit ends with its last minute; the day after it is the first that counts anew."""
    return due_moment(calendar, due if more.measure in HOURS else due - timedelta(microseconds=1), more)


def unmark(clock: Clock, at: datetime) -> None:
    """Take off the marks of a limit that now lies ahead."""
    clock.warned_at = clock.warned_at if clock.warn_at <= at else None
    clock.overdue_at = clock.overdue_at if clock.due_at <= at else None


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
