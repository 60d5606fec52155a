"""Malicious repeated callers: recorded, reviewed by another, handed over to the police; nothing else changes."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

from tests.ticketing.desk.conftest import Desk
from ticketing.orders.models import NuisanceCase, WorkOrder

NOTE = "三日内来电四十次，每次辱骂坐席"


def recorded(desk: Desk, username: str = "seat") -> tuple[WorkOrder, NuisanceCase]:
    order = desk.triage()
    sent = desk.client(username).post(f"/desk/orders/{order.number}/nuisance/", {"kind": "abuse", "note": NOTE})
    assert sent.status_code == 302, sent.content.decode()
    return order, NuisanceCase.objects.get()


def test_recorded_reviewed_by_another_and_handed_over_on_pages(desk: Desk) -> None:
    order, case = recorded(desk)
    assert "登记恶意来电" in desk.client("seat").get(f"/desk/orders/{order.number}/").content.decode()
    page = f"/desk/nuisance/{case.pk}/"
    shown = desk.client("seat").get(page).content.decode()
    assert NOTE in shown and "199****0001" in shown and "19900000001" not in shown and "作出决定" not in shown
    assert "待审核" in desk.client("leader").get("/desk/nuisance/?q=19900000001").content.decode()
    assert "199****0001" in desk.client("leader").get(f"/desk/nuisance/?q={order.number[:8]}").content.decode()
    police = {"do": "police", "station": "城关派出所", "receipt": "公受〔2026〕7号"}
    assert desk.client("supervisor").post(page, police).status_code == 400  # not reviewed yet
    assert desk.client("leader").post(page, {"do": "review", "confirmed": "yes", "reason": "录音属实"}).status_code == 302
    assert desk.client("leader").post(page, police).status_code == 400
    assert desk.client("supervisor").post(page, police).status_code == 302
    shown = desk.client("supervisor").get(page).content.decode()
    assert "城关派出所" in shown and "录音属实" in shown and "已移送公安" in shown
    # What the citizen is served with stays as it was.
    assert WorkOrder.objects.get(pk=order.pk).version == order.version


def test_nobody_reviews_an_own_record_and_one_waits_at_a_time(desk: Desk) -> None:
    order, case = recorded(desk, "leader")
    page = f"/desk/nuisance/{case.pk}/"
    assert desk.client("leader").post(page, {"do": "review", "confirmed": "yes", "reason": "自己"}).status_code == 400
    again = desk.client("seat").post(f"/desk/orders/{order.number}/nuisance/", {"kind": "flood", "note": "又来"})
    assert again.status_code == 400 and "已登记" in again.content.decode()
    assert desk.client("supervisor").post(page, {"do": "review", "confirmed": "no", "reason": "情有可原"}).status_code == 302
    assert desk.client("supervisor").post(page, {"do": "review", "confirmed": "yes", "reason": "再审"}).status_code == 400
    anonymous = desk.triage(contact=None)
    assert (
        desk.client("seat").post(f"/desk/orders/{anonymous.number}/nuisance/", {"kind": "flood", "note": "x"}).status_code == 400
    )


def test_the_words_are_sealed_and_units_see_nothing(desk: Desk) -> None:
    _order, case = recorded(desk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM orders_nuisancecase")
        assert NOTE not in cursor.fetchone()[0]
    for username in ("light", "editor", "boss", "inspector"):
        client = desk.client(username)
        assert client.get("/desk/nuisance/").status_code == 403
        assert client.get(f"/desk/nuisance/{case.pk}/").status_code == 403
        assert client.get("/api/nuisance/").status_code == 403


def test_programs_do_the_same(desk: Desk) -> None:
    order = desk.triage()

    def post(username: str, url: str, **body: Any) -> Any:
        return desk.client(username).post(f"/api/nuisance/{url}", json.dumps(body), content_type="application/json")

    assert post("seat", "", order=order.number, kind="unknown", note="x").status_code == 400
    assert post("seat", "", order="000000000000", kind="flood", note="x").status_code == 404
    made = post("seat", "", order=order.number, kind="flood", note=NOTE)
    assert made.status_code == 201 and made.json()["phone"] == "199****0001"
    pk = made.json()["id"]
    assert post("seat", f"{pk}/review/", confirmed="yes", reason="x").status_code == 403
    assert post("leader", f"{pk}/review/", confirmed="yes", reason="属实").json()["status"] == "confirmed"
    assert post("supervisor", f"{pk}/police/", station="城关派出所", receipt="7").json()["status"] == "handed_over"
    assert post("supervisor", f"{pk}/police/", station="城关派出所", receipt="7").status_code == 400
    assert desk.client("leader").get("/api/nuisance/?status=handed_over").json()["count"] == 1
