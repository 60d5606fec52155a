"""The history: append-only, chained, free of personal values, and whole after erasure and key rotation."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cast import City
from ticketing.citizens.actions import erase_citizen, rotate_sealing
from ticketing.orders import actions, history
from ticketing.orders.models import Commitment, OrderEvent, WorkOrder
from ticketing.orders.selectors import actor_for, timeline
from ticketing.orders.workflow import Action


@pytest.fixture
def order(city: City) -> WorkOrder:
    order = city.order(content="王小明家门口路灯坏了,电话19900000001,身份证11010519491231002X")
    actor = actor_for(city.staff["dispatcher"], order, Action.DISPATCH)
    order = actions.dispatch_order(order=order, actor=actor, unit=city.units["LIGHT"], reason="职责清单")
    return actions.sign_order(order=order, actor=actor_for(city.staff["light"], order, Action.SIGN))


def flaws() -> list[str]:
    return [flaw.what for flaw in history.verify()]


def alter_event(order: WorkOrder) -> None:
    OrderEvent.objects.filter(order=order, seq=2).update(actor_name="someone else")


def alter_data(order: WorkOrder) -> None:
    event = order.events.get(seq=2)
    OrderEvent.objects.filter(pk=event.pk).update(data={**event.data, "unit": "OTHER"})


def drop_middle(order: WorkOrder) -> None:
    Commitment.objects.filter(event__order=order, event__seq=2).delete()
    OrderEvent.objects.filter(order=order, seq=2).delete()


def drop_last(order: WorkOrder) -> None:
    OrderEvent.objects.filter(order=order, seq=3).delete()


def set_state(order: WorkOrder) -> None:
    WorkOrder.objects.filter(pk=order.pk).update(state="closed")


def drop_order(order: WorkOrder) -> None:
    Commitment.objects.filter(event__order=order).delete()
    order.events.all().delete()
    WorkOrder.objects.filter(pk=order.pk).delete()


def swap_text(order: WorkOrder) -> None:
    salt = Commitment.objects.filter(event__order=order, field="reason").first()
    salt.value = "另一个理由"
    salt.save()


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (alter_event, "this event was changed"),
        (alter_data, "this event was changed"),
        (drop_middle, "an event before this one is missing"),
        (drop_last, "events at the end are missing"),
        (set_state, "the order's state is not the one its history ends in"),
        (drop_order, "the whole order is missing"),
        (swap_text, "the kept reason is not what was committed to"),
    ],
)
def test_tampering_is_found(order: WorkOrder, tamper: Callable[[WorkOrder], None], found: str) -> None:
    assert flaws() == []
    tamper(order)
    assert found in flaws()


def test_the_command_fails_on_a_flaw_and_names_it(order: WorkOrder) -> None:
    out, err = StringIO(), StringIO()
    call_command("verify_history", stdout=out)
    assert "history holds" in out.getvalue()
    alter_event(order)
    with pytest.raises(CommandError, match="flaws found"):
        call_command("verify_history", stderr=err)
    assert f"{order.number}#2" in err.getvalue()


def test_no_personal_value_is_in_an_event(order: WorkOrder) -> None:
    stored = json.dumps(list(order.events.values()), default=str, ensure_ascii=False)
    for value in ("王小明", "19900000001", "11010519491231002X", "门口路灯"):
        assert value not in stored
    assert "199****0001" in order.content


def test_erasing_a_citizen_and_the_committed_texts_leaves_the_chain_whole(order: WorkOrder) -> None:
    erase_citizen(citizen=order.citizen)
    Commitment.objects.filter(event__order=order).delete()
    order.refresh_from_db()
    assert order.citizen.name == ""
    assert flaws() == []
    assert [entry.texts for entry in timeline(order)] == [{}, {}, {}]


def test_rotating_the_sealing_key_leaves_everything_readable(order: WorkOrder) -> None:
    old = order.citizen.phone
    new_key = "k2:" + base64.urlsafe_b64encode(b"n" * 32).decode()
    with override_settings(SEALING_KEYS=[new_key, *django_settings.SEALING_KEYS]):
        assert rotate_sealing() >= 1
    with override_settings(SEALING_KEYS=[new_key]):  # the old key is gone for good
        order.citizen.refresh_from_db()
        assert order.citizen.phone == old
        assert WorkOrder.objects.get(pk=order.pk).query_code == order.query_code
        assert flaws() == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(min_size=1, max_size=40).filter(str.strip), min_size=1, max_size=5))
def test_any_sequence_of_texts_verifies_and_reads_back(city: City, texts: list[str]) -> None:
    order = city.order()
    for text in texts:
        order = actions.add_facts(order=order, actor=actor_for(city.staff["seat"], order, Action.ADD_FACTS), text=text)
    assert list(history.verify(number=order.number)) == []
    assert order.version == len(texts) + 1
