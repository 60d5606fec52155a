"""Joint handling on the pages and through the API."""

from __future__ import annotations

import json

from tests.ticketing.desk.conftest import Desk
from tests.ticketing.desk.test_doing import act, state_of
from ticketing.orders.workflow import State


def test_a_unit_is_asked_replies_for_its_part_and_the_lead_merges(desk: Desk) -> None:
    order, light, helper = desk.processing(), desk.client("light"), desk.client("east_house")
    assert helper.get(f"/desk/orders/{order.number}/").status_code == 404
    asked = act(light, order, "ask_assist", unit=desk.city.units["EAST-HOUSE"].pk, task="查验箱变")
    assert asked.status_code == 302
    assert "查验箱变" in helper.get("/desk/unit/").content.decode()
    page = helper.get(f"/desk/orders/{order.number}/").content.decode()
    assert "查验箱变" in page and "assist_reply" in page and "王" not in page and "submit_reply" not in page
    early = act(light, order, "submit_reply", public_text="已修复", solved="True")
    assert early.status_code == 400 and "协办单位尚未全部答复" in early.content.decode()
    assert act(helper, order, "assist_reply", text="箱变正常").status_code == 302
    assert state_of(order) == State.JOINING
    form = light.get(f"/desk/orders/{order.number}/do/submit_reply/").content.decode()
    assert "箱变正常" in form
    assert act(light, order, "submit_reply", public_text="已修复，箱变正常", solved="True").status_code == 302
    assert state_of(order) == State.REPLY_REVIEW


def test_the_api_gives_an_assisting_unit_only_what_it_needs(desk: Desk) -> None:
    order, helper = desk.processing(), desk.client("east_house")
    body = json.dumps({"unit": desk.city.units["EAST-HOUSE"].pk, "task": "查验箱变"})
    assert (
        desk.client("light").post(f"/api/orders/{order.number}/ask_assist/", body, content_type="application/json").status_code
        == 200
    )
    seen = helper.get(f"/api/orders/{order.number}/").json()
    assert seen["contact"] == {"name": "", "phone": ""} and seen["candidates"] == []
    assert seen["allowed"] == ["assist_reply", "assist_decline"]
    refused = helper.post(f"/api/orders/{order.number}/submit_reply/", "{}", content_type="application/json")
    assert refused.status_code == 403
    done = helper.post(f"/api/orders/{order.number}/assist_reply/", json.dumps({"text": "正常"}), content_type="application/json")
    assert done.status_code == 200 and done.json()["state"] == "joining"
