"""POST /api/orders/: an order taken in by a program."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import City
from ticketing.orders.models import WorkOrder
from ticketing.outbox.models import Job

GOOD = {"order_type": "complaint", "content": "中山路路灯坏了", "duty_item": "LAMP", "place": "中山路", "phone": "19900000001"}


def signed_in(city: City, who: str) -> Client:
    client = Client()
    client.force_login(city.staff[who], backend="django.contrib.auth.backends.ModelBackend")
    return client


def post(client: Client, **changes: object):
    return client.post("/api/orders/", {**GOOD, **changes}, content_type="application/json")


def test_a_seat_takes_in_an_order_and_gets_number_and_code(city: City) -> None:
    answer = post(signed_in(city, "seat"))
    assert answer.status_code == 201
    order = WorkOrder.objects.get(number=answer.json()["number"])
    assert answer.json()["query_code"] == order.query_code
    assert order.duty_item.code == "LAMP"
    assert "19900000001" not in answer.content.decode()
    assert Job.objects.filter(kind="dispatch.route", payload={"order": order.pk}).exists()


def test_a_repeated_key_gives_the_first_order(city: City) -> None:
    client = signed_in(city, "seat")
    first, again = post(client, idempotency_key="k1"), post(client, idempotency_key="k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"content": ""}, "content"),
        ({"content": "长" * 5001}, "content"),
        ({"order_type": "nonsense"}, "order_type"),
        ({"duty_item": "NOWHERE"}, "duty_item"),
        ({"urgency": "soon"}, "urgency"),
        ({"phone": "call me"}, "phone"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_made(city: City, changes: dict, field: str) -> None:
    answer = post(signed_in(city, "seat"), **changes)
    assert answer.status_code == 400
    assert field in answer.content.decode()
    assert not WorkOrder.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("light", 403), ("quality", 403), ("leader", 201)])
def test_who_may_take_in(city: City, who: str, status: int) -> None:
    assert post(signed_in(city, who)).status_code == status


def test_nobody_unknown_may(city: City) -> None:
    assert post(Client()).status_code == 403


def test_an_empty_item_stands_for_none(city: City) -> None:
    assert post(signed_in(city, "seat"), duty_item="").status_code == 201
