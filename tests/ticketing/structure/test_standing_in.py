"""Who stands in for whom: A and B, acting heads, rosters. Rights follow in the window, and history names both."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.cast import City
from ticketing.orders import actions as orders
from ticketing.orders.errors import NotAllowed
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import actor_for, visible_orders
from ticketing.orders.workflow import Action
from ticketing.organisation import actions, kept
from ticketing.organisation.actor import Actor, staff_actor
from ticketing.organisation.errors import StructureError, StructureForbidden
from ticketing.organisation.models import Appointment, Post, Staff, UnitEvent
from ticketing.organisation.roles import Role


def admin(city: City) -> Actor:
    return staff_actor(city.staff["admin"])


def fresh(username: str) -> Staff:
    """The person as the next request sees them."""
    return Staff.objects.get(username=username)


def colleague(city: City, username: str = "light_b", unit: str = "LIGHT") -> Staff:
    return actions.save_person(unit=city.units[unit], username=username, name="灯具副手", roles=[], actor=admin(city))


def post(city: City, **changes: object) -> Post:
    values = {"unit": city.units["LIGHT"], "name": "联络岗", "holder": city.staff["light"], "actor": admin(city)}
    return actions.save_post(**(values | changes))


def dispatched(city: City) -> WorkOrder:
    order = city.order()
    actor = actor_for(city.staff["dispatcher"], order, Action.DISPATCH)
    return orders.dispatch_order(order=order, actor=actor, unit=city.units["LIGHT"], reason="照明")


def away(city: City, start: datetime, *, days: int = 2, **changes: object) -> None:
    values = {"staff": city.staff["light"], "starts_at": start, "ends_at": start + timedelta(days=days), "reason": "年休假"}
    actions.note_absence(**(values | {"actor": admin(city)} | changes))


def test_b_may_do_what_a_may_in_the_window_and_history_names_both(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False):
        order = dispatched(city)
        post(city, substitute=colleague(city))
        assert not visible_orders(fresh("light_b")).exists()
        away(city, monday + timedelta(days=1))
        assert not visible_orders(fresh("light_b")).exists()
        with pytest.raises(NotAllowed):
            actor_for(fresh("light_b"), order, Action.SIGN)
    kept.forget()  # a process reads the windows anew twice a minute
    with time_machine.travel(monday + timedelta(days=1, hours=1), tick=False):
        second = fresh("light_b")
        assert visible_orders(second).get().pk == order.pk
        actor = actor_for(second, order, Action.SIGN)
        assert actor.name == "灯具副手（代照明所联络员）" and actor.staff_id == second.pk
        orders.sign_order(order=order, actor=actor)
        event = order.events.get(action=Action.SIGN)
        assert event.actor_name == "灯具副手（代照明所联络员）" and event.actor_unit == city.units["LIGHT"]
        assert visible_orders(fresh("light")).exists()  # who is away keeps their own
    with time_machine.travel(monday + timedelta(days=3), tick=False):
        assert not visible_orders(fresh("light_b")).exists()


def test_an_absence_that_ends_early_takes_the_rights_back(city: City) -> None:
    post(city, substitute=colleague(city))
    away(city, timezone.now() - timedelta(minutes=1))
    assert fresh("light_b").has_role(Role.UNIT_CLERK)
    stand_in = Post.objects.get().stand_ins.get()
    with pytest.raises(StructureForbidden):
        actions.end_stand_in(stand_in=stand_in, actor=staff_actor(city.staff["east"]))
    actions.end_stand_in(stand_in=stand_in, actor=staff_actor(city.staff["light"]))
    assert not fresh("light_b").has_role(Role.UNIT_CLERK)
    with pytest.raises(StructureError, match="已经结束"):
        actions.end_stand_in(stand_in=stand_in, actor=admin(city))


def test_an_acting_head_has_the_heads_role_and_only_in_that_unit(city: City) -> None:
    unit, clerk = city.units["EAST-HOUSE"], city.staff["east_house"]
    now = timezone.now()
    window = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=8), "reason": "外出学习"}
    with pytest.raises(StructureError, match="尚未设置负责人"):
        actions.appoint_acting_head(unit=unit, staff=clerk, actor=admin(city), **window)
    actions.save_post(unit=unit, name="局长", holder=city.staff["east_house_head"], is_head=True, actor=admin(city))
    Appointment.objects.create(staff=city.staff["east_house_head"], role=Role.UNIT_REVIEWER, unit=city.units["WEST-HOUSE"])
    actions.appoint_acting_head(unit=unit, staff=clerk, actor=admin(city), **window)
    lent = [(a.role, a.unit.code, a.on_behalf_of) for a in fresh("east_house").appointments_now() if a.on_behalf_of]
    assert lent == [("unit_reviewer", "EAST-HOUSE", "代理东住房审核人")]
    assert UnitEvent.objects.filter(unit=unit, what="stand_in").exists()


def test_a_shift_gives_its_role_while_it_lasts(city: City) -> None:
    person, now = colleague(city), timezone.now()
    shift = {"unit": city.units["LIGHT"], "staff": person, "actor": admin(city)}
    made = actions.enter_shift(**shift, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    assert fresh("light_b").name_in(Role.UNIT_CLERK, city.units["LIGHT"].pk) == "灯具副手（值班）"
    with pytest.raises(StructureError, match="已有值班"):
        actions.enter_shift(**shift, starts_at=now, ends_at=now + timedelta(hours=3))
    with pytest.raises(StructureError, match="不是"):
        actions.enter_shift(**(shift | {"staff": city.staff["east"]}), starts_at=now, ends_at=now + timedelta(hours=3))
    actions.remove_shift(shift=made, actor=admin(city))
    assert not fresh("light_b").has_role(Role.UNIT_CLERK)


def test_what_is_lent_is_not_lent_on_and_the_whole_platform_is_never_lent(city: City) -> None:
    now = timezone.now()
    chief = city.staff["admin"]
    second = actions.save_person(unit=city.units["HOT"], username="hot_b", name="乙", roles=[], actor=admin(city))
    third = actions.save_person(unit=city.units["HOT"], username="hot_c", name="丙", roles=[], actor=admin(city))
    actions.save_post(unit=city.units["HOT"], name="管理岗", holder=chief, substitute=second, actor=admin(city))
    actions.save_post(unit=city.units["HOT"], name="乙岗", holder=second, substitute=third, actor=admin(city))
    away(city, now - timedelta(minutes=1), staff=chief)
    assert not fresh("hot_b").has_role(Role.ADMIN)
    with pytest.raises(StructureError, match="届时也离岗"):
        away(city, now, staff=second)
        away(city, now, staff=chief)
    assert not fresh("hot_c").appointments_now()


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"substitute": "light"}, "substitute"), ({"substitute": "east"}, "substitute"), ({"holder": "east"}, "holder")],
)
def test_posts_refuse_strangers_and_the_same_person_twice(city: City, changes: dict[str, str], field: str) -> None:
    with pytest.raises(StructureError) as refused:
        post(city, **{name: city.staff[who] for name, who in changes.items()})
    assert refused.value.field == field


def test_absences_refuse_what_cannot_be(city: City) -> None:
    now = timezone.now()
    with pytest.raises(StructureError, match="没有B角"):
        away(city, now)
    post(city, substitute=colleague(city))
    with pytest.raises(StructureError, match="晚于"):
        away(city, now, days=-1)
    with pytest.raises(StructureError, match="已过"):
        away(city, now - timedelta(days=9))
    with pytest.raises(StructureForbidden):
        away(city, now, actor=staff_actor(city.staff["east"]))
    away(city, now, actor=staff_actor(city.staff["light"]))  # one's own


def test_the_page_notes_an_absence_and_shows_who_stands_in(city: City) -> None:
    post(city, substitute=colleague(city))
    client = Client()
    client.force_login(city.staff["light"])
    here = timezone.localtime()
    values = {"staff": "light", "reason": "病假", "starts_at": f"{here - timedelta(hours=1):%Y-%m-%dT%H:%M}"}
    values["ends_at"] = f"{here + timedelta(days=1):%Y-%m-%dT%H:%M}"
    wrong = client.post("/units/LIGHT/do/absence/", values | {"reason": ""})
    assert wrong.status_code == 400 and "原因" in wrong.content.decode()
    assert client.post("/units/LIGHT/do/absence/", values).status_code == 302
    page = client.get("/units/LIGHT/").content.decode()
    assert "灯具副手" in page and "代照明所联络员（联络岗）" in page and "病假" in page
    second = Client()
    second.force_login(fresh("light_b"))
    assert second.get("/desk/unit/").status_code == 200
    pk = Post.objects.get().stand_ins.get().pk
    assert client.post(f"/units/LIGHT/end/stand-in/{pk}/").status_code == 302
    assert second.get("/desk/unit/").status_code == 403
