"""Every address of the desks and the API, for every person and every ownership: nothing of another unit is seen or touched."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.test import Client

from tests.cast import PEOPLE
from tests.ticketing.desk.conftest import Desk
from ticketing.desk.doings import DOINGS, possible
from ticketing.desk.urls import urlpatterns
from ticketing.orders import selectors
from ticketing.orders.models import WorkOrder
from ticketing.organisation.roles import CENTRE_ROLES, UNIT_ROLES, Role
from ticketing.outbox.registry import may_follow

SECRET = "只属于照明所的一件事"
OUTSIDERS = [username for username, _shown, unit, role in PEOPLE if role in UNIT_ROLES and unit != "LIGHT"]
BLIND = [
    username for username, _shown, _unit, role in PEOPLE if role not in CENTRE_ROLES | UNIT_ROLES | {Role.INSPECTOR, Role.ADMIN}
]
OWN_ADDRESSES = ("undo", "contact", "do", "files")


def addresses(order: WorkOrder, attachment: int = 1) -> Iterator[str]:
    """Every address of the desks that names an order, read from the table of addresses itself."""
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        if "<str:number>" not in route:
            continue
        filled = route.replace("<str:number>", order.number).replace("<int:pk>", str(attachment))
        for key in DOINGS if "<slug:key>" in filled else [""]:
            yield "/desk/" + filled.replace("<slug:key>", key)


def lists() -> list[str]:
    """Every address of the desks that names no order."""
    return ["/desk/" + str(p.pattern) for p in urlpatterns if "<" not in str(p.pattern)]


def counts(order: WorkOrder) -> tuple[int, int]:
    fresh = WorkOrder.objects.get(pk=order.pk)
    return fresh.version, fresh.events.count()


@pytest.fixture
def held(desk: Desk) -> list[WorkOrder]:
    """Orders of the lighting company in several states."""
    made = [desk.dispatched(title=SECRET), desk.processing(title=SECRET), desk.reply_review(title=SECRET)]
    return [WorkOrder.objects.get(pk=order.pk) for order in made]


@pytest.mark.parametrize("username", OUTSIDERS + BLIND)
def test_another_units_order_is_404_at_every_address_and_nothing_changes(
    desk: Desk, held: list[WorkOrder], username: str
) -> None:
    client = desk.client(username)
    for order in held[1:2]:
        before = counts(order)
        for url in addresses(order):
            assert client.get(url).status_code in (404, 405), url
            assert client.post(url, {"reason": "x", "text": "x", "field": "phone"}).status_code in (404, 405), url
        api = f"/api/orders/{order.number}/"
        assert client.get(api).status_code == 404
        for key in DOINGS:
            assert client.post(f"{api}{key}/", "{}", content_type="application/json").status_code == 404, key
        assert counts(order) == before


@pytest.mark.parametrize("username", OUTSIDERS + BLIND)
def test_no_list_and_no_stream_gives_it_away(desk: Desk, held: list[WorkOrder], username: str) -> None:
    client, staff = desk.client(username), desk.city.staff[username]
    for url in lists():
        for query in ("", f"?q={SECRET}&order={held[0].number}&act=sign&number={held[0].number}"):
            answer = client.get(url + query)
            assert SECRET not in answer.content.decode().replace(f'value="{SECRET}"', "").replace(f"“{SECRET}”", ""), url + query
    assert SECRET not in client.get(f"/api/orders/?q={SECRET}").content.decode()
    body = json.dumps({"action": "sign", "numbers": [o.number for o in held]})
    assert SECRET not in client.post("/api/orders/many/", body, content_type="application/json").content.decode()
    for stream in (f"unit:{desk.city.units['LIGHT'].pk}", *(f"order:{o.number}" for o in held)):
        assert not may_follow(staff, stream), stream


@pytest.mark.parametrize("username", [username for username, *_rest in PEOPLE])
def test_what_a_person_may_not_do_is_refused_as_409_or_403_and_says_what_is_allowed(
    desk: Desk, held: list[WorkOrder], username: str
) -> None:
    client, staff = desk.client(username), desk.city.staff[username]
    visible = [o for o in held[1:2] if selectors.visible_orders(staff).filter(pk=o.pk).exists()]
    for order in visible:
        before, allowed = counts(order), {doing.key for doing in possible(staff, order)}
        for key in sorted(set(DOINGS) - allowed):
            answer = client.post(f"/api/orders/{order.number}/{key}/", "{}", content_type="application/json")
            assert answer.status_code in (403, 409), (key, answer.status_code)
            if answer.status_code == 409:
                assert "allowed" in answer.json() and answer.json()["state"] == order.state
            page = client.post(f"/desk/orders/{order.number}/do/{key}/", {})
            assert page.status_code in (400, 403, 409), (key, page.status_code)
        assert counts(order) == before


def test_every_form_that_grew_stale_says_what_changed_and_keeps_the_typed_text(desk: Desk, held: list[WorkOrder]) -> None:
    typed, seen = "这是我辛苦写下的一段话", set()
    unit = desk.city.units["EAST-HOUSE"].pk
    words = {
        "reason": typed,
        "note": typed,
        "text": typed,
        "task": typed,
        "public_text": typed,
        "question": typed,
        "answer": typed,
    }
    rest = {
        "unit": unit,
        "solved": "True",
        "to": "养护科",
        "upheld": "yes",
        "colour": "red",
        "cause": "overdue",
        "ground": "place",
    }
    rest |= {"review_at": "2099-01-01T09:00", "guidance": typed, "reached": "yes", "satisfaction": "5"}
    for order in [*held, desk.triage(title=SECRET), desk.callback(title=SECRET)]:
        for username in ("light", "dispatcher", "supervisor", "callback"):
            staff, client = desk.city.staff[username], desk.client(username)
            if not selectors.visible_orders(staff).filter(pk=order.pk).exists():
                continue
            for doing in possible(staff, WorkOrder.objects.get(pk=order.pk)):
                if doing.is_immediate or {"photos", "into"} & {n for n, f in doing.form.base_fields.items() if f.required}:
                    continue
                answer = client.post(f"/desk/orders/{order.number}/do/{doing.key}/", {**words, **rest, "version": "0"})
                if answer.status_code == 400:  # this form wants something else besides; it was not sent
                    continue
                page = answer.content.decode()
                assert answer.status_code == 409, (doing.key, answer.status_code)
                if set(words) & set(doing.form.base_fields):
                    assert typed in page, doing.key
                assert "工单有变动" in page, doing.key
                seen.add(doing.key)
    assert {"dispatch", "submit_reply", "stage_reply", "ask_assist", "supervise", "issue_card", "copy"} <= seen


def test_a_visitor_is_let_in_nowhere(desk: Desk, held: list[WorkOrder]) -> None:
    client = Client()
    for url in [*addresses(held[0]), *lists()]:
        assert client.get(url).status_code in (302, 403, 405), url
    assert client.get("/api/orders/").status_code in (401, 403)
