"""The API: the same lists, verbs and refusals as the pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.ticketing.desk.conftest import REPLY, Desk
from ticketing.desk.api import OrderDetailSerializer, OrderSerializer
from ticketing.orders.models import WorkOrder

pytestmark = pytest.mark.django_db


def post(client: Client, order: WorkOrder, act: str, **body: Any) -> Any:
    return client.post(f"/api/orders/{order.number}/{act}/", body, content_type="application/json")


def test_nobody_reads_without_signing_in(desk: Desk) -> None:
    assert Client().get("/api/orders/").status_code == 403
    assert Client().get(f"/api/orders/{desk.triage().number}/").status_code == 403


def test_the_list_holds_what_the_person_may_see_and_filters(desk: Desk) -> None:
    mine, other = desk.dispatched(), desk.triage(title="路边垃圾")
    listed = desk.client("light").get("/api/orders/").json()
    assert [row["number"] for row in listed["results"]] == [mine.number]
    centre = desk.client("dispatcher")
    assert centre.get("/api/orders/").json()["count"] == 2
    assert centre.get("/api/orders/?state=triage").json()["count"] == 1
    assert centre.get("/api/orders/?q=垃圾").json()["results"][0]["number"] == other.number
    assert centre.get("/api/orders/?state=nonsense").status_code == 400


def test_the_answers_have_just_the_fields_that_the_schema_names(desk: Desk) -> None:
    order, client = desk.dispatched(), desk.client("dispatcher")
    assert list(client.get("/api/orders/").json()["results"][0]) == list(OrderSerializer.Meta.fields)
    assert list(client.get(f"/api/orders/{order.number}/").json()) == list(OrderDetailSerializer.Meta.fields)


def test_one_order_has_masked_contact_history_clocks_and_what_can_be_done(desk: Desk) -> None:
    order = desk.dispatched()
    body = desk.client("light").get(f"/api/orders/{order.number}/").json()
    assert body["contact"]["phone"] == "199****0001" and "19900000001" not in str(body)
    assert body["allowed"][0] == "sign" and "request_return" in body["allowed"]
    assert len(body["events"]) == 2 and {clock["kind"] for clock in body["clocks"]} == {"sign", "contact", "handle"}
    assert desk.client("west_house").get(f"/api/orders/{order.number}/").status_code == 404


def test_an_action_answers_with_the_order_as_it_is_now(desk: Desk) -> None:
    order = desk.dispatched()
    answer = post(desk.client("light"), order, "sign", version=order.version)
    assert answer.status_code == 200
    assert answer.json()["state"] == "processing" and "submit_reply" in answer.json()["allowed"]


def test_what_the_state_forbids_is_409_with_what_is_allowed(desk: Desk) -> None:
    order = desk.processing()
    answer = post(desk.client("light"), order, "sign")
    assert answer.status_code == 409 and answer.json()["code"] == "illegal_transition"
    assert "submit_reply" in answer.json()["allowed"]


def test_what_grew_stale_is_409_with_the_version(desk: Desk) -> None:
    order = desk.processing()
    answer = post(desk.client("light"), order, "submit_reply", public_text=REPLY, solved=True, version=1)
    assert answer.status_code == 409
    assert answer.json() == {"code": "stale", "detail": answer.json()["detail"], "version": order.version}


def test_what_the_role_forbids_is_403(desk: Desk) -> None:
    answer = post(desk.client("light"), desk.reply_review(), "approve_reply")
    assert answer.status_code == 403 and answer.json()["code"] == "not_allowed"


def test_a_wrong_field_is_400_with_what_to_change(desk: Desk) -> None:
    answer = post(desk.client("light"), desk.processing(), "submit_reply", public_text="", solved=True)
    assert answer.status_code == 400 and "public_text" in answer.json()["fields"]
    order = desk.dispatched()
    same = post(desk.client("dispatcher"), order, "reassign", unit=desk.city.units["LIGHT"].pk, reason="改派")
    assert same.status_code == 400 and same.json()["field"] == "unit"


@pytest.mark.parametrize("path", ["", "many/", "{number}/sign/"])
@pytest.mark.parametrize("body", [[1, 2], "word", 7, None])
def test_what_is_no_object_is_400(desk: Desk, path: str, body: object) -> None:
    who = "light" if "number" in path else "seat"
    address = f"/api/orders/{path}".format(number=desk.dispatched().number)
    assert desk.client(who).post(address, json.dumps(body), content_type="application/json").status_code == 400


def test_an_unknown_action_or_a_forged_number_is_404(desk: Desk) -> None:
    order, client = desk.triage(), desk.client("dispatcher")
    assert post(client, order, "explode").status_code == 404
    assert client.get("/api/orders/261122000179/").status_code == 404
    assert client.get("/api/orders/abc/").status_code == 404


def test_a_unit_that_gives_the_order_away_gets_a_short_answer(desk: Desk) -> None:
    order = desk.dispatched()
    answer = post(desk.client("light"), order, "request_return", ground="duty", reason="不是我们管")
    assert answer.status_code == 200 and answer.json()["state"] == "return_review"


def test_the_schema_describes_lists_and_actions(desk: Desk) -> None:
    schema = desk.client("dispatcher").get("/api/schema/?format=json").json()
    assert "/api/orders/" in schema["paths"]
    assert "/api/orders/{number}/{act}/" in schema["paths"]
