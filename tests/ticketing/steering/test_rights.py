"""Every address of the steering pages and their API, for everybody who has no business there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import PEOPLE
from tests.ticketing.desk.conftest import Desk
from tests.ticketing.steering.conftest import SignIn, send
from ticketing.dispatch import actions
from ticketing.dispatch.models import Alert, DispatchRule, Rehearsal, Release
from ticketing.organisation.actor import staff_actor
from ticketing.steering import api_urls, urls
from ticketing.steering.people import READERS

STRANGERS = [username for username, _shown, _unit, role in PEOPLE if role not in READERS]


def addresses(number: str) -> Iterator[str]:
    """Every address, read from the tables of addresses themselves."""
    values = {"<int:pk>": "1", "<slug:kind>": "rules", "<slug:verb>": "publish", "<str:number>": number}
    for start, patterns in (("/desk/steering/", urls.urlpatterns), ("/api/steering/", api_urls.urlpatterns)):
        for pattern in patterns:
            route = str(pattern.pattern)
            for name, value in values.items():
                route = route.replace(name, value)
            assert "<" not in route, f"the test does not know how to fill {route}"
            yield start + route


@pytest.fixture
def number(desk: Desk) -> str:
    """An order, a draft, a rehearsal and an alert, so that every address leads somewhere."""
    order = desk.processing(title="只有中心看得到的规则")
    release = actions.open_rules(actor=staff_actor(desk.city.staff["leader"]))
    Rehearsal.objects.create(pk=1, release=release, days=30, asked_by="班长", asked_at=timezone.now())
    Alert.objects.create(pk=1, kind="group", key="group:1", data={"people": 5, "hours": 24, "title": "路灯"}, at=timezone.now())
    return order.number


@pytest.mark.parametrize("username", STRANGERS)
def test_nobody_else_reads_or_changes_anything(number: str, sign_in: SignIn, username: str) -> None:
    client = sign_in(username)
    for url in addresses(number):
        assert client.get(url).status_code in (403, 405), url
        assert client.post(url, {"reason": "x", "note": "x", "rows": "LAMP,HOUSE"}).status_code in (403, 405), url
        assert send(client, "put", url, {"rules": [], "items": []}).status_code in (403, 405), url
    assert Release.objects.filter(state="draft").count() == 1
    assert Alert.objects.get().noted_at is None and not DispatchRule.objects.exists()


def test_a_visitor_is_let_in_nowhere(number: str) -> None:
    for url in addresses(number):
        assert Client().get(url).status_code in (302, 401, 403, 405), url
        assert Client().post(url, {}).status_code in (302, 401, 403, 405), url


def test_a_rule_about_orders_shows_no_order_that_the_person_may_not_see(desk: Desk, sign_in: SignIn) -> None:
    sealed = desk.city.order(title="密封的路灯举报", secrecy="sealed")
    client = sign_in("leader")
    assert client.get(f"/api/steering/neighbours/{sealed.number}/").status_code == 404
    found = send(client, "post", "/api/steering/rules/preview/", {"when": '"路灯"'}).json()
    assert (found["read"], found["examples"]) == (0, [])
