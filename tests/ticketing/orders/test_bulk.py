"""Bulk loading: the same rows, events and hashes as the single verbs, harmless when repeated, refused when illegal."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.cast import City
from ticketing.clocks.models import Clock
from ticketing.orders import bulk, generation, history
from ticketing.orders.bulk import OrderRow, StepRow
from ticketing.orders.errors import IllegalTransition
from ticketing.orders.models import OrderEvent, WorkOrder
from ticketing.orders.workflow import Action, State
from ticketing.organisation.actor import SYSTEM, staff_actor
from ticketing.outbox.models import Job


def row(city: City, monday: datetime, *steps: StepRow, key: str = "k") -> OrderRow:
    return OrderRow(
        key=key,
        order_type=city.types["complaint"],
        title="路灯不亮",
        content="中山路路灯不亮，电话19900000001",
        channel="voice",
        created_at=monday,
        actor=staff_actor(city.staff["seat"]),
        duty_item=city.items["LAMP"],
        place=city.places["中山路"],
        region=city.regions["east1"],
        steps=steps,
    )


def past(city: City, monday: datetime) -> list[StepRow]:
    light, dispatcher, caller = (staff_actor(city.staff[who]) for who in ("light", "dispatcher", "callback"))
    at = [monday + timedelta(hours=n) for n in range(1, 6)]
    return [
        StepRow(Action.DISPATCH, at[0], SYSTEM, unit=city.units["LIGHT"], text="职责"),
        StepRow(Action.SIGN, at[1], light),
        StepRow(Action.SUBMIT_REPLY, at[2], light, text="已修复", solved=True),
        StepRow(Action.APPROVE_REPLY, at[3], dispatcher),
        StepRow(Action.CLOSE, at[4], caller, solved=True, satisfaction=5),
    ]


def test_a_loaded_order_is_as_one_that_walked(city: City, monday: datetime) -> None:
    assert bulk.load_orders([row(city, monday, *past(city, monday))]) == 1
    order = WorkOrder.objects.get()
    assert (order.state, order.unit, order.version) == (State.CLOSED, city.units["LIGHT"], 6)
    assert "199****0001" in order.content
    assert list(history.verify()) == []
    assert not Clock.objects.filter(order_number=order.number, stopped_at=None).exists()
    assert (order.replies.get().status, order.ratings.get().score) == ("approved", 5)


def test_loading_twice_changes_nothing(city: City, monday: datetime) -> None:
    rows = [row(city, monday, *past(city, monday))]
    assert [bulk.load_orders(rows), bulk.load_orders(rows)] == [1, 0]
    assert WorkOrder.objects.count() == 1


def test_an_impossible_past_is_refused_whole(city: City, monday: datetime) -> None:
    good, wrong = row(city, monday, key="good"), row(city, monday, *past(city, monday)[1:], key="wrong")
    with pytest.raises(IllegalTransition):
        bulk.load_orders([good, wrong])
    assert not WorkOrder.objects.exists()


def test_an_order_that_waits_is_routed(city: City, monday: datetime) -> None:
    bulk.load_orders([row(city, monday)])
    assert Job.objects.get(kind="dispatch.route").payload == {"order": WorkOrder.objects.get().pk}


def test_generated_orders_verify_and_look_like_a_hotlines(city: City) -> None:
    out = StringIO()
    call_command("generate_history", "--orders", "120", stdout=out)
    assert "120 new orders" in out.getvalue()
    assert list(history.verify()) == []
    states = set(WorkOrder.objects.values_list("state", flat=True))
    assert {State.CLOSED, State.CLOSED_DIRECT} <= states
    assert OrderEvent.objects.filter(action="dispatch", actor_kind="system").exists()
    call_command("generate_history", "--orders", "120", stdout=out)
    assert WorkOrder.objects.count() == 120


def test_the_same_seed_gives_the_same_orders(city: City, monday: datetime) -> None:
    first, again = (list(generation.example_orders(20, seed=7, now=monday)) for _ in range(2))
    assert [(r.content, r.created_at, len(r.steps)) for r in first] == [(r.content, r.created_at, len(r.steps)) for r in again]


def test_without_people_there_is_nothing_to_make(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> None:
        raise generation.NoCity

    monkeypatch.setattr(generation, "_read_city", nothing)
    with pytest.raises(CommandError, match="load_city"):
        call_command("generate_history", "--orders", "1")
    with pytest.raises(CommandError, match="between 1"):
        call_command("generate_history", "--orders", "0")
