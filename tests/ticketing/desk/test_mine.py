"""My orders: drafts on a page and through the API."""

from __future__ import annotations

import json

from pytest_django import DjangoAssertNumQueries

from tests.ticketing.desk.conftest import Desk
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import State


def test_a_seat_saves_a_draft_and_submits_it_later(desk: Desk) -> None:
    client = desk.client("seat")
    saved = client.post("/desk/mine/new/", {"order_type": "help", "content": "井盖松动", "save": ""})
    assert saved.status_code == 302
    order = WorkOrder.objects.get(state=State.DRAFT)
    assert "井盖松动" in client.get("/desk/mine/").content.decode()
    url = f"/desk/orders/{order.number}/do"
    fuller = {"order_type": "help", "content": "和平路井盖松动", "duty_item": "路灯", "version": order.version}
    assert client.post(f"{url}/save_draft/", fuller).status_code == 302
    order.refresh_from_db()
    assert order.content == "和平路井盖松动" and order.duty_item == desk.city.items["LAMP"]
    assert client.post(f"{url}/submit/", {"version": order.version}).status_code == 302
    order.refresh_from_db()
    assert order.state == State.TRIAGE
    assert "井盖松动" in client.get("/desk/mine/").content.decode()


def test_submitting_at_once_needs_words(desk: Desk) -> None:
    client = desk.client("seat")
    assert client.post("/desk/mine/new/", {"order_type": "help", "submit": "1"}).status_code == 400
    wrong = client.post("/desk/mine/new/", {"order_type": "help", "duty_item": "没有这一项", "save": ""})
    assert wrong.status_code == 400 and "没有这个编码或名称" in wrong.content.decode()
    assert client.post("/desk/mine/new/", {"order_type": "help", "content": "井盖", "submit": "1"}).status_code == 302
    assert WorkOrder.objects.get().state == State.TRIAGE


def test_nobody_else_sees_the_draft_on_any_page(desk: Desk) -> None:
    desk.client("seat").post("/desk/mine/new/", {"order_type": "help", "content": "只有我知道的草稿", "save": ""})
    order = WorkOrder.objects.get()
    for username in ("seat2", "dispatcher", "supervisor", "light", "boss", "inspector"):
        client = desk.client(username)
        assert client.get(f"/desk/orders/{order.number}/").status_code == 404
        assert client.get(f"/api/orders/{order.number}/").status_code == 404
        assert "只有我知道的草稿" not in client.get("/desk/orders/").content.decode()


def test_the_api_saves_a_draft_and_submits_it(desk: Desk) -> None:
    client = desk.client("seat")
    body = {"order_type": "help", "content": "井盖松动", "draft": True}
    made = client.post("/api/orders/", json.dumps(body), content_type="application/json")
    assert made.status_code == 201 and made.json()["state"] == "draft" and made.json()["query_code"] == ""
    number = made.json()["number"]
    done = client.post(f"/api/orders/{number}/submit/", "{}", content_type="application/json")
    assert done.status_code == 200 and done.json()["state"] == "triage"


def test_the_list_has_a_fixed_number_of_queries(desk: Desk, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client = desk.client("seat")
    for n in range(3):
        client.post("/desk/mine/new/", {"order_type": "help", "content": f"井盖松动{n}", "save": ""})
        client.post("/desk/mine/new/", {"order_type": "help", "content": f"路灯{n}", "submit": "1"})
    with django_assert_num_queries(9):
        client.get("/desk/mine/")
