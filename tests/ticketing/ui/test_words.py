"""Times and numbers in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from ticketing.ui.words import duration_words, number_groups, relative_moment

NOW = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)  # 16:00 in the city


@pytest.mark.parametrize(
    ("value", "day_hours", "words"),
    [
        (timedelta(hours=12), 8, "1 day 4 hours"),
        (timedelta(hours=28), 24, "1 day 4 hours"),
        (timedelta(days=2, minutes=50), 24, "2 days"),
        (timedelta(minutes=95), 24, "1 hour 35 minutes"),
        (timedelta(seconds=20), 24, "less than a minute"),
        (timedelta(seconds=-5), 24, "less than a minute"),
    ],
)
def test_durations_carry_their_units(value: timedelta, day_hours: float, words: str) -> None:
    with translation.override("en"):
        assert duration_words(value, day_hours) == words


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=10), "just now"),
        (timedelta(minutes=5), "5 minutes ago"),
        (timedelta(hours=3), "today 13:00"),
        (timedelta(hours=20), "yesterday 20:00"),
        (-timedelta(hours=20), "tomorrow 12:00"),
        (timedelta(days=9), "23 Feb 16:00"),
        (timedelta(days=400), "28 Jan 2025 16:00"),
    ],
)
def test_moments_as_people_say_them(before: timedelta, words: str) -> None:
    with translation.override("en"):
        assert relative_moment(NOW - before, now=NOW) == words


def test_numbers_in_groups_keep_every_digit() -> None:
    assert number_groups("261122000173") == ["2611", "2200", "0173"]
