"""Claiming: what one dispatcher works on, no other one takes."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from tests.ticketing.desk.conftest import Desk
from ticketing.dispatch.models import Claim
from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import Appointment, Staff
from ticketing.organisation.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(desk: Desk) -> Staff:
    """Another dispatcher beside the cast's."""
    return colleague(desk, "dispatcher-2")


def colleague(desk: Desk, username: str) -> Staff:
    first = desk.city.staff["dispatcher"]
    made = Staff.objects.create_user(username, password="x", display_name="另一位派单员", unit=first.unit)
    Appointment.objects.create(staff=made, role=Role.DISPATCHER, unit=first.unit)
    desk.city.staff[username] = made
    return made


def test_what_one_holds_another_neither_claims_nor_dispatches(desk: Desk, second: Staff) -> None:
    order, unit = desk.triage(), desk.city.units["LIGHT"]
    mine, theirs = desk.client("dispatcher"), desk.client(second.username)
    page = mine.post(f"/desk/orders/{order.number}/claim/", follow=True).content.decode()
    assert "由您处理" in page and "释放" in page
    page = theirs.get(f"/desk/inbox/?order={order.number}").content.decode()
    assert f"{desk.city.staff['dispatcher'].display_name}正在处理此工单" in page and "接管" not in page
    assert "请处理其他工单" in theirs.post(f"/desk/orders/{order.number}/claim/", follow=True).content.decode()
    typed = {"unit": unit.pk, "reason": "照明所负责路灯，请尽快办理"}
    answer = theirs.post(f"/desk/orders/{order.number}/do/dispatch/", typed)
    assert (
        answer.status_code == 400 and "正在处理此工单" in answer.content.decode() and typed["reason"] in answer.content.decode()
    )
    answer = theirs.post(f"/api/orders/{order.number}/dispatch/", typed, content_type="application/json")
    assert answer.status_code == 409 and answer.json()["code"] == "claimed"
    assert WorkOrder.objects.get().state == "triage"
    assert mine.post(f"/api/orders/{order.number}/dispatch/", typed, content_type="application/json").status_code == 200
    assert not Claim.objects.exists(), "what is dispatched is in nobody's hands"


def test_the_next_one_is_the_most_urgent_and_oldest_that_nobody_holds(desk: Desk, second: Staff) -> None:
    plain, urgent = desk.triage(title="路灯不亮"), desk.triage(title="电线坠落", urgency="urgent")
    first = desk.client("dispatcher").post("/api/orders/claim_next/").json()
    other = desk.client(second.username).post("/desk/inbox/next/", follow=True)
    assert first["number"] == urgent.number and other.request["QUERY_STRING"] == f"order={plain.number}"
    assert desk.client(second.username).post("/api/orders/claim_next/").status_code == 204
    assert "没有无人处理的待办工单" in desk.client(second.username).post("/desk/inbox/next/", follow=True).content.decode()


def test_a_claim_lapses_is_released_and_is_taken_over_by_a_leader(desk: Desk, second: Staff) -> None:
    order = desk.triage()
    url = f"/api/orders/{order.number}/claim/"
    mine, theirs, leader = (desk.client(name) for name in ("dispatcher", second.username, "supervisor"))
    assert mine.post(url).status_code == 200 and theirs.post(url).status_code == 409
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert theirs.post(url).json()["held_by"] == second.display_name
    assert mine.post(url, {"take_over": True}, content_type="application/json").status_code == 403
    assert leader.post(url, {"take_over": True}, content_type="application/json").status_code == 200
    assert theirs.post(url).status_code == 409
    assert leader.delete(url).status_code == 204 and theirs.post(url).status_code == 200


def test_who_does_not_work_at_the_inbox_claims_nothing(desk: Desk) -> None:
    order = desk.processing()
    for username in ("light", "callback", "seat"):
        client = desk.client(username)
        assert client.post(f"/api/orders/{order.number}/claim/").status_code in (403, 404)
        assert client.post("/api/orders/claim_next/").status_code == 403
        assert client.post("/desk/inbox/next/").status_code == 403
    answer = desk.client("dispatcher").post(f"/api/orders/{order.number}/claim/")
    assert answer.status_code == 400, "an order that waits for nobody"
    assert not Claim.objects.exists()


def test_the_claims_of_a_page_cost_one_query(desk: Desk, django_assert_max_num_queries: object) -> None:
    client = desk.client("dispatcher")
    counts = []
    for _ in range(2):
        for _ in range(4):
            desk.triage()
        client.post("/api/orders/claim_next/")
        with connection.execute_wrapper(lambda run, *args: (counts.append(1), run(*args))[1]):
            before = len(counts)
            client.get("/desk/inbox/")
            counts.append(-(len(counts) - before))
    first, then = (-n for n in counts if n < 0)
    assert then <= first


@pytest.mark.django_db(transaction=True)
def test_dispatchers_who_ask_at_once_get_different_orders(desk: Desk) -> None:
    names = ["dispatcher", *(colleague(desk, f"dispatcher-{n}").username for n in range(2, 6))]
    numbers = {desk.triage().number for _ in range(12)}
    got: list[str] = []
    start = Barrier(len(names))

    def work(client: object) -> None:
        start.wait()
        while (answer := client.post("/api/orders/claim_next/")).status_code == 200:  # type: ignore[attr-defined]
            got.append(answer.json()["number"])
        connection.close()

    threads = [Thread(target=work, args=(desk.client(name),)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(got) == sorted(numbers), "each once, none left"
