"""Plans: written down, switched on and off by a person, clocks and queues that change and come back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import PEOPLE, City
from ticketing.clocks import actions, plans
from ticketing.clocks.actions.plans import SWITCHERS, WRITERS
from ticketing.clocks.errors import PlanConflict, PlanError, PlanForbidden
from ticketing.clocks.models import Clock, Plan, PlanSwitch
from ticketing.clocks.urls import urlpatterns
from ticketing.clocks.views import READERS
from ticketing.orders import actions as orders
from ticketing.orders import history
from ticketing.orders.actions.planning import replan_orders
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import actor_for, inbox
from ticketing.orders.workflow import Action
from ticketing.organisation.actor import SYSTEM, Actor, staff_actor
from ticketing.outbox import runner

TYPHOON: dict[str, Any] = {
    "name": "防台风预案",
    "items": ["LAMP"],
    "limits": {"sign": "15 minutes", "handle": "2 working_hours"},
    "raises_to": "critical",
    "running": "from_switch",
}


def typhoon(**changes: Any) -> Plan:
    return actions.save_plan(code="typhoon", values=TYPHOON | changes, actor=SYSTEM)


def supervisor(city: City) -> Actor:
    return staff_actor(city.staff["supervisor"])


def client_of(city: City, username: str) -> Client:
    client = Client()
    client.force_login(city.staff[username])
    return client


def dispatched(city: City, **changes: object) -> WorkOrder:
    order = city.order(**({"duty_item": city.items["LAMP"]} | changes))
    actor = actor_for(city.staff["dispatcher"], order, Action.DISPATCH)
    return orders.dispatch_order(order=order, actor=actor, unit=city.units["LIGHT"], reason="职责清单")


def handling(order: WorkOrder) -> Clock:
    return Clock.objects.get(order_number=order.number, kind="handle", stopped_at=None)


def switched(city: City, plan: Plan, way: str = "on") -> PlanSwitch:
    verb = actions.switch_on if way == "on" else actions.switch_off
    done = verb(plan=plan, actor=supervisor(city), reason="市防汛指挥部通知")
    replan_orders(switch=done)
    return done


def test_a_running_clock_is_planned_anew_from_the_switch_and_comes_back_when_it_ends(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False):
        order, other = dispatched(city), dispatched(city, duty_item=city.items["NOISE"])
        ordinary = handling(order)
    with time_machine.travel(monday + timedelta(hours=1), tick=False):
        switch = switched(city, typhoon())
        assert replan_orders(switch=switch) == 0  # the job may run twice
    clock, fresh = handling(order), WorkOrder.objects.get(pk=order.pk)
    assert (clock.value, clock.measure, clock.limit_source) == (2, "working_hours", "plan typhoon")
    assert clock.started_at == monday  # the start is the dispatch, always
    assert clock.due_at == monday + timedelta(hours=4, minutes=30)  # 11:00 to 12:00 and 13:30 to 14:30
    assert (fresh.due_at, fresh.warn_at) == (clock.due_at, clock.warn_at)
    assert handling(other).plan is None
    told = fresh.events.get(action="replanned")
    assert told.data["plan"] == "typhoon" and told.data["by"] == "督办员" and told.data["on"] is True
    with time_machine.travel(monday + timedelta(hours=2), tick=False):
        switched(city, Plan.objects.get(), "off")
    clock, fresh = handling(order), WorkOrder.objects.get(pk=order.pk)
    assert (clock.value, clock.measure, clock.due_at, clock.warn_at) == (
        ordinary.value, ordinary.measure, ordinary.due_at, ordinary.warn_at,
    )  # fmt: skip
    assert clock.plan is None and clock.base_due_at is None and fresh.due_at == ordinary.due_at
    switch.refresh_from_db()
    assert (switch.moved, switch.returned) == (1, 1)
    assert not list(history.verify())


def test_an_order_dispatched_under_the_plan_starts_with_its_limit_and_comes_back_too(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False):
        plan = typhoon()
        switched(city, plan)
        order = dispatched(city)
        late = city.order(duty_item=city.items["NOISE"])
        assert handling(order).due_at == monday + timedelta(hours=2)
        assert Clock.objects.get(order_number=order.number, kind="sign").due_at == monday + timedelta(minutes=15)
        assert [o.number for o in inbox(city.staff["dispatcher"])] == [late.number]
        switched(city, plan, "off")
    clock = handling(order)
    assert (clock.value, clock.measure) == (3, "working_days") and "LAMP" in clock.limit_source


@pytest.mark.parametrize(("running", "due"), [("from_start", 2), ("from_switch", 4.5), ("leave", None)])
def test_the_plans_rule_says_what_becomes_of_running_clocks(
    city: City, monday: datetime, running: str, due: float | None
) -> None:
    with time_machine.travel(monday, tick=False):
        order = dispatched(city)
        before = handling(order).due_at
    with time_machine.travel(monday + timedelta(hours=1), tick=False):
        plan = typhoon(running=running)
        switched(city, plan)
        assert handling(order).due_at == (monday + timedelta(hours=due) if due else before)
        under_it = dispatched(city)
        switched(city, plan, "off")
    assert handling(order).due_at == before
    assert (handling(under_it).measure == "working_hours") is (running == "leave")


def test_a_pause_and_an_extension_under_the_plan_are_kept_when_it_ends(city: City, monday: datetime) -> None:
    dispatcher = city.staff["dispatcher"]
    with time_machine.travel(monday, tick=False):
        order = dispatched(city)
        order = orders.sign_order(order=order, actor=actor_for(city.staff["light"], order, Action.SIGN))
        before = handling(order).due_at
        plan = typhoon()
        switched(city, plan)
        order = WorkOrder.objects.get(pk=order.pk)
        order = orders.suspend_order(order=order, actor=actor_for(dispatcher, order, Action.SUSPEND), reason="等候设备")
    with time_machine.travel(monday + timedelta(days=1), tick=False):
        order = orders.resume_order(order=order, actor=actor_for(dispatcher, order, Action.RESUME))
        assert handling(order).due_at == monday + timedelta(days=1, hours=2)
        switched(city, plan, "off")
    assert handling(order).due_at == before + timedelta(days=1)


def test_natural_time_takes_the_place_of_working_time(city: City, monday: datetime) -> None:
    friday = monday + timedelta(days=4)
    with time_machine.travel(friday, tick=False):
        order = dispatched(city, duty_item=None)
        switched(city, typhoon(items=[], limits={}, natural_time=True, running="from_start"))
    clock = handling(order)
    assert (clock.value, clock.measure) == (5, "natural_days")
    sign = Clock.objects.get(order_number=order.number, kind="sign")
    assert (sign.value, sign.measure, sign.due_at) == (240, "minutes", friday + timedelta(hours=4))


def test_the_queue_follows_the_plan_and_goes_back(city: City) -> None:
    dispatcher = city.staff["dispatcher"]
    first, urgent = city.order(duty_item=city.items["NOISE"]), city.order(duty_item=city.items["NOISE"], urgency="urgent")
    lamp = city.order(duty_item=city.items["LAMP"])
    waiting = [urgent.number, first.number, lamp.number]
    assert [o.number for o in inbox(dispatcher)] == waiting
    plan = typhoon()
    switched(city, plan)
    assert [o.number for o in inbox(dispatcher)] == [lamp.number, urgent.number, first.number]
    switched(city, plan, "off")
    assert [o.number for o in inbox(dispatcher)] == waiting


@pytest.mark.parametrize(
    ("covered", "is_covered"),
    [
        ({"categories": ["01"], "items": []}, True),
        ({"items": ["NOISE"]}, False),
        ({"items": ["LAMP", "NOISE"], "units": ["GOV"]}, True),  # a unit covers those below it
        ({"units": ["EAST"]}, False),
        ({"order_types": ["consult"]}, False),
        ({"order_types": ["complaint", "consult"]}, True),
    ],
)
def test_a_plan_covers_by_type_category_item_and_unit(city: City, covered: dict[str, Any], is_covered: bool) -> None:
    order = dispatched(city)
    switch = switched(city, typhoon(**covered))
    assert (handling(order).plan_id is not None) is is_covered
    assert WorkOrder.objects.filter(plans.plan_value(switch).orders()).exists() is is_covered


def test_of_two_plans_the_one_with_the_smaller_number_wins_and_the_other_takes_over(city: City) -> None:
    order = dispatched(city)
    first, second = (
        typhoon(position=1),
        actions.save_plan(code="snow", values=TYPHOON | {"position": 2, "limits": {"handle": "9 working_hours"}}, actor=SYSTEM),
    )
    switched(city, second)
    switched(city, first)
    assert handling(order).plan_id == first.pk
    switched(city, first, "off")
    assert handling(order).plan_id == second.pk and handling(order).value == 9
    switched(city, second, "off")
    assert handling(order).plan_id is None and handling(order).measure == "working_days"


def test_verbs_refuse_what_cannot_be(city: City) -> None:
    plan = typhoon()
    with pytest.raises(PlanForbidden):
        actions.switch_on(plan=plan, actor=staff_actor(city.staff["light"]), reason="x")
    with pytest.raises(PlanForbidden):
        actions.save_plan(code="x", values=TYPHOON, actor=staff_actor(city.staff["dispatcher"]))
    with pytest.raises(PlanError, match="原因"):
        actions.switch_on(plan=plan, actor=supervisor(city), reason=" ")
    with pytest.raises(PlanConflict, match="已经停用"):
        actions.switch_off(plan=plan, actor=supervisor(city), reason="x")
    actions.switch_on(plan=plan, actor=supervisor(city), reason="x")
    with pytest.raises(PlanConflict, match="已经启用"):
        actions.switch_on(plan=plan, actor=supervisor(city), reason="x")
    with pytest.raises(PlanConflict, match="先停用"):
        typhoon(name="改名")
    for wrong, field in [
        ({"limits": {"handle": "soon"}}, "limit_handle"),
        ({"limits": {"tea": "5 minutes"}}, "limits"),
        ({"items": ["NOTHING"]}, "items"),
        ({"running": "sideways"}, "running"),
        ({"limits": {}, "raises_to": ""}, "limits"),
    ]:
        with pytest.raises(PlanError) as refused:
            actions.save_plan(code="other", values=TYPHOON | wrong, actor=SYSTEM)
        assert refused.value.field == field
    assert not Plan.objects.filter(code="other").exists()


def test_the_page_switches_with_a_reason_shows_the_history_and_every_desk_a_banner(city: City) -> None:
    client, plan = client_of(city, "supervisor"), typhoon()
    assert "从未启用过" in client.get("/plans/typhoon/").content.decode()
    assert client.post("/plans/typhoon/on/", {"reason": ""}).status_code == 400
    assert client.post("/plans/typhoon/on/", {"reason": "台风红色预警"}, follow=True).status_code == 200
    page = client.get("/plans/typhoon/").content.decode()
    assert "台风红色预警" in page and "督办员" in page
    for username in ("light", "dispatcher", "seat"):
        assert "防台风预案自" in client_of(city, username).get("/desk/").content.decode()
    again = client.post("/plans/typhoon/on/", {"reason": "x"}, follow=True).content.decode()
    assert "已经启用" in again
    client.post("/plans/typhoon/off/", {"reason": "预警解除"})
    assert "预警解除" in client.get("/plans/").content.decode()
    assert "防台风预案自" not in client_of(city, "light").get("/desk/").content.decode()
    assert PlanSwitch.objects.get().definition["limits"] == TYPHOON["limits"] and plan.switches.count() == 1


def test_the_job_that_switching_asks_for_changes_the_clocks(city: City) -> None:
    order = dispatched(city)
    client_of(city, "supervisor").post(f"/plans/{typhoon().code}/on/", {"reason": "台风"})
    runner.drain()
    assert handling(order).limit_source == "plan typhoon"
    page = client_of(city, "light").get(f"/desk/orders/{order.number}/").content.decode()
    assert "防台风预案" in page and "平时为 3 工作日" in page and "启用了防台风预案" in page
    out = StringIO()
    call_command("explain_clock", order.number, stdout=out)
    assert "under the plan typhoon; ordinarily 3 working_days" in out.getvalue()


def test_a_plan_is_written_down_on_its_page_and_errors_stand_at_their_fields(city: City) -> None:
    client = client_of(city, "supervisor")
    values = {"code": "flood", "name": "防汛预案", "running": "from_start", "position": "3", "items": "LAMP\nNOTHING"}
    values |= {"limit_handle": "4", "measure_handle": "working_hours"}
    page = client.post("/plans/new/", values)
    assert page.status_code == 400 and "查无此代码：NOTHING" in page.content.decode() and "防汛预案" in page.content.decode()
    assert client.post("/plans/new/", values | {"items": "LAMP，NOISE"}).status_code == 302
    plan = Plan.objects.get(code="flood")
    assert sorted(plan.items.values_list("code", flat=True)) == ["LAMP", "NOISE"] and plan.changed_by == "督办员"
    assert "已有使用该代码" in client.post("/plans/new/", values).content.decode()
    assert 'value="4"' in client.get("/plans/flood/edit/").content.decode()
    changed = values | {"items": "LAMP", "name": "防汛预案（修订）"}
    assert client.post("/plans/flood/edit/", changed).status_code == 302
    assert Plan.objects.get(code="flood").name == "防汛预案（修订）"


def test_the_api_does_what_the_pages_do(city: City) -> None:
    client = client_of(city, "supervisor")
    body = json.dumps(TYPHOON)
    made = client.put("/api/plans/typhoon/", body, content_type="application/json")
    assert made.status_code == 200 and made.json()["on"] is False and made.json()["limits"] == TYPHOON["limits"]
    assert client.put("/api/plans/x/", '{"limits": {"tea": "1 minutes"}}', content_type="application/json").status_code == 400
    assert client.post("/api/plans/typhoon/on/", "{}", content_type="application/json").status_code == 400
    on = client.post("/api/plans/typhoon/on/", '{"reason": "台风"}', content_type="application/json")
    assert on.status_code == 200 and on.json()["on_by"] == "督办员"
    assert client.post("/api/plans/typhoon/on/", '{"reason": "台风"}', content_type="application/json").status_code == 409
    assert client.put("/api/plans/typhoon/", body, content_type="application/json").status_code == 409
    assert client.get("/api/plans/").json()["results"][0]["on"] is True
    assert client.get("/api/plans/typhoon/").json()["history"][0]["on_reason"] == "台风"
    assert client.get("/api/plans/none/").status_code == 404


@pytest.mark.parametrize(("username", "role"), [(username, role) for username, _shown, _unit, role in PEOPLE])
def test_every_address_for_every_role(city: City, username: str, role: str) -> None:
    typhoon()
    client = client_of(city, username)
    for pattern in urlpatterns:
        url = {"plans": "/plans/", "new_plan": "/plans/new/", "plan": "/plans/typhoon/", "edit_plan": "/plans/typhoon/edit/"}
        page = url.get(str(pattern.name), "")
        if page:
            allowed = role in (WRITERS if "edit" in page or "new" in page else READERS)
            assert client.get(page).status_code == (200 if allowed else 403), page
            assert Client().get(page).status_code == 302, page
    for way in ("on", "off"):
        body = {"reason": "x"}
        assert client.post(f"/plans/typhoon/{way}/", body).status_code == (302 if role in SWITCHERS else 403)
        api = client.post(f"/api/plans/typhoon/{way}/", json.dumps(body), content_type="application/json")
        assert api.status_code in ((200, 409) if role in SWITCHERS else (403,))
    assert client.get("/api/plans/").status_code == (200 if role in READERS else 403)
    assert Client().get("/api/plans/").status_code in (401, 403)


def test_the_list_costs_the_same_however_many_plans(city: City) -> None:
    client = client_of(city, "supervisor")

    def queries() -> int:
        client.get("/plans/")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get("/plans/").status_code == 200
        return len(seen)

    typhoon()
    one = queries()
    for number in range(12):
        actions.save_plan(code=f"p{number}", values=TYPHOON, actor=SYSTEM)
    assert queries() <= one


def test_a_plan_goes_out_and_in_again_as_a_row(city: City) -> None:
    row = plans.definition_of(typhoon(categories=["01"], units=["GOV"]))
    Plan.objects.all().delete()
    assert actions.import_plans([dict(row)]) == 1
    assert plans.definition_of(Plan.objects.get()) == row
    with pytest.raises(ValueError, match="items"):
        actions.import_plans([{**row, "items": ["NOTHING"]}])
