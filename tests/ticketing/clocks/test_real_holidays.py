"""Working time over the real holidays of 2025 and 2026, against a counter that walks minute by minute.

The counter knows the holidays from the package chinese_calendar (the State Council's notices) and nothing of ours; the
calendar under test is the one the demonstration city loads.
"""

from __future__ import annotations

import datetime as dt
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
import time_machine
import yaml
from django.conf import settings as django_settings
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import City
from ticketing.clocks import selectors
from ticketing.clocks.models import Clock, TimeLimit
from ticketing.orders import actions as orders
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import actor_for
from ticketing.orders.workflow import Action
from ticketing.organisation import kept
from ticketing.organisation.actions import import_calendars
from ticketing.organisation.models import DutyCategory, WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
MORNING, AFTERNOON = (9 * 60, 12 * 60), (13 * 60 + 30, 17 * 60 + 30)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


# --- The counter: nothing below this line and above the next knows our code --------------------------------------------


def counts(moment: datetime) -> bool:
    """Whether this minute is working time."""
    minute = moment.hour * 60 + moment.minute
    open_now = any(opening <= minute < closing for opening, closing in (MORNING, AFTERNOON))
    return open_now and chinese_calendar.is_workday(moment.date())


def minutes_between(a: datetime, b: datetime) -> int:
    total = 0
    while a < b:
        total += counts(a)
        a += MINUTE
    return total


def last_moment(start: date, days: int) -> datetime:
    """The end of the `days`-th working day after `start`, day by day."""
    while days:
        start += timedelta(days=1)
        days -= chinese_calendar.is_workday(start)
    return datetime(start.year, start.month, start.day, 17, 30, tzinfo=ZONE)


# -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def office(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> selectors.WorkingCalendar:
    """The demonstration city's calendar as a value, read through the verb that loads it."""
    from django.db import transaction

    rows = yaml.safe_load((Path(django_settings.BASE_DIR) / "demo" / "calendar.yml").read_text(encoding="utf-8"))
    with django_db_blocker.unblock(), transaction.atomic():
        import_calendars(rows=rows)
        value = selectors.calendar_value(WorkCalendar.objects.get(code="working"))
        transaction.set_rollback(True)
    kept.forget()
    return value


moments = st.integers(0, 730 * 24 * 60 - 1).map(lambda minute: datetime(2025, 1, 1, tzinfo=ZONE) + minute * MINUTE)


def test_every_day_of_two_years_is_a_day_of_work_or_of_rest_as_published(office: selectors.WorkingCalendar) -> None:
    day = date(2025, 1, 1)
    while day < date(2027, 1, 1):
        assert office.is_working_day(day) is chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


@settings(max_examples=60, deadline=None)
@given(start=moments, length=st.integers(0, 20 * 24 * 60))
def test_counted_time_is_what_the_counter_counts(office: selectors.WorkingCalendar, start: datetime, length: int) -> None:
    end = start + length * MINUTE
    if end.year < 2027:
        assert office.counted(start, end) == minutes_between(start, end) * MINUTE


@settings(max_examples=40, deadline=None)
@given(start=moments, amount=st.integers(1, 40 * 60))
def test_what_is_added_is_what_the_counter_counts_back(office: selectors.WorkingCalendar, start: datetime, amount: int) -> None:
    due = office.add(start, amount * MINUTE)
    if due.year < 2027:
        assert minutes_between(start, due) == amount and counts(due - MINUTE)


@settings(max_examples=200, deadline=None)
@given(start=moments, days=st.integers(1, 60))
def test_a_term_in_days_ends_where_the_counter_ends_it(office: selectors.WorkingCalendar, start: datetime, days: int) -> None:
    if start < datetime(2026, 9, 1, tzinfo=ZONE):
        assert office.end_of_working_day(start, days) == last_moment(start.date(), days)


