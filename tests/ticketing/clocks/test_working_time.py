"""Working time against a counter that walks minute by minute and imports nothing of the calendar code."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketing.clocks.working_time import ALWAYS, DayRule, NoWorkingTime, WorkingCalendar, parse_windows

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)


def brute_force_minutes(
    weekly: list[list[tuple[int, int]]], special: dict[date, list[tuple[int, int]]], a: datetime, b: datetime
) -> int:
    """Working minutes in [a, b), one by one."""
    total = 0
    while a < b:
        windows = special.get(a.date(), weekly[a.weekday()])
        minute = a.hour * 60 + a.minute
        total += any(opening <= minute < closing for opening, closing in windows)
        a += MINUTE
    return total


@st.composite
def day_windows(draw: st.DrawFn) -> list[tuple[int, int]]:
    cuts = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    return [(cuts[i] * 15, cuts[i + 1] * 15) for i in range(0, len(cuts) - 1, 2)]


@st.composite
def calendars(draw: st.DrawFn) -> tuple[WorkingCalendar, list[list[tuple[int, int]]], dict[date, list[tuple[int, int]]]]:
    weekly = [draw(day_windows()) for _ in range(7)]
    days = draw(st.dictionaries(st.dates(date(2026, 1, 28), date(2026, 2, 20)), day_windows(), max_size=6))
    calendar = WorkingCalendar(
        code="drawn",
        weekly=tuple(tuple(w) for w in weekly),
        days={d: DayRule(windows=tuple(w), name="x") for d, w in days.items()},
        zone=ZONE,
    )
    return calendar, weekly, days


moments = st.integers(0, 14 * 24 * 60).map(lambda m: datetime(2026, 2, 1, tzinfo=ZONE) + m * MINUTE)


@settings(max_examples=150, deadline=None)
@given(calendars(), moments, moments)
def test_counted_time_is_what_a_minute_by_minute_count_gives(drawn, a: datetime, b: datetime) -> None:
    calendar, weekly, special = drawn
    expected = brute_force_minutes(weekly, special, a, b)
    assert calendar.counted(a, b) == expected * MINUTE


@settings(max_examples=150, deadline=None)
@given(calendars(), moments, st.integers(1, 3000))
def test_adding_then_counting_returns_the_amount_and_lands_on_the_first_such_minute(drawn, a: datetime, minutes: int) -> None:
    calendar, weekly, special = drawn
    if not any(weekly):
        with pytest.raises(NoWorkingTime):
            calendar.add(datetime(2026, 3, 1, tzinfo=ZONE), minutes * MINUTE)
        return
    due = calendar.add(a, minutes * MINUTE)
    assert calendar.counted(a, due) == minutes * MINUTE
    assert calendar.counted(a, due - MINUTE) < minutes * MINUTE
    if due - a < timedelta(days=25):
        assert brute_force_minutes(weekly, special, a, due) == minutes


@settings(max_examples=100, deadline=None)
@given(calendars(), moments, moments, moments, moments)
def test_an_explanation_tiles_the_stretch_and_adds_up(drawn, a: datetime, b: datetime, c: datetime, d: datetime) -> None:
    calendar = drawn[0]
    start, pause_start, pause_end, end = sorted([a, b, c, d])
    rows = calendar.explain(start, end, [(pause_start, pause_end, "lawsuit")])
    assert sum((r.duration for r in rows), timedelta()) == end - start
    assert all(x.end == y.start for x, y in pairwise(rows))
    counted = sum((r.duration for r in rows if r.counted), timedelta())
    assert counted == calendar.counted(start, end) - calendar.counted(pause_start, pause_end)


OFFICE = WorkingCalendar(
    code="office",
    weekly=(parse_windows([["09:00", "12:00"], ["13:30", "17:30"]]),) * 5 + ((), ()),
    days={
        date(2026, 5, 1): DayRule(windows=(), name="劳动节"),
        date(2026, 5, 9): DayRule(windows=parse_windows([["09:00", "12:00"], ["13:30", "17:30"]]), name="调休", kind="make_up"),
    },
    zone=ZONE,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-03-02T10:00", 1, "2026-03-03T17:30"),  # the day itself does not count
        ("2026-03-06T17:29", 1, "2026-03-09T17:30"),  # Friday: over the week-end
        ("2026-03-07T10:00", 1, "2026-03-09T17:30"),  # from a Saturday
        ("2026-04-30T10:00", 2, "2026-05-05T17:30"),  # over the holiday of the 1st
        ("2026-05-08T10:00", 1, "2026-05-09T17:30"),  # the Saturday made up for it counts
        ("2026-03-02T00:00", 5, "2026-03-09T17:30"),
    ],
)
def test_working_days_end_with_the_last_window_of_the_last_day(start: str, days: int, due: str) -> None:
    assert OFFICE.end_of_working_day(at(start), days) == at(due)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-03-02T10:00", 3, "2026-03-06T00:00"),
        ("2026-03-05T10:00", 2, "2026-03-10T00:00"),  # would end on Saturday: the next working day (Civil Code, article 203)
    ],
)
def test_natural_days_end_at_midnight_and_not_on_a_day_of_rest(start: str, days: int, due: str) -> None:
    assert OFFICE.end_of_natural_day(at(start), days) == at(due)


def test_a_round_the_clock_calendar_loses_no_minute_at_midnight() -> None:
    assert ALWAYS.counted(at("2026-03-02T00:00"), at("2026-03-09T00:00")) == timedelta(days=7)
    assert ALWAYS.add(at("2026-03-02T23:30"), timedelta(hours=1)) == at("2026-03-03T00:30")


def test_lunch_is_not_counted() -> None:
    assert OFFICE.counted(at("2026-03-02T11:00"), at("2026-03-02T14:30")) == timedelta(hours=2)


def test_an_unpublished_year_is_provisional() -> None:
    assert not OFFICE.is_provisional(at("2026-03-02T10:00"), at("2026-03-09T10:00"))
    assert OFFICE.is_provisional(at("2026-12-30T10:00"), at("2027-01-09T10:00"))


@pytest.mark.parametrize("windows", [[["12:00", "09:00"]], [["09:00", "12:00"], ["11:00", "13:00"]], [["09:00", "25:00"]]])
def test_impossible_windows_are_refused(windows: list[list[str]]) -> None:
    with pytest.raises(ValueError, match="overlap or run backwards"):
        parse_windows(windows)
