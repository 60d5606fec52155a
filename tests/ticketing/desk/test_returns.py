"""Returns, rulings, suspensions and the checklist on the pages."""

from __future__ import annotations

from typing import Any

from tests.ticketing.desk.conftest import Desk
from tests.ticketing.desk.test_doing import act, picture, state_of
from ticketing.orders.actions.content import import_reply_checks, import_return_reasons
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import State


def test_a_ground_demands_unit_and_file(desk: Desk, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    import_return_reasons([{"code": "duty", "zh": "不属于本单位职责", "en": "x", "needs_unit": True, "needs_evidence": True}])
    order, light = desk.dispatched(), desk.client("light")
    assert "不属于本单位职责" in light.get(f"/desk/orders/{order.number}/do/request_return/").content.decode()
    bare = act(light, order, "request_return", ground="duty", reason="依据三定方案")
    assert bare.status_code == 400 and bare.content.decode().count("field-wrong") >= 2
    house = desk.city.units["HOUSE"].pk
    full = act(light, order, "request_return", ground="duty", reason="依据三定方案", proposed_unit=house, photos=picture())
    assert full.status_code == 302 and state_of(order) == State.RETURN_REVIEW
    assert order.attachments.get().purpose == "evidence"


def test_a_suspension_asks_for_its_date_and_a_ruling_proposes_the_backstop(desk: Desk) -> None:
    order = desk.processing()
    assert act(desk.client("dispatcher"), order, "suspend", reason="道路改造").status_code == 400
    done = act(desk.client("dispatcher"), order, "suspend", reason="道路改造", review_at="2099-01-05T09:00", resumes="on")
    assert done.status_code == 302
    fresh = WorkOrder.objects.get(pk=order.pk)
    assert fresh.state == State.SUSPENDED and fresh.resumes and fresh.review_at
    other = desk.dispatched()
    WorkOrder.objects.filter(pk=other.pk).update(state=State.DISPUTE)
    page = desk.client("supervisor").get(f"/desk/orders/{other.number}/do/rule/").content.decode()
    assert "东片区人民政府" in page and f'value="{desk.city.units["EAST"].pk}" selected' in page


def test_the_review_ticks_its_checklist(desk: Desk) -> None:
    import_reply_checks([{"code": "answers", "zh": "逐项回应了诉求", "en": "x", "required": True}])
    order, client = desk.reply_review(), desk.client("dispatcher")
    assert "逐项回应了诉求" in client.get(f"/desk/orders/{order.number}/do/approve_reply/").content.decode()
    assert act(client, order, "approve_reply").status_code == 400
    assert act(client, order, "approve_reply", checked="answers").status_code == 302
    assert state_of(order) == State.CALLBACK
