"""Extensions: before the limit ends, once a round, never longer than the first limit, and the citizen is told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from tests.cast import City
from tests.ticketing.orders.steps import processing, unit_clerk
from ticketing.clocks.models import Clock, ClockKind
from ticketing.notices.actions import notify_events
from ticketing.notices.models import NoticeTemplate
from ticketing.orders import actions, history
from ticketing.orders.errors import InvalidOrder
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import Action, State
from ticketing.organisation.actor import staff_actor


def asked(city: City, order: WorkOrder, amount: int = 2) -> WorkOrder:
    return actions.request_extension(order=order, actor=unit_clerk(city), amount=amount, reason="备件周三到货")


def granted(city: City, order: WorkOrder) -> WorkOrder:
    return actions.grant_extension(order=order, actor=staff_actor(city.staff["dispatcher"]))


def test_a_granted_extension_moves_the_due_moment_by_the_clocks_own_measure(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False):
        order = processing(city)
        before = order.due_at
        order = asked(city, order)
        assert order.state == State.EXTENSION_REVIEW and order.due_at == before
        order = granted(city, order)
    assert order.state == State.PROCESSING and before and order.due_at
    # Five working days from Monday end on the next Monday; two more end on that Wednesday at the same hour.
    assert order.due_at - before == timedelta(days=2)
    clock = Clock.objects.get(order_number=order.number, kind=ClockKind.HANDLE)
    assert clock.due_at == order.due_at and clock.warn_at == order.warn_at and clock.warn_at < clock.due_at
    assert not list(history.verify(number=order.number))


def test_a_refused_extension_changes_no_clock_and_is_not_asked_again(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False):
        order = processing(city)
        before = order.due_at
        order = actions.refuse_extension(order=asked(city, order), actor=staff_actor(city.staff["dispatcher"]), reason="理由不足")
        assert order.state == State.PROCESSING and order.due_at == before
        with pytest.raises(InvalidOrder, match="once"):
            asked(city, order)


def test_it_is_asked_for_before_the_limit_ends_and_not_longer_than_the_first(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False) as clock:
        order = processing(city)
        for amount in (0, 6):
            with pytest.raises(InvalidOrder, match="1 to 5"):
                asked(city, order, amount)
        assert order.due_at
        clock.move_to(order.due_at)
        with pytest.raises(InvalidOrder, match="has ended"):
            asked(city, order)


def test_the_citizen_is_told_with_the_reason_and_the_new_due_moment(city: City, monday: datetime) -> None:
    NoticeTemplate.objects.create(code="order_extended", channel="sms", text_zh="{number}延期：{reason}，{due}", text_en="x")
    with time_machine.travel(monday, tick=False):
        order = granted(city, asked(city, processing(city)))
        event = order.events.get(action=Action.GRANT_EXTENSION)
        (notice,) = notify_events(event_ids=[event.pk])
    assert "备件周三到货" in notice.body and order.number in notice.body and "{" not in notice.body
