"""Inside a unit: handed on to a section or a person, seen as a tree, and acted on there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.ticketing.desk.conftest import Desk
from ticketing.orders import actions
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import Action


@pytest.fixture
def east(desk: Desk) -> WorkOrder:
    """An order that the district government has signed; its housing bureau lies below it."""
    order = desk.do(
        actions.dispatch_order, Action.DISPATCH, "dispatcher", desk.triage(), unit=desk.city.units["EAST"], reason="属地"
    )
    return desk.do(actions.sign_order, Action.SIGN, "east", order)


def hand_on(desk: Desk, username: str, order: WorkOrder, **fields: Any) -> Any:
    url = f"/api/orders/{order.number}/sub_dispatch/"
    return desk.client(username).post(url, json.dumps(fields), content_type="application/json")


def test_a_section_sees_it_replies_for_the_unit_and_loses_it_again(desk: Desk, east: WorkOrder) -> None:
    page = f"/desk/orders/{east.number}/"
    below = desk.client("east_house")
    assert below.get(page).status_code == 404
    form = desk.client("east").get(f"{page}do/sub_dispatch/").content.decode()
    assert "东片区住房局" in form and "西片区住房局" not in form and "东住房联络员" in form
    section, person = desk.city.units["EAST-HOUSE"], desk.city.staff["east_house"]
    sent = desk.client("east").post(
        f"{page}do/sub_dispatch/", {"unit": section.pk, "staff": person.pk, "note": "请今日到场", "version": east.version}
    )
    assert sent.status_code == 302
    seen = below.get(page).content.decode()
    assert "具体承办" in seen and "东片区住房局 · 东住房联络员" in seen and "请今日到场" in seen
    assert east.number in below.get("/desk/unit/?mine=1").content.decode().replace("</span><span>", "")
    answer = below.post(
        f"/api/orders/{east.number}/submit_reply/",
        json.dumps({"public_text": "已到场处理完毕", "solved": True}),
        content_type="application/json",
    )
    assert answer.status_code == 200 and answer.json()["unit"] == "EAST"
    assert desk.client("west_house").get(page).status_code == 404


def test_who_is_not_of_the_unit_is_refused(desk: Desk, east: WorkOrder) -> None:
    for fields in (
        {"unit": desk.city.units["WEST-HOUSE"].pk},
        {"staff": desk.city.staff["light"].pk},
        {"note": "没有写给谁"},
    ):
        assert hand_on(desk, "east", east, **fields).status_code == 400, fields
    assert hand_on(desk, "light", east, to="别人").status_code == 404
    assert hand_on(desk, "east", east, to="养护科").status_code == 200


def test_a_new_dispatch_takes_it_out_of_the_sections_hands(desk: Desk, east: WorkOrder) -> None:
    assert hand_on(desk, "east", east, unit=desk.city.units["EAST-HOUSE"].pk).status_code == 200
    fresh = WorkOrder.objects.get(pk=east.pk)
    desk.do(actions.reassign_order, Action.REASSIGN, "dispatcher", fresh, unit=desk.city.units["LIGHT"], reason="改派")
    assert desk.client("east_house").get(f"/desk/orders/{east.number}/").status_code == 404


def test_the_tree_counts_what_is_with_each_unit_and_leads_to_its_list(
    desk: Desk, east: WorkOrder, django_assert_max_num_queries: Any
) -> None:
    hand_on(desk, "east", east, unit=desk.city.units["EAST-HOUSE"].pk)
    client = desk.client("east")
    with django_assert_max_num_queries(20):
        tree = client.get("/desk/unit/tree/").content.decode()
    assert "东片区人民政府" in tree and "东片区住房局" in tree and "?unit=EAST-HOUSE" in tree
    listed = client.get("/desk/unit/?unit=EAST-HOUSE").content.decode()
    assert east.title in listed
    assert east.title not in client.get("/desk/unit/?unit=EAST-ST1").content.decode()
    # Another unit's code shows one's own orders and nothing of that unit.
    assert "西片区" not in client.get("/desk/unit/?unit=WEST").content.decode()
    assert desk.client("dispatcher").get("/desk/unit/tree/").status_code == 403


def test_lists_take_ticks_for_many_at_once(desk: Desk, east: WorkOrder) -> None:
    desk.dispatched()
    for username, url in (("east", "/desk/unit/"), ("light", "/desk/unit/"), ("dispatcher", "/desk/inbox/")):
        if username == "dispatcher":
            desk.triage()
        page = desk.client(username).get(url).content.decode()
        assert 'form="many"' in page and 'id="many"' in page, username
