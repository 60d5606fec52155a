"""Signing in: a whole hall from one address at the change of shift; a guesser is stopped by name."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from tests.cast import City

PASSWORD = "a-long-word-of-the-test"


@pytest.fixture
def seat(city: City) -> str:
    cache.clear()
    person = city.staff["seat"]
    person.set_password(PASSWORD)
    person.save()
    return person.username


def sign_in(username: str, password: str) -> Client:
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.post("/accounts/login/", {"login": username, "password": password})
    return client


def test_a_hall_of_seats_signs_in_from_one_address_within_a_minute(seat: str) -> None:
    assert all("sessionid" in sign_in(seat, PASSWORD).cookies for _ in range(32))


def test_a_guesser_is_stopped_even_with_the_right_word_at_last(seat: str) -> None:
    for guess in range(8):
        assert "sessionid" not in sign_in(seat, f"guess-{guess}").cookies
    assert "sessionid" not in sign_in(seat, PASSWORD).cookies
