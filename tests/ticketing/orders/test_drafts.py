"""Drafts: kept, completed and submitted by who began them, and by nobody else."""

from __future__ import annotations

import pytest

from tests.cast import City
from ticketing.citizens.actions import Contact
from ticketing.orders import actions, history, selectors
from ticketing.orders.errors import InvalidOrder, NotAllowed, OrderNotFound
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import Action, State
from ticketing.organisation.actor import Actor, citizen_actor, staff_actor
from ticketing.outbox.models import Job


def seat(city: City, username: str = "seat") -> Actor:
    return staff_actor(city.staff[username])


def begun(city: City, **fields: object) -> WorkOrder:
    draft = actions.Draft(order_type=city.types["help"], **fields)  # type: ignore[arg-type]
    return actions.start_draft(actor=seat(city), draft=draft, channel="desk")


def test_a_draft_is_completed_and_submitted_later(city: City) -> None:
    order = begun(city)
    assert order.state == State.DRAFT and order.content == ""
    fuller = actions.Draft(
        order_type=city.types["help"], content="井盖松动，电话13912345678", contact=Contact(name="王小明", phone="19900000009")
    )
    order = actions.save_draft(order=order, actor=seat(city), draft=fuller)
    assert "13912345678" not in order.content and order.citizen is not None
    jobs = Job.objects.filter(kind="dispatch.route").count()
    order = actions.submit_order(order=order, actor=seat(city))
    assert order.state == State.TRIAGE
    assert Job.objects.filter(kind="dispatch.route").count() == jobs + 1
    assert not list(history.verify(number=order.number))
    assert order in selectors.taken_in_by(city.staff["seat"])


def test_an_empty_draft_is_not_submitted(city: City) -> None:
    with pytest.raises(InvalidOrder):
        actions.submit_order(order=begun(city), actor=seat(city))


def test_a_draft_is_its_authors_alone(city: City) -> None:
    order = begun(city, content="井盖松动", contact=Contact(phone="19900000009"))
    assert list(selectors.drafts_of(city.staff["seat"])) == [order]
    assert selectors.get_order(city.staff["seat"], order.number) == order
    for username in set(city.staff) - {"seat"}:
        with pytest.raises(OrderNotFound):
            selectors.get_order(city.staff[username], order.number)
        assert order not in selectors.visible_orders(city.staff[username])
    for verb, values in ((actions.save_draft, {"draft": actions.Draft(order_type=order.order_type)}), (actions.submit_order, {})):
        with pytest.raises(NotAllowed):
            verb(order=order, actor=seat(city, "seat2"), **values)
    with pytest.raises(NotAllowed):
        actions.start_draft(actor=citizen_actor(channel="chat"), draft=actions.Draft(order_type=order.order_type), channel="chat")


def test_no_citizen_meets_a_draft(city: City) -> None:
    order = begun(city, content="井盖松动", contact=Contact(phone="19900000009"))
    with pytest.raises(OrderNotFound):
        selectors.track(order.number, order.query_code)
    assert selectors.orders_of_phone("19900000009") == []
    actions.submit_order(order=order, actor=seat(city))
    assert selectors.track(order.number, order.query_code) == order
    assert [o.number for o in selectors.orders_of_phone("19900000009")] == [order.number]


def test_a_draft_can_be_thrown_away(city: City) -> None:
    order = begun(city, content="井盖松动")
    assert Action.WITHDRAW in selectors.allowed_actions(city.staff["seat"], order)
    assert actions.withdraw_order(order=order, actor=seat(city)).state == State.WITHDRAWN
