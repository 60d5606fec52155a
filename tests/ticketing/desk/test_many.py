"""One action on many orders: each reports its own result."""

from __future__ import annotations

import json

from tests.ticketing.desk.conftest import Desk
from tests.ticketing.desk.test_doing import state_of
from ticketing.orders.workflow import State


def test_a_dispatcher_dispatches_many_and_sees_what_became_of_each(desk: Desk) -> None:
    waiting, other, gone = desk.triage(), desk.triage(title="另一件"), desk.callback()
    client, light = desk.client("dispatcher"), desk.city.units["LIGHT"]
    assert 'name="number"' in client.get("/desk/orders/").content.decode()
    numbers = [waiting.number, other.number, gone.number]
    form = client.get("/desk/many/", {"act": "dispatch", "number": numbers}).content.decode()
    assert "另一件" in form and 'name="unit"' in form
    assert client.post("/desk/many/", {"act": "dispatch", "number": numbers}).status_code == 400
    page = client.post("/desk/many/", {"act": "dispatch", "number": numbers, "unit": light.pk, "reason": "照明所负责"})
    text = page.content.decode()
    assert page.status_code == 200 and "成功 2 件" in text and "未成功 1 件" in text
    assert state_of(waiting) == state_of(other) == State.DISPATCHED and state_of(gone) == State.CALLBACK


def test_the_api_does_many_and_hides_what_may_not_be_seen(desk: Desk) -> None:
    mine, done, foreign = desk.dispatched(), desk.processing(), desk.triage()
    body = {"action": "sign", "numbers": [mine.number, done.number, foreign.number, mine.number, "12"]}
    answer = desk.client("light").post("/api/orders/many/", json.dumps(body), content_type="application/json")
    found = {row["number"]: row["code"] for row in answer.json()["results"]}
    assert answer.json()["done"] == 1
    assert found == {mine.number: "done", done.number: "illegal_transition", foreign.number: "not_found", "12": "not_found"}
    refused = desk.client("light").post(
        "/api/orders/many/", json.dumps({"action": "supervise", "numbers": [mine.number]}), content_type="application/json"
    )
    assert refused.status_code == 400


def test_who_may_do_nothing_with_many_sees_no_boxes_action(desk: Desk) -> None:
    desk.dispatched()
    page = desk.client("inspector").get("/desk/orders/").content.decode()
    assert "many-act" not in page
    assert desk.client("inspector").get("/desk/many/", {"act": "supervise"}).status_code == 404
