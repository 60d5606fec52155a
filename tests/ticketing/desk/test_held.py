"""All cards and accountability records in one list: searched, paged, each unit its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ticketing.desk.conftest import Desk
from ticketing.orders import actions
from ticketing.orders.models import Card, WorkOrder
from ticketing.orders.workflow import Action


@pytest.fixture
def carded(desk: Desk) -> WorkOrder:
    """An order with a yellow card and a finding against the lighting company."""
    order = desk.do(actions.issue_card, Action.ISSUE_CARD, "supervisor", desk.processing(), colour="yellow", reason="拖延三天")
    return desk.do(actions.hold_accountable, Action.HOLD_ACCOUNTABLE, "supervisor", order, cause="attitude", reason="态度生硬")


def test_the_list_shows_searches_and_filters(desk: Desk, carded: WorkOrder) -> None:
    client = desk.client("supervisor")
    cards = client.get("/desk/held/").content.decode()
    assert "拖延三天" in cards and "黄牌" in cards and "态度生硬" not in cards
    assert "态度生硬" in client.get("/desk/held/?kind=findings").content.decode()
    assert "拖延三天" in client.get(f"/desk/held/?q={carded.number}").content.decode()
    assert "拖延三天" in client.get("/desk/held/?q=照明").content.decode()
    assert "没有符合的记录" in client.get("/desk/held/?q=没有这个词").content.decode()
    assert "没有符合的记录" in client.get("/desk/held/?status=revoked").content.decode()
    rows = client.get("/api/cards/?q=拖延").json()["results"]
    assert [(row["order"], row["unit"], row["colour"]) for row in rows] == [(carded.number, "LIGHT", "yellow")]
    assert client.get("/api/findings/").json()["results"][0]["cause"] == "attitude"


def test_a_unit_sees_its_own_alone_and_who_has_no_business_nothing(desk: Desk, carded: WorkOrder) -> None:
    assert "拖延三天" in desk.client("light").get("/desk/held/").content.decode()
    west = desk.client("west_house")
    assert "拖延三天" not in west.get("/desk/held/").content.decode()
    assert west.get("/api/cards/").json()["count"] == 0
    assert west.get(f"/api/cards/{Card.objects.get().pk}/").status_code == 404
    assert desk.client("editor").get("/desk/held/").status_code == 403


def test_many_rows_are_paged_with_a_fixed_number_of_queries(
    desk: Desk, carded: WorkOrder, django_assert_max_num_queries: Any
) -> None:
    card = Card.objects.get()
    for number in range(60):
        Card.objects.create(
            order=carded, unit=card.unit, colour="red", reason=f"第{number}张", issued_by="督办员", issued_at=card.issued_at
        )
    client = desk.client("supervisor")
    with django_assert_max_num_queries(12):
        first = client.get("/desk/held/").content.decode()
    assert "page=2" in first and "第59张" in first and "第1张" in client.get("/desk/held/?page=2").content.decode()
