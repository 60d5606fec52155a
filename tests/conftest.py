"""The common ground of the tests: one small city and one fixed cast of people, made fresh for each test that asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache

from tests.cast import City, build_city, read_city

pytest_plugins = ["tests.stack.plugin"]


@pytest.fixture(autouse=True)
def _fresh_process_state() -> Iterator[None]:
    """Nothing that a process remembers between requests may pass from one test to the next."""
    from ticketing.organisation import kept

    cache.clear()
    kept.forget()
    yield
    kept.forget()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The test city is part of the empty test database, so that each test does not build it again."""
    with django_db_blocker.unblock():
        if not read_city():
            build_city()


@pytest.fixture
def city(db: None) -> City:
    """The small test city: two districts, a dozen units, three duty items, one calendar, the cast."""
    return read_city() or build_city()  # a test with real transactions before this one leaves the tables empty


@pytest.fixture
def monday() -> datetime:
    """Monday 2026-03-02, 10:00 in the city: an ordinary working moment."""
    return datetime.combine(date(2026, 3, 2), datetime.min.time(), tzinfo=ZoneInfo("Asia/Shanghai")).replace(hour=10)
