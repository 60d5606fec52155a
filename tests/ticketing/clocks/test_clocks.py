"""Clocks of orders: they start at dispatch, pause, warn, run out, and show how they counted."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from tests.cast import City
from ticketing.clocks import actions, selectors
from ticketing.clocks.models import Clock, ClockKind, TimeLimit
from ticketing.orders import actions as orders
from ticketing.orders.actions.marks import mark_clock
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import actor_for
from ticketing.orders.workflow import Action
from ticketing.outbox.models import Job


def dispatched(city: City, unit: str = "LIGHT", **changes: object) -> WorkOrder:
    order = city.order(**changes)
    actor = actor_for(city.staff["dispatcher"], order, Action.DISPATCH)
    return orders.dispatch_order(order=order, actor=actor, unit=city.units[unit], reason="职责清单")


def handling(order: WorkOrder) -> Clock:
    return Clock.objects.filter(order_number=order.number, kind=ClockKind.HANDLE).order_by("-round").first()


def test_the_handling_clock_starts_at_dispatch_and_not_at_signature(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False):
        order = dispatched(city)
    with time_machine.travel(monday + timedelta(days=2), tick=False):
        signed = orders.sign_order(order=order, actor=actor_for(city.staff["light"], order, Action.SIGN))
    assert handling(order).started_at == monday
    assert signed.due_at == order.due_at
    assert Clock.objects.get(order_number=order.number, kind=ClockKind.SIGN).stopped_at == monday + timedelta(days=2)


def test_an_items_promise_beats_the_table_and_an_urgent_row_beats_the_promise(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False):
        promised = dispatched(city, duty_item=city.items["LAMP"])
        TimeLimit.objects.create(kind="handle", urgency="urgent", value=120, measure="minutes")
        urgent = dispatched(city, duty_item=city.items["LAMP"], urgency="urgent")
    assert (handling(promised).value, handling(promised).measure) == (3, "working_days")
    assert "LAMP" in handling(promised).limit_source
    assert urgent.due_at == monday + timedelta(minutes=120)


def test_a_pause_moves_due_and_warning_by_the_time_that_would_have_counted(city: City, monday: datetime) -> None:
    dispatcher = city.staff["dispatcher"]
    with time_machine.travel(monday, tick=False):
        order = dispatched(city)
        order = orders.sign_order(order=order, actor=actor_for(city.staff["light"], order, Action.SIGN))
        order = orders.suspend_order(order=order, actor=actor_for(dispatcher, order, Action.SUSPEND), reason="诉讼")
    before = order.due_at
    with time_machine.travel(monday + timedelta(days=1), tick=False):
        assert selectors.clock_panel(handling(order)).state == "paused"
        order = orders.resume_order(order=order, actor=actor_for(dispatcher, order, Action.RESUME))
    calendar = selectors.measuring_calendar(handling(order))
    assert calendar.counted(before, order.due_at) == timedelta(hours=7)
    panel = selectors.clock_panel(handling(order), now=monday + timedelta(days=2))
    assert panel.used == timedelta(hours=7)
    assert any(i.why == "paused:诉讼" for i in panel.intervals)


def test_the_sweep_warns_once_then_marks_overdue_once_and_the_history_says_so(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False):
        order = dispatched(city)
    clock = handling(order)
    Clock.objects.exclude(pk=clock.pk).update(stopped_at=monday)
    assert actions.sweep(now=clock.warn_at - timedelta(seconds=1)) == 0
    assert actions.sweep(now=clock.warn_at) == 1
    assert actions.sweep(now=clock.warn_at) == 0
    assert actions.sweep(now=clock.due_at) == 1
    assert actions.sweep(now=clock.due_at + timedelta(days=1)) == 0
    jobs = [j.payload for j in Job.objects.filter(kind="orders.clock").order_by("pk")]
    assert [j["what"] for j in jobs] == ["warned", "overdue"]
    for _ in range(2):  # a job may run twice
        for job in jobs:
            mark_clock(ref=job["order"], clock=job["clock"], what=job["what"], due=job["due"])
    assert list(order.events.filter(action__in=["warned", "overdue"]).values_list("action", flat=True)) == ["warned", "overdue"]


def test_explain_clock_prints_what_the_page_counts(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False):
        order = dispatched(city)
    with time_machine.travel(monday + timedelta(hours=4), tick=False):
        out = StringIO()
        call_command("explain_clock", order.number, "--json", stdout=out)
        panels = json.loads(out.getvalue())
    shown = next(p for p in panels if p["kind"] == "handle")
    assert shown["used_minutes"] == 150  # 10:00 to 12:00 and 13:30 to 14:00
    assert {"counted": False, "why": "outside_hours"}.items() <= shown["intervals"][1].items()
    with pytest.raises(CommandError, match="No clock"):
        call_command("explain_clock", "000000000000")


def test_a_clock_over_unpublished_holidays_says_so(city: City) -> None:
    with time_machine.travel(datetime.fromisoformat("2026-12-30T10:00+08:00"), tick=False):
        order = dispatched(city)
    assert handling(order).provisional
