"""Units: the tree and its search, moving and merging, delegated administration, rights at every address."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import PEOPLE, City
from ticketing.clocks.models import Clock
from ticketing.dispatch.candidates import facts_of, rank
from ticketing.orders import actions as orders
from ticketing.orders import history
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import actor_for, unit_list, visible_orders
from ticketing.orders.workflow import Action
from ticketing.organisation import actions, selectors
from ticketing.organisation.actor import Actor, citizen_actor, staff_actor
from ticketing.organisation.errors import StructureError, StructureForbidden
from ticketing.organisation.models import Appointment, DutyItem, Staff, Unit, UnitEvent, WorkCalendar
from ticketing.organisation.roles import Role
from ticketing.organisation.selectors import successor_of, units_above, units_below
from ticketing.structure.doings import DOINGS
from ticketing.structure.views import READERS


def admin(city: City) -> Actor:
    return staff_actor(city.staff["admin"])


def fresh(username: str) -> Staff:
    return Staff.objects.get(username=username)


def client_of(staff: Staff) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def east_admin(city: City) -> Staff:
    """The administrator of the eastern district and all below it."""
    person = Staff(username="east_admin", display_name="东片区管理员", unit=city.units["EAST"])
    person.set_unusable_password()
    person.save()
    Appointment.objects.create(staff=person, role=Role.UNIT_ADMIN, unit=city.units["EAST"])
    return person


def dispatched(city: City, unit: str, **changes: object) -> WorkOrder:
    order = city.order(**changes)
    actor = actor_for(city.staff["dispatcher"], order, Action.DISPATCH)
    return orders.dispatch_order(order=order, actor=actor, unit=city.units[unit], reason="属地")


def test_above_and_below_are_what_the_tree_says(city: City) -> None:
    for unit in Unit.objects.all():
        assert set(units_below(unit.pk)) == set(unit.descendants(include_self=True).values_list("pk", flat=True))
        assert set(units_above(unit.pk)) == set(unit.ancestors(include_self=True).values_list("pk", flat=True))
    assert len(units_above(city.units["EAST-C1"].pk)) == 5  # five levels


def test_merging_hands_everything_open_to_the_successor_and_keeps_what_is_closed(city: City) -> None:
    old, new = city.units["LIGHT"], city.units["HOUSE"]
    light = city.staff["light"]
    open_one, closed = dispatched(city, "LIGHT"), dispatched(city, "LIGHT")
    orders.withdraw_order(order=closed, actor=citizen_actor(channel="chat"), reason="已经修好")
    WorkOrder.objects.filter(pk=closed.pk).update(unit=old)  # as one that was closed by the unit
    due = WorkOrder.objects.get(pk=open_one.pk).due_at
    counts = actions.merge_units(unit=old, into=new, actor=admin(city), reason="机构改革")
    assert counts["orders"] == 1 and counts["duty_items"] == 1 and counts["staff"] == 1
    open_one, closed = WorkOrder.objects.get(pk=open_one.pk), WorkOrder.objects.get(pk=closed.pk)
    assert open_one.unit == new and open_one.due_at == due
    event = open_one.events.get(action="succeeded")
    assert event.data["from_name"] == old.name and event.data["unit"] == "HOUSE" and event.actor_name == "管理员"
    assert closed.unit_id == old.pk and str(closed.unit) == "测试市照明管理所"
    assert set(Clock.objects.filter(order_number=open_one.number, stopped_at=None).values_list("unit_id_ref", flat=True)) == {
        new.pk
    }
    assert DutyItem.objects.get(code="LAMP").owner == new
    assert {a.unit_id for a in fresh("light").appointments_now()} == {new.pk} and fresh("light").unit == new
    assert visible_orders(fresh("light")).filter(pk=open_one.pk).exists()
    assert orders.sign_order(order=open_one, actor=actor_for(fresh("light"), open_one, Action.SIGN)).state == "processing"
    assert not list(history.verify())
    out = StringIO()
    call_command("verify_history", stdout=out)
    old.refresh_from_db()
    assert successor_of(old) == new and not old.is_active
    page = client_of(light).get("/units/LIGHT/").content.decode()
    assert "已合并" in page and "/units/HOUSE/" in page
    assert client_of(light).get("/api/units/LIGHT/").json()["successor"] == "HOUSE"
    with pytest.raises(StructureError, match="已并入"):
        actions.merge_units(unit=old, into=city.units["EAST"], actor=admin(city), reason="x")


def test_candidates_and_closed_orders_of_a_merged_unit_lead_to_its_successor(city: City) -> None:
    done = dispatched(city, "LIGHT", duty_item=city.items["LAMP"])
    WorkOrder.objects.filter(pk=done.pk).update(state="closed")
    before = rank(facts_of(city.order(duty_item=city.items["LAMP"])))
    assert before[0].unit == city.units["LIGHT"]
    actions.merge_units(unit=city.units["LIGHT"], into=city.units["HOUSE"], actor=admin(city), reason="机构改革")
    order = city.order(duty_item=DutyItem.objects.select_related("owner").get(code="LAMP"))
    found = rank(facts_of(order))
    assert found[0].unit == city.units["HOUSE"] and city.units["LIGHT"] not in [c.unit for c in found]
    assert visible_orders(fresh("light")).filter(pk=done.pk).exists()  # those who took over read what was done


def test_moving_takes_the_branch_along_and_scopes_follow(city: City) -> None:
    order = dispatched(city, "WEST-ST1")
    assert not visible_orders(fresh("east")).filter(pk=order.pk).exists()
    actions.move_unit(unit=city.units["WEST-ST1"], parent=city.units["EAST"], actor=admin(city), reason="区划调整")
    assert visible_orders(fresh("east")).filter(pk=order.pk).exists()
    assert WorkOrder.objects.get(pk=order.pk).unit == city.units["WEST-ST1"]
    event = UnitEvent.objects.get(unit=city.units["WEST-ST1"])
    assert event.data == {"before": "WEST", "after": "EAST"} and "区划调整" in event.text
    for parent in ("EAST-ST1", "EAST", "EAST-C1"):
        if parent != "EAST-ST1":
            with pytest.raises(StructureError):
                actions.move_unit(unit=city.units["EAST"], parent=city.units[parent], actor=admin(city), reason="x")
    with pytest.raises(StructureError, match="原因"):
        actions.move_unit(unit=city.units["WEST-ST1"], parent=city.units["WEST"], actor=admin(city), reason="")


def test_a_scope_of_very_many_units_is_the_same_scope(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = dispatched(city, "EAST-HOUSE"), dispatched(city, "WEST-HOUSE")
    seen = []
    for most in (300, 0):
        monkeypatch.setattr(selectors, "MANY", most)
        person = fresh("east")
        seen.append([set(visible_orders(person)), set(unit_list(person)), set(unit_list(fresh("west_house")))])
    assert seen[0] == seen[1] == [{here}, {here}, {there}]


def test_an_administrator_of_a_unit_manages_its_subtree_and_nothing_else(city: City, east_admin: Staff) -> None:
    actor = staff_actor(east_admin)
    inside, outside = city.units["EAST-ST1"], city.units["WEST-ST1"]
    person = actions.save_person(unit=inside, username="st_clerk", name="街道新人", roles=["unit_clerk"], actor=actor)
    assert fresh("st_clerk").has_role(Role.UNIT_CLERK) and not person.has_usable_password()
    actions.set_hours(unit=inside, calendar=WorkCalendar.objects.get(), actor=actor)
    actions.save_post(unit=inside, name="综合岗", holder=person, actor=actor)
    actions.move_unit(unit=city.units["EAST-C1"], parent=city.units["EAST"], actor=actor, reason="归口")
    for verb, values in [
        (actions.save_person, {"unit": outside, "username": "x", "name": "x", "roles": []}),
        (actions.save_person, {"unit": inside, "username": "x", "name": "x", "roles": ["dispatcher"]}),
        (actions.save_person, {"unit": inside, "username": "x", "name": "x", "roles": ["admin"]}),
        (actions.save_person, {"unit": inside, "username": "west_house", "name": "x", "roles": []}),
        (actions.set_hours, {"unit": outside, "calendar": None}),
        (actions.move_unit, {"unit": inside, "parent": outside, "reason": "x"}),
        (actions.move_unit, {"unit": outside, "parent": inside, "reason": "x"}),
        (actions.move_unit, {"unit": city.units["EAST"], "parent": inside, "reason": "x"}),
        (actions.merge_units, {"unit": inside, "into": outside, "reason": "x"}),
        (actions.merge_units, {"unit": city.units["EAST"], "into": city.units["WEST"], "reason": "x"}),
    ]:
        with pytest.raises(StructureForbidden):
            verb(**values, actor=actor)
    client = client_of(east_admin)
    assert not visible_orders(fresh("east_admin")).exists()
    assert client.get("/desk/orders/").status_code == 403
    assert client.get("/admin/").status_code == 302
    assert client.get("/units/EAST-ST1/do/person/").status_code == 200
    assert client.get("/units/WEST-ST1/do/person/").status_code == 403
    assert "x" not in set(Staff.objects.values_list("username", flat=True))


def test_roles_already_held_elsewhere_are_left_alone(city: City, east_admin: Staff) -> None:
    Appointment.objects.create(staff=city.staff["east_house"], role=Role.UNIT_CLERK, unit=city.units["WEST-HOUSE"])
    values = {"unit": city.units["EAST-HOUSE"], "username": "east_house", "name": "新名", "roles": ["unit_reviewer"]}
    actions.save_person(**values, actor=staff_actor(east_admin))
    held = {(a.role, a.unit.code) for a in fresh("east_house").appointments_now()}
    assert held == {("unit_reviewer", "EAST-HOUSE"), ("unit_clerk", "WEST-HOUSE")}


def test_the_tree_opens_branch_by_branch_and_finds(city: City) -> None:
    client = client_of(city.staff["dispatcher"])
    top = client.get("/units/").content.decode()
    assert "测试省热线办" in top and "东一社区" not in top and "/units/PROV/below/" in top
    branch = client.get("/units/EAST/below/").content.decode()
    assert "东一街道办" in branch and "<html" not in branch
    found = client.get("/units/?q=街道").content.decode()
    assert "东一街道办" in found and "西一街道办" in found and "照明" not in found
    assert "没有符合条件" in client.get("/units/?q=不存在的单位").content.decode()
    assert client.get("/units/NONE/").status_code == 404
    Unit.objects.update(parent=None)


def test_a_page_of_the_tree_costs_the_same_however_wide_the_branch(city: City) -> None:
    client = client_of(city.staff["dispatcher"])

    def queries(url: str) -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    urls = ("/units/", "/units/EAST/below/", "/units/EAST/", "/units/?q=东")
    before = [queries(url) for url in urls]
    for number in range(30):
        shape = {"level": "street", "kind": "street", "parent": city.units["EAST"], "region": city.regions["east"]}
        Unit.objects.create(code=f"N{number}", name=f"东新{number}", **shape)
    assert [queries(url) for url in urls] <= before


def test_forms_and_api_do_the_same_and_say_what_to_change(city: City) -> None:
    client = client_of(city.staff["admin"])
    page = client.post("/units/WEST-ST1/do/move/", {"parent": "不存在", "reason": "区划调整"})
    assert (
        page.status_code == 400
        and "没有这个编码或名称，请核对后准确填写。" in page.content.decode()
        and "区划调整" in page.content.decode()
    )
    assert client.post("/units/WEST-ST1/do/move/", {"parent": "东片区人民政府", "reason": "区划调整"}).status_code == 302
    assert Unit.objects.get(code="WEST-ST1").parent == city.units["EAST"]

    def post(code: str, key: str, **body: object) -> tuple[int, dict[str, object]]:
        answer = client.post(f"/api/units/{code}/{key}/", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    assert post("WEST-ST1", "move", parent="WEST", reason="改回")[0] == 200
    assert post("WEST-ST1", "move", parent="WEST")[0] == 400
    assert post("EAST", "move", parent="EAST-ST1", reason="x") == (
        400,
        {"parent": "“东一街道办”是“东片区人民政府”的下属单位，请另选单位。"},
    )
    status, done = post("LIGHT", "merge", into="HOUSE", reason="机构改革")
    assert status == 200 and done["result"]["duty_items"] == 1
    assert post("HOUSE", "person", username="new1", name="新人", roles=["unit_clerk"], active=True)[0] == 200
    assert post("HOUSE", "nothing")[0] == 404
    listed = client.get("/api/units/?parent=EAST").json()
    assert {row["code"] for row in listed["results"]} == {"EAST-HOUSE", "EAST-ST1"}
    assert client.get("/api/units/EAST-C1/").json()["above"][-1] == "EAST-ST1"


@pytest.mark.parametrize(("username", "role"), [(username, role) for username, _shown, _unit, role in PEOPLE])
def test_every_address_for_every_role(city: City, username: str, role: str) -> None:
    client, visitor = client_of(city.staff[username]), Client()
    for url in ("/units/", "/units/WEST/", "/units/WEST/below/", "/api/units/", "/api/units/WEST/"):
        assert client.get(url).status_code == (200 if role in READERS else 403), url
        assert visitor.get(url).status_code in (302, 401, 403), url
    for key in DOINGS:
        page = client.get(f"/units/WEST/do/{key}/")
        assert page.status_code == (200 if role == Role.ADMIN else 403), key
        assert client.post(f"/units/WEST/do/{key}/", {}).status_code == (
            400 if role == Role.ADMIN and key != "hours" else 302 if role == Role.ADMIN else 403
        )
        api = client.post(f"/api/units/WEST/{key}/", "{}", content_type="application/json")
        assert api.status_code in ((200, 400) if role == Role.ADMIN else (403,)), key
    assert client.post("/units/WEST/end/shift/1/").status_code in (403, 404)
    if role not in READERS or role in (Role.UNIT_CLERK, Role.UNIT_REVIEWER, Role.INSPECTOR):
        assert "西住房联络员" not in client.get("/units/WEST-HOUSE/").content.decode() or username == "west_house"
