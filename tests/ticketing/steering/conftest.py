"""Signed-in people, and orders that were settled."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import City
from tests.ticketing.desk.conftest import Desk
from ticketing.orders.models import OrderEvent, WorkOrder

SignIn = Callable[[str], Client]


@pytest.fixture
def sign_in(city: City) -> SignIn:
    """A browser in which a person of the cast is signed in."""

    def signed_in(username: str) -> Client:
        client = Client()
        client.force_login(city.staff[username])
        return client

    return signed_in


@pytest.fixture
def leader(sign_in: SignIn) -> Client:
    """The shift leader, who may edit and publish."""
    return sign_in("leader")


@pytest.fixture
def desk(city: City) -> Desk:
    """The desks of the small test city."""
    return Desk(city)


def send(client: Client, verb: str, url: str, body: Any) -> Any:
    """A program's request."""
    return getattr(client, verb)(url, json.dumps(body), content_type="application/json")


def text(answer: Any) -> str:
    """The page as text."""
    return str(answer.content.decode())


def settled(city: City, by: str, *, gave_back: str = "", **changes: Any) -> WorkOrder:
    """A lamp that a unit put right, perhaps after another one gave the order back."""
    order = city.order(**({"duty_item": city.items["LAMP"], "content": f"中山路路灯坏了{WorkOrder.objects.count()}"} | changes))
    WorkOrder.objects.filter(pk=order.pk).update(unit=city.units[by], state="closed", dispatched_at=timezone.now())
    if gave_back:
        OrderEvent.objects.create(
            order=order, seq=90, action="accept_return", at=timezone.now(), to_state="triage", actor_kind="staff",
            actor_role="dispatcher", actor_name="派单员", data={"from_unit": gave_back}, hash="-",
        )  # fmt: skip
    return order