@settings(max_examples=60, deadline=None)
@given(start=moments, cuts=st.lists(st.integers(0, 10 * 24 * 60), min_size=3, max_size=3))
def test_the_panels_working_adds_up_with_a_pause(office: selectors.WorkingCalendar, start: datetime, cuts: list[int]) -> None:
    held, resumed, end = (start + cut * MINUTE for cut in sorted(cuts))
    if end.year == 2027:
        return
    rows = office.explain(start, end, [(held, resumed, "x")])
    counted = sum((row.duration for row in rows if row.counted), timedelta())
    assert counted == (minutes_between(start, held) + minutes_between(resumed, end)) * MINUTE


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2025-01-24T16:00", 1, "2025-01-26T17:30"),  # the Sunday made up for the Spring Festival
        ("2025-01-27T10:00", 1, "2025-02-05T17:30"),  # over the whole of it
        ("2025-09-26T10:00", 3, "2025-09-30T17:30"),  # Sunday the 28th counts
        ("2026-02-13T10:00", 2, "2026-02-24T17:30"),
        ("2026-09-30T10:00", 1, "2026-10-08T17:30"),
    ],
)
def test_fixed_ends(office: selectors.WorkingCalendar, start: str, days: int, due: str) -> None:
    assert office.end_of_working_day(at(start), days) == at(due)


# --- Terms: legal, promised, taken --------------------------------------------------------------------------------------


def sent(city: City, *, legal: int, promised: int, on: datetime) -> WorkOrder:
    """An order on an item with these limits in working days, dispatched at `on` under the real calendar."""
    rows = yaml.safe_load((Path(django_settings.BASE_DIR) / "demo" / "calendar.yml").read_text(encoding="utf-8"))
    import_calendars(rows=rows)
    item = city.items["LAMP"]
    item.legal_limit, item.promised_limit = f"{legal} working_days", f"{promised} working_days"
    item.save()
    with time_machine.travel(on, tick=False):
        order = city.order(duty_item=item)
        actor = actor_for(city.staff["dispatcher"], order, Action.DISPATCH)
        return orders.dispatch_order(order=order, actor=actor, unit=city.units["LIGHT"], reason="职责清单")


def handling(order: WorkOrder) -> Clock:
    return Clock.objects.select_related("calendar").get(order_number=order.number, kind="handle")


@pytest.mark.parametrize(
    ("legal", "promised", "taken", "shorter"), [(20, 7, 4, 65), (30, 7, 7, 77), (10, 1, 1, 90), (334, 104, 104, 69)]
)
def test_legal_promised_and_taken_days(city: City, legal: int, promised: int, taken: int, shorter: int) -> None:
    monday = at("2025-03-03T10:00")
    order = sent(city, legal=legal, promised=promised, on=monday)
    clock = handling(order)
    assert clock.due_at == last_moment(monday.date(), promised)
    assert clock.legal_due_at == last_moment(monday.date(), legal)
    done = last_moment(monday.date(), taken) - timedelta(hours=1)
    Clock.objects.filter(pk=clock.pk).update(stopped_at=done)
    panel = selectors.clock_panel(handling(order))
    assert panel.state == "done" and panel.term is not None
    assert (panel.term.legal, panel.term.promised, panel.term.taken) == (legal, promised, taken)
    assert round(panel.term.shortened * 100) == shorter and panel.term.saved == promised - taken
    out = StringIO()
    call_command("explain_clock", order.number, stdout=out)
    assert f"days: {legal} legal / {promised} promised / {taken} taken; {shorter}% shorter than the law" in out.getvalue()


def test_days_that_a_pause_held_are_not_taken_days_and_the_law_waits_too(city: City) -> None:
    monday = at("2025-03-03T10:00")
    order = sent(city, legal=20, promised=7, on=monday)
    legal = handling(order).legal_due_at
    dispatcher = city.staff["dispatcher"]
    with time_machine.travel(monday + timedelta(days=1), tick=False):
        order = orders.sign_order(order=order, actor=actor_for(city.staff["light"], order, Action.SIGN))
        order = orders.suspend_order(order=order, actor=actor_for(dispatcher, order, Action.SUSPEND), reason="鉴定")
    with time_machine.travel(monday + timedelta(days=4), tick=False):
        order = orders.resume_order(order=order, actor=actor_for(dispatcher, order, Action.RESUME))
    clock = handling(order)
    assert legal is not None and clock.legal_due_at == legal + timedelta(days=3)
    term = selectors.term_of(clock, now=monday + timedelta(days=4, hours=2))
    assert term is not None and term.taken == 1


