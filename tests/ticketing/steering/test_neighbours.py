"""Repeats of one person, joint cases of several, groups of many: found where they are, and not where they only look so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import City
from tests.ticketing.desk.conftest import Desk
from tests.ticketing.steering.conftest import SignIn, send, text
from ticketing.citizens.actions import Contact
from ticketing.dispatch import actions, groups
from ticketing.dispatch.models import Alert
from ticketing.dispatch.neighbours import matter_of_person, neighbours
from ticketing.orders import actions as orders
from ticketing.orders import history
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import actor_for
from ticketing.orders.workflow import Action, State
from ticketing.outbox.models import FeedEvent

WAYS = [
    "中山路路灯坏了好几天没人管",
    "中山路的路灯坏了三天",
    "路灯坏了，中山路晚上没人管很黑",
    "中山路路灯坏了三天还没修",
    "请修中山路坏了的路灯",
]


def by(city: City, person: int, **changes: Any) -> WorkOrder:
    """A lamp reported by the n-th person."""
    wanted = {"contact": Contact(name="某人", phone=f"1990000{person:04d}"), "duty_item": city.items["LAMP"]}
    return city.order(**(wanted | changes))


def route(order: WorkOrder) -> WorkOrder:
    actions.route_orders(order_ids=[order.pk])
    return WorkOrder.objects.get(pk=order.pk)


def test_the_same_person_on_the_same_matter_is_attached_to_the_first_order_and_can_be_taken_out(city: City) -> None:
    first = route(by(city, 1))
    second = route(by(city, 1, content="中山路路灯坏了三天没人管，到底修不修"))
    assert (first.state, second.state, second.merged_into_id) == (State.DISPATCHED, State.MERGED, first.pk)
    event = second.events.get(action="merge")
    assert event.actor_kind == "system" and first.number in event.commitments.get(field="reason").value
    assert first.events.filter(action="merged_in").exists() and not list(history.verify())
    actor = actor_for(city.staff["dispatcher"], second, Action.UNMERGE)
    assert orders.unmerge_order(order=second, actor=actor, reason="不是一回事").state == State.TRIAGE


NO_REPEATS: list[dict[str, Any]] = [
    {"person": 2},
    {"place": "人民路", "content": "人民路路灯坏了三天没人管"},
    {"item": "NOISE"},
    {"content": "这里的灯太亮刺眼影响休息请调暗"},
    {"secrecy": "sealed"},
    {"days": 31},
    {"closed": True},
]


@pytest.mark.parametrize("other", NO_REPEATS, ids=lambda other: next(iter(other)))
def test_what_only_looks_like_a_repeat_stays_an_order_of_its_own(city: City, other: dict[str, Any]) -> None:
    first = by(city, 1)
    if "days" in other:
        WorkOrder.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=other["days"]))
    if "closed" in other:
        WorkOrder.objects.filter(pk=first.pk).update(state=State.CLOSED)
    changes = {name: value for name, value in other.items() if name in ("content", "secrecy")}
    changes |= {"place": city.places[other["place"]]} if "place" in other else {}
    changes |= {"duty_item": city.items[other["item"]]} if "item" in other else {}
    assert route(by(city, other.get("person", 1), **changes)).state != State.MERGED


def test_a_seat_finds_the_first_order_of_the_person(city: City) -> None:
    first = by(city, 1)
    assert first.citizen is not None
    assert matter_of_person(citizen=first.citizen, item_code="LAMP", place=city.places["中山路"]) == first
    assert matter_of_person(citizen=first.citizen, item_code="LAMP", place=city.places["人民路"]) is None
    assert matter_of_person(citizen=first.citizen, item_code="NOISE", place=None) is None


def test_other_people_on_one_matter_are_offered_as_a_joint_case_with_one_click(city: City, sign_in: SignIn) -> None:
    first, second = by(city, 1), by(city, 2, content=WAYS[1])
    by(city, 3, place=city.places["人民路"], content="人民路路灯坏了三天没人管", latitude=30.2)  # elsewhere
    by(city, 4, content="共享单车乱停放堵住人行道", duty_item=None)  # something else at the same place
    by(city, 5, content=WAYS[2], secrecy="sealed")
    assert [n.order.pk for n in neighbours(second)] == [first.pk]
    client = sign_in("dispatcher")
    shown = text(client.get(f"/desk/inbox/?order={second.number}"))
    assert "与此单并案" in shown and "地点相同" in shown and f'value="{first.number}"' in shown
    assert "与此单并案" in text(client.get(f"/desk/orders/{second.number}/"))
    found = client.get(f"/api/steering/neighbours/{second.number}/").json()
    assert [(n["number"], n["place"], n["same_person"]) for n in found] == [(first.number, "same", False)]
    assert client.get("/api/steering/neighbours/999999999999/").status_code == 404
    answer = client.post(
        f"/desk/orders/{second.number}/do/merge/", {"into": first.number, "reason": "并案", "version": second.version}
    )
    assert answer.status_code == 302
    second.refresh_from_db()
    assert (second.state, second.merged_into_id) == (State.MERGED, first.pk)
    stale = client.post(f"/desk/orders/{second.number}/do/merge/", {"into": first.number, "reason": "并案", "version": "1"})
    assert stale.status_code == 409


def test_a_place_nearby_counts_and_a_place_further_off_does_not(city: City) -> None:
    first = by(city, 1, place=None, region=city.regions["east1"], latitude=30.1, longitude=110.2)
    near = by(city, 2, place=None, region=city.regions["east1"], latitude=30.1009, longitude=110.2009)
    far = by(city, 3, place=None, region=city.regions["east1"], latitude=30.11, longitude=110.2)
    assert [(n.order.pk, n.place) for n in neighbours(near)] == [(first.pk, "near")]
    assert neighbours(far) == []


def test_five_people_in_a_day_raise_one_alert_that_desks_show_until_it_is_noted(desk: Desk, sign_in: SignIn) -> None:
    city, now = desk.city, timezone.now()
    made = [by(city, n, content=way) for n, way in enumerate(WAYS[:4])]
    by(city, 0, content=WAYS[4])  # the first person again
    by(city, 8, content=WAYS[4], secrecy="sealed")
    old = by(city, 9, content=WAYS[4])
    WorkOrder.objects.filter(pk=old.pk).update(created_at=now - timedelta(hours=25))
    assert groups.tell_groups(now=timezone.now()) == []
    made.append(by(city, 5, content=WAYS[4]))
    [alert] = groups.tell_groups(now=timezone.now())
    assert groups.tell_groups(now=timezone.now()) == []
    assert alert.data["people"] == 5 and set(made) <= set(alert.orders.all()) and old not in alert.orders.all()
    made.append(by(city, 6, content=WAYS[0]))
    assert groups.tell_groups(now=timezone.now()) == []
    alert.refresh_from_db()
    assert alert.data["people"] == 6 and made[-1] in alert.orders.all()
    assert FeedEvent.objects.filter(stream="inbox", kind="alert").count() == 1
    for username, page in (
        ("dispatcher", "/desk/inbox/"),
        ("supervisor", "/desk/supervision/"),
        ("leader", "/desk/steering/alerts/"),
    ):
        assert "24小时内有6人反映同一事" in text(sign_in(username).get(page)), page
    url = f"/desk/steering/alerts/{alert.pk}/"
    assert made[0].title in text(sign_in("supervisor").get(url))
    for username in ("light", "seat", "editor"):
        assert sign_in(username).get(url).status_code == 403
    boss = sign_in("boss") if "boss" in city.staff else None
    if boss is not None:
        assert boss.post(url).status_code == 403
    assert sign_in("dispatcher").post(url, {"note": "已派现场处置"}).status_code == 302
    assert "反映同一事" not in text(sign_in("dispatcher").get("/desk/inbox/"))
    assert "已派现场处置" in text(sign_in("supervisor").get(url))
    assert "派单员" in text(sign_in("supervisor").get("/desk/steering/alerts/?all=1"))


def test_the_numbers_of_people_and_hours_are_settings(city: City, settings: Any) -> None:
    for n in range(3):
        by(city, n, content=WAYS[n])
    assert groups.tell_groups(now=timezone.now()) == []
    settings.DISPATCH_GROUP_PEOPLE = 3
    [alert] = groups.tell_groups(now=timezone.now())
    Alert.objects.all().delete()
    WorkOrder.objects.update(created_at=timezone.now() - timedelta(hours=30))
    assert groups.tell_groups(now=timezone.now()) == []
    settings.DISPATCH_GROUP_HOURS = 48
    assert len(groups.tell_groups(now=timezone.now())) == 1 and alert.data["people"] == 3


def test_programs_read_and_note_alerts(city: City, sign_in: SignIn) -> None:
    for n, way in enumerate(WAYS):
        by(city, n, content=way)
    groups.tell_groups(now=timezone.now())
    client: Client = sign_in("supervisor")
    [found] = client.get("/api/steering/alerts/").json()
    assert found["kind"] == "group" and len(found["orders"]) == 5
    assert send(sign_in("light"), "post", f"/api/steering/alerts/{found['id']}/note/", {}).status_code == 403
    assert send(client, "post", "/api/steering/alerts/999/note/", {}).status_code == 404
    assert send(client, "post", f"/api/steering/alerts/{found['id']}/note/", {"note": "处置"}).json()["noted_by"] == "督办员"
    assert client.get("/api/steering/alerts/").json() == []


def test_queries_do_not_grow_with_the_neighbours(city: City, django_assert_max_num_queries: Any) -> None:
    for n in range(12):
        by(city, n, content=WAYS[n % 5])
    order = by(city, 20)
    with django_assert_max_num_queries(3):
        assert len(neighbours(order)) == 5
