"""First dispatched right: what counts, by category, unit and month; and what an accepted return does to its path."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tests.ticketing.desk.conftest import Desk
from tests.ticketing.steering.conftest import SignIn, text
from ticketing.dispatch import accuracy, returns, trust
from ticketing.dispatch import actions as dispatch
from ticketing.dispatch.candidates import facts_of, rank
from ticketing.dispatch.training import decided_orders
from ticketing.orders import actions as orders
from ticketing.orders.models import OrderEvent, WorkOrder
from ticketing.orders.selectors import actor_for
from ticketing.orders.workflow import Action
from ticketing.organisation import kept
from ticketing.organisation.actor import Actor

PAGE = "/desk/steering/first-right/"


def signed(desk: Desk, **changes: Any) -> WorkOrder:
    return desk.processing(duty_item=desk.city.items["LAMP"], **changes)


def returned(desk: Desk, **changes: Any) -> WorkOrder:
    """An order that the lighting company gave back, and that the housing office then got as something else."""
    order = desk.dispatched(duty_item=desk.city.items["LAMP"], **changes)
    order = desk.do(orders.request_return, Action.REQUEST_RETURN, "light", order, reason="不归我们管")
    return desk.do(orders.accept_return, Action.ACCEPT_RETURN, "dispatcher", order)


def counted() -> accuracy.Share:
    found = accuracy.refresh()
    return found.whole() if found.cells else accuracy.Share("")


def test_signed_orders_are_right_until_they_come_back_or_go_elsewhere(desk: Desk) -> None:
    signed(desk)
    assert (counted().sent, counted().right) == (1, 1)
    returned(desk, content="退回的")
    moved = signed(desk, content="改派的")
    desk.do(orders.reassign_order, Action.REASSIGN, "dispatcher", moved, unit=desk.city.units["HOUSE"], reason="改派")
    assert (counted().sent, counted().right, counted().share) == (3, 1, pytest.approx(33.33, abs=0.01))


def test_orders_not_signed_undone_generated_imported_and_sealed_do_not_count(desk: Desk) -> None:
    desk.dispatched(content="未签收")
    for n, changes in enumerate([{"origin": "generated"}, {"origin": "import"}, {"secrecy": "sealed"}]):
        WorkOrder.objects.filter(pk=signed(desk, content=f"不算{n}").pk).update(**changes)
    undone = desk.dispatched(content="撤销的")
    desk.do(orders.undo_dispatch, Action.UNDO_DISPATCH, "dispatcher", undone)
    assert counted().sent == 0


def test_machine_and_people_are_told_apart_and_months_too(desk: Desk) -> None:
    order = desk.city.order(duty_item=desk.city.items["LAMP"])
    dispatch.route_orders(order_ids=[order.pk])
    desk.do(orders.sign_order, Action.SIGN, "light", WorkOrder.objects.get(pk=order.pk))
    old = signed(desk, content="旧的")
    OrderEvent.objects.filter(order=old).update(at=timezone.now() - timedelta(days=62))
    found = accuracy.refresh()
    assert (found.whole().sent, found.whole().machine_sent) == (2, 1)
    assert len(found.months) == 2 and [r.sent for r in found.by("month")] == [1, 1]
    assert [(r.key, r.sent) for r in found.by("unit")] == [("LIGHT", 2)]
    assert [(r.key, r.sent) for r in found.by("category", month=found.months[0])] == [("01", 1)]


def test_the_page_shows_figures_definition_and_who_may_dispatch_alone(desk: Desk, leader: Client, sign_in: SignIn) -> None:
    empty = text(leader.get(PAGE))
    assert "还没有可统计的工单" in empty and "还没有人工判定的工单" in empty
    signed(desk)
    returned(desk, content="退回的")
    accuracy.refresh()
    cache.set(trust.CACHE_KEY, {"01": (85, 85)})
    shown = text(leader.get(PAGE))
    assert "50.0 %" in shown and "城乡建设" in shown and "统计口径" in shown and "95.7 %" in shown
    assert "测试市照明管理所" in text(leader.get(PAGE + "?by=unit"))
    assert leader.get(PAGE + "?by=nothing&month=never").status_code == 200
    found = leader.get("/api/steering/first-right/?by=unit").json()
    assert found["rows"][0]["key"] == "LIGHT" and found["rows"][0]["share"] == 50
    assert found["classifier"][0]["may_dispatch_alone"] is True
    for username in ("light", "seat"):
        assert sign_in(username).get(PAGE).status_code == 403
        assert sign_in(username).get("/api/steering/first-right/").status_code == 403


def test_an_accepted_return_lowers_its_path_and_becomes_training_data(desk: Desk) -> None:
    city = desk.city
    fresh = city.order(duty_item=city.items["LAMP"], content="新的一盏灯")

    def score() -> tuple[float, set[str]]:
        kept.forget()
        light = next(c for c in rank(facts_of(fresh)) if c.unit.code == "LIGHT")
        return light.score, {r.kind for r in light.reasons}

    before, kinds = score()
    assert "returned" not in kinds
    signed(desk, content="办成的")
    order = returned(desk, content="其实是施工噪音")
    assert "其实是施工噪音" not in {m.text for m in decided_orders()}
    actor = dispatcher(desk, order)
    dispatch.choose_unit(
        order=order, unit=city.units["EAST-HOUSE"], actor=actor, reason="施工噪音", duty_item=city.items["NOISE"]
    )
    returns.refresh()
    after, kinds = score()
    assert "returned" in kinds
    assert after == before + round(-40 * 1 / 2, 2)
    assert {m.label for m in decided_orders() if m.text == "其实是施工噪音"} == {"NOISE"}
    WorkOrder.objects.filter(pk=order.pk).update(origin="generated")
    returns.refresh()
    assert score() == (before, kinds - {"returned"})


def dispatcher(desk: Desk, order: WorkOrder) -> Actor:

    return actor_for(desk.city.staff["dispatcher"], order, Action.DISPATCH)