# --- The rest of the rules ----------------------------------------------------------------------------------------------


def dispatched(city: City, **changes: object) -> WorkOrder:
    order = city.order(**changes)
    actor = actor_for(city.staff["dispatcher"], order, Action.DISPATCH)
    return orders.dispatch_order(order=order, actor=actor, unit=city.units["LIGHT"], reason="职责清单")


@pytest.mark.parametrize(("measure", "due"), [("working_days", "2026-03-03T17:30"), ("natural_days", "2026-03-04T00:00")])
def test_the_end_day_is_included_unless_the_rule_says_otherwise(city: City, monday: datetime, measure: str, due: str) -> None:
    TimeLimit.objects.filter(kind="handle").update(value=2, measure=measure, end_day_included=False)
    with time_machine.travel(monday, tick=False):
        order = dispatched(city)
    assert order.due_at == at(due) and not handling(order).end_day_included
    out = StringIO()
    call_command("explain_clock", order.number, stdout=out)
    assert "the last day not included" in out.getvalue()


def test_a_limit_of_a_category_covers_what_is_below_it_and_the_nearest_wins(city: City, monday: datetime) -> None:
    top = DutyCategory.objects.get(code="01")
    below = DutyCategory.objects.create(code="0101", name="照明", parent=top)
    item = city.items["NOISE"]
    item.category = below
    item.save()
    TimeLimit.objects.create(kind="handle", category=top, value=9, measure="working_hours")
    with time_machine.travel(monday, tick=False):
        assert handling(dispatched(city, duty_item=item)).value == 9
        TimeLimit.objects.create(kind="handle", category=below, value=8, measure="working_hours", legal_limit="3 working_days")
        order = dispatched(city, duty_item=item)
        assert handling(order).value == 8 and handling(order).legal_limit == "3 working_days"
        assert handling(dispatched(city, duty_item=None)).measure == "working_days"


def test_a_half_day_is_its_morning_and_counts_as_a_day(city: City, monday: datetime) -> None:
    WorkCalendar.objects.get(code="office").days.create(date=dt.date(2026, 3, 3), kind="half_day", name="半天")
    with time_machine.travel(monday, tick=False):
        TimeLimit.objects.filter(kind="handle").update(value=1)
        order = dispatched(city)
    assert order.due_at == at("2026-03-03T12:00")
    panel = selectors.clock_panel(handling(order), now=at("2026-03-04T09:00"))
    assert any(row.why == "half_day:半天" and row.counted for row in panel.intervals)
    calendar = selectors.calendar_value(WorkCalendar.objects.get(code="office"))
    assert calendar.counted(at("2026-03-03T00:00"), at("2026-03-04T00:00")) == timedelta(hours=3)


def test_a_unit_keeps_its_own_hours_and_those_below_it_follow(city: City, monday: datetime) -> None:
    week = {str(day): [["00:00", "24:00"]] for day in range(7)}
    around_the_clock = WorkCalendar.objects.create(code="around", name="全天", windows=week)
    above = city.units["GOV"]
    above.calendar = around_the_clock
    above.save()
    with time_machine.travel(monday.replace(hour=20), tick=False):
        order = dispatched(city)
    assert Clock.objects.get(order_number=order.number, kind="sign").due_at == monday.replace(hour=20) + timedelta(hours=4)
    own = WorkCalendar.objects.get(code="office")
    city.units["LIGHT"].calendar = own
    city.units["LIGHT"].save()
    with time_machine.travel(monday.replace(hour=20), tick=False):
        assert handling(dispatched(city)).calendar == own
