"""Joint handling: own clocks, parts that are gathered, one merged reply, and what an assisting unit may see."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from tests.cast import City
from tests.ticketing.orders.steps import as_, processing, unit_clerk
from ticketing.clocks.models import Clock, ClockKind, TimeLimit
from ticketing.orders import actions, history, selectors
from ticketing.orders.actions.rounds import make_rounds
from ticketing.orders.errors import IllegalTransition, InvalidOrder, OrderNotFound
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import State
from ticketing.organisation.kept import forget


def helped(city: City, *units: str, order: WorkOrder | None = None) -> WorkOrder:
    order = order or processing(city)
    for code in units or ("EAST-HOUSE",):
        order = actions.ask_assist(order=order, actor=unit_clerk(city), unit=city.units[code], task="查验现场")
    return order


def test_the_last_part_gathers_and_the_lead_merges_into_one_reply(city: City) -> None:
    order = helped(city, "EAST-HOUSE", "WEST-HOUSE")
    order = actions.reply_assist(order=order, actor=as_(city, "east_house"), text="东侧已查验")
    assert order.state == State.PROCESSING
    with pytest.raises(InvalidOrder, match="not every assisting unit"):
        actions.submit_reply(order=order, actor=unit_clerk(city), public_text="已修复", solved=True)
    order = actions.decline_assist(order=order, actor=as_(city, "west_house"), reason="不在西片区")
    assert order.state == State.JOINING
    order = actions.submit_reply(order=order, actor=unit_clerk(city), public_text="已修复，东侧查验合格", solved=True)
    assert order.state == State.REPLY_REVIEW
    assert order.replies.get().unit == city.units["LIGHT"]
    assert not list(history.verify(number=order.number))


def test_each_part_has_its_own_clock_that_never_outlasts_the_lead_units(city: City, monday: datetime) -> None:
    TimeLimit.objects.create(kind=ClockKind.ASSIST, value=20, measure="working_days")
    forget()
    with time_machine.travel(monday, tick=False):
        order = helped(city, "EAST-HOUSE", "WEST-HOUSE")
        clocks = Clock.objects.filter(order_number=order.number, kind=ClockKind.ASSIST, stopped_at=None)
        assert [c.due_at for c in clocks] == [order.due_at, order.due_at]
        actions.reply_assist(order=order, actor=as_(city, "east_house"), text="已查验")
        assert clocks.all().count() == 1
        assert Clock.objects.get(order_number=order.number, kind=ClockKind.HANDLE).stopped_at is None


def test_a_part_that_does_not_come_is_gathered_without_when_its_time_is_up(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False) as clock:
        order = processing(city)
        due = monday + timedelta(hours=4)
        order = actions.ask_assist(order=order, actor=unit_clerk(city), unit=city.units["EAST-HOUSE"], task="查验", due=due)
        assert make_rounds()["gathered"] == 0
        clock.move_to(due + timedelta(minutes=1))
        assert make_rounds()["gathered"] == 1
        order.refresh_from_db()
        assert order.state == State.JOINING and order.assists.get().status == "lapsed"
        with pytest.raises(IllegalTransition):
            actions.reply_assist(order=order, actor=as_(city, "east_house"), text="迟到的答复")


def test_calling_off_the_only_part_leaves_the_order_with_its_unit(city: City) -> None:
    order = helped(city)
    order = actions.cancel_assist(order=order, actor=unit_clerk(city), unit=city.units["EAST-HOUSE"], reason="不需要了")
    assert order.state == State.PROCESSING
    order = actions.submit_reply(order=order, actor=unit_clerk(city), public_text="已修复", solved=True)
    assert order.state == State.REPLY_REVIEW


def test_who_can_be_asked(city: City) -> None:
    order = helped(city)
    for code, words in (("LIGHT", "lead unit itself"), ("EAST-HOUSE", "asked already"), ("GOV", "does not take")):
        with pytest.raises(InvalidOrder, match=words):
            actions.ask_assist(order=order, actor=unit_clerk(city), unit=city.units[code], task="查验")


def test_an_assisting_unit_sees_the_matter_but_neither_contact_nor_other_orders(city: City) -> None:
    order, other = processing(city), processing(city)
    staff = city.staff["east_house"]
    with pytest.raises(OrderNotFound):
        selectors.get_order(staff, order.number)
    order = helped(city, order=order)
    assert [a.order for a in selectors.assist_list(staff)] == [order]
    assert selectors.get_order(staff, order.number) == order
    assert not selectors.sees_whole(staff, order) and not selectors.may_reveal(order, staff)
    assert selectors.contact_of(order, staff) == {"name": "", "phone": ""}
    mine = [str(a) for a in selectors.allowed_actions(staff, order)]
    assert mine[:2] == ["assist_reply", "assist_decline"]
    assert set(mine[2:]) == {"appeal_card", "appeal_finding"}  # against what is held against itself, wherever that is
    assert list(selectors.visible_orders(staff)) == [order] and other not in selectors.visible_orders(staff)
    assert list(selectors.unit_list(staff)) == []
    actions.cancel_assist(order=order, actor=unit_clerk(city), unit=city.units["EAST-HOUSE"], reason="不需要了")
    with pytest.raises(OrderNotFound):
        selectors.get_order(staff, order.number)
