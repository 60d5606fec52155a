"""The watch: it reads and changes no order, its rules raise alerts once, its cards are out of the hotline's hands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import PEOPLE
from tests.ticketing.desk.conftest import Desk
from tests.ticketing.inspection.conftest import actor
from ticketing.desk.doings import DOINGS
from ticketing.inspection import actions
from ticketing.inspection.models import Alert, AlertRule, InspectionRound, WatchCard
from ticketing.inspection.urls import urlpatterns as round_urls
from ticketing.inspection.watch_urls import urlpatterns as watch_urls
from ticketing.orders.models import Callback, Contestable, WorkOrder
from ticketing.orders.workflow import EDGES
from ticketing.organisation.roles import CENTRE_ROLES, UNIT_ROLES, Role
from ticketing.outbox import registry

HOTLINE = [username for username, _shown, _unit, role in PEOPLE if role in CENTRE_ROLES | {Role.ADMIN}]
OUTSIDE = [username for username, _shown, _unit, role in PEOPLE if role != Role.INSPECTOR]


def rule(desk: Desk, **changes: Any) -> AlertRule:
    given: dict[str, Any] = {"name": "超期", "kind": "overdue", "threshold": 8}
    return actions.save_rule(actor=actor(desk, "inspector"), **(given | changes))


def late_order(desk: Desk, *, days: int = 10) -> WorkOrder:
    order = desk.processing()
    WorkOrder.objects.filter(pk=order.pk).update(due_at=timezone.now() - timedelta(days=days))
    return order


def card(desk: Desk, order: WorkOrder | None = None) -> WatchCard:
    return actions.issue_watch_card(
        actor=actor(desk, "inspector"), colour="red", reason="超期不办", unit=desk.city.units["LIGHT"], order=order
    )


def test_the_watch_reads_everything_and_no_edge_no_page_and_no_api_lets_it_change_an_order(desk: Desk) -> None:
    assert not [edge for edge in EDGES if Role.INSPECTOR in edge.roles]
    client, order = desk.client("inspector"), late_order(desk)
    page = client.get(f"/desk/orders/{order.number}/").content.decode()
    assert order.title in page and f"/desk/orders/{order.number}/do/" not in page
    for url in ("/desk/watch/", "/desk/supervision/?kind=red", "/desk/orders/"):
        assert client.get(url).status_code == 200, url
    before = WorkOrder.objects.values("version", "state").get(pk=order.pk)
    for key in DOINGS:
        answer = client.post(f"/api/orders/{order.number}/{key}/", "{}", content_type="application/json")
        assert answer.status_code in (403, 409), key
        assert client.post(f"/desk/orders/{order.number}/do/{key}/", {"reason": "x"}).status_code in (400, 403, 409), key
    assert WorkOrder.objects.values("version", "state").get(pk=order.pk) == before


def test_an_overdue_order_alerts_once_for_each_rule_by_working_hours_and_not_before(desk: Desk) -> None:
    order = late_order(desk)
    rule(desk)
    rule(desk, name="久拖不办", threshold=9000)
    registry.registration("periodic.inspection.alerts").run([{}])  # type: ignore[union-attr]
    assert actions.raise_alerts() == 0
    alert = Alert.objects.get()
    assert alert.order == order and alert.figure >= 8 and alert.figure < 10 * 24 and alert.unit == desk.city.units["LIGHT"]
    fresh = desk.processing(title="另一件")
    WorkOrder.objects.filter(pk=fresh.pk).update(due_at=timezone.now() - timedelta(hours=1))
    assert actions.raise_alerts() == 0


@pytest.mark.parametrize(("kind", "field"), [("returned", "return_count"), ("redone", "redo_count"), ("urged", "urge_count")])
def test_often_returned_redone_and_urged_orders_alert_from_their_threshold(desk: Desk, kind: str, field: str) -> None:
    order = desk.processing()
    rule(desk, kind=kind, threshold=2)
    WorkOrder.objects.filter(pk=order.pk).update(**{field: 1})
    assert actions.raise_alerts() == 0
    WorkOrder.objects.filter(pk=order.pk).update(**{field: 2})
    assert actions.raise_alerts() == 1 and actions.raise_alerts() == 0


def test_a_unit_alerts_by_its_share_of_dissatisfied_citizens_once_a_month_and_sealed_orders_never_count(desk: Desk) -> None:
    rule(desk, kind="dissatisfied", threshold=50, minimum=3)
    for satisfaction in (1, 2, 5):
        Callback.objects.create(order=desk.callback(), channel="desk", reached=True, satisfaction=satisfaction, at=timezone.now())
    assert actions.raise_alerts() == 1 and actions.raise_alerts() == 0
    alert = Alert.objects.get()
    assert (alert.unit, alert.order, alert.figure) == (desk.city.units["LIGHT"], None, 66)
    Alert.objects.all().delete()
    WorkOrder.objects.update(secrecy="sealed")
    rule(desk, name="退单", kind="returned", threshold=1)
    WorkOrder.objects.update(return_count=3)
    assert actions.raise_alerts() == 0


def test_an_inspector_acknowledges_with_a_note_and_issues_a_card_that_the_unit_appeals_and_the_watch_decides(desk: Desk) -> None:
    order = late_order(desk)
    rule(desk)
    actions.raise_alerts()
    client, alert = desk.client("inspector"), Alert.objects.get()
    assert order.title in client.get("/desk/watch/").content.decode()
    assert client.post(f"/desk/watch/alerts/{alert.pk}/", {"note": " "}).status_code == 400
    assert "预警已核查确认" in client.post(f"/desk/watch/alerts/{alert.pk}/", {"note": "已约谈"}, follow=True).content.decode()
    assert client.post(f"/desk/watch/alerts/{alert.pk}/", {"note": "再次"}).status_code == 400
    assert "已约谈" in client.get("/desk/watch/alerts/?state=done").content.decode()

    form = {"colour": "yellow", "order": order.number, "reason": "超期未办"}
    assert client.post("/desk/watch/cards/new/", form | {"order": "999"}).status_code == 400
    page = client.post(f"/desk/watch/cards/new/?alert={alert.pk}", form, follow=True).content.decode()
    made = WatchCard.objects.get()
    assert "已发牌" in page and made.alert == alert and made.unit == desk.city.units["LIGHT"]

    light = desk.client("light")
    assert "超期未办" in light.get(f"/desk/watch/cards/{made.pk}/").content.decode()
    assert light.post(f"/desk/watch/cards/{made.pk}/decide/", {"upheld": "no", "text": "撤销"}).status_code == 403
    assert light.post(f"/desk/watch/cards/{made.pk}/appeal/", {"text": ""}).status_code == 400
    assert "申诉已提交" in light.post(f"/desk/watch/cards/{made.pk}/appeal/", {"text": "材料已报"}, follow=True).content.decode()
    assert light.post(f"/desk/watch/cards/{made.pk}/appeal/", {"text": "再次"}).status_code == 409
    decided = client.post(f"/desk/watch/cards/{made.pk}/decide/", {"upheld": "no", "text": "理由成立"}, follow=True)
    made.refresh_from_db()
    assert made.status == Contestable.Status.REVOKED and made.decided_by == "监察" and "理由成立" in decided.content.decode()
    assert client.post(f"/desk/watch/cards/{made.pk}/decide/", {"upheld": "yes", "text": "x"}).status_code == 409


@pytest.mark.parametrize("username", HOTLINE)
def test_no_role_of_the_hotline_issues_edits_decides_or_deletes_what_is_the_watchs(desk: Desk, username: str) -> None:
    kept, made, alert_rule = card(desk), WatchCard.objects.values(), rule(desk)
    late_order(desk)
    actions.raise_alerts()
    alert, client = Alert.objects.get(), desk.client(username)
    before = list(made.all())
    for url, form in {
        "/desk/watch/cards/new/": {"colour": "red", "unit": "LIGHT", "reason": "x"},
        f"/desk/watch/cards/{kept.pk}/decide/": {"upheld": "no", "text": "撤销"},
        f"/desk/watch/cards/{kept.pk}/appeal/": {"text": "x"},
        f"/desk/watch/alerts/{alert.pk}/": {"note": "x"},
        f"/desk/watch/rules/{alert_rule.pk}/": {"name": "改", "kind": "overdue", "threshold": "99", "days": "1", "minimum": "1"},
        "/desk/watch/rules/new/": {"name": "新", "kind": "overdue", "threshold": "1", "days": "1", "minimum": "1"},
    }.items():
        assert client.post(url, form).status_code in (403, 404), (url, username)
    for url in ("cards/", f"cards/{kept.pk}/decide/", f"cards/{kept.pk}/appeal/", f"alerts/{alert.pk}/acknowledge/", "rules/"):
        answer = client.post(f"/api/inspection/{url}", {"upheld": "no", "text": "x"}, content_type="application/json")
        assert answer.status_code in (403, 404), (url, username)
    for model in ("watchcard", "alertrule", "alert"):
        assert client.get(f"/admin/inspection/{model}/").status_code in (302, 403, 404), model
    alert.refresh_from_db()
    alert_rule.refresh_from_db()
    assert list(WatchCard.objects.values()) == before and alert.acknowledged_at is None and alert_rule.threshold == 8


def addresses(order_card: WatchCard, alert: Alert, kept: AlertRule, plan: InspectionRound | None) -> Iterator[str]:
    """Every address of both tables, filled with rows that exist."""
    for start, patterns in (("/desk/watch/", watch_urls), ("/desk/rounds/", round_urls)):
        for pattern in patterns:
            route = str(pattern.pattern)
            pk = alert.pk if "alerts" in route else kept.pk if "rules" in route else order_card.pk
            yield start + route.replace("<int:pk>", str(pk)).replace("<int:photo>", "1")


@pytest.mark.parametrize(
    "username", [username for username, _shown, _unit, role in PEOPLE if role in UNIT_ROLES and username != "light"]
)
def test_another_units_cards_are_seen_at_no_address(desk: Desk, username: str) -> None:
    made, kept = card(desk, late_order(desk)), rule(desk)
    actions.raise_alerts()
    client = desk.client(username)
    for url in addresses(made, Alert.objects.get(), kept, None):
        for answer in (client.get(url), client.post(url, {"text": "x", "note": "x", "upheld": "no"})):
            assert answer.status_code in (200, 403, 404, 405), url
            assert "超期不办" not in answer.content.decode(), url
    rows = client.get("/api/inspection/cards/").json()
    assert rows["count"] == 0 and WatchCard.objects.get().status == "issued"
    assert (
        client.post(f"/api/inspection/cards/{made.pk}/appeal/", {"text": "x"}, content_type="application/json").status_code == 404
    )


@pytest.mark.parametrize(
    "username", [u for u in OUTSIDE if u in ("seat", "editor", "dispatcher", "callback", "quality", "admin")]
)
def test_those_who_have_nothing_to_do_with_the_watch_are_let_in_nowhere(desk: Desk, username: str) -> None:
    client = desk.client(username)
    for url in ("", "alerts/", "rules/", "cards/", "cards/new/"):
        assert client.get(f"/desk/watch/{url}").status_code == 403, url
    assert Client().get("/desk/watch/").status_code == 302


def test_programs_of_the_watch_read_alerts_keep_rules_and_decide_cards(desk: Desk) -> None:
    client = desk.client("inspector")
    body = {"name": "催办三次", "kind": "urged", "threshold": 1}
    assert client.post("/api/inspection/rules/", body, content_type="application/json").status_code == 201
    changed = client.post("/api/inspection/rules/", body | {"threshold": 3}, content_type="application/json")
    assert changed.json()["threshold"] == 3 and AlertRule.objects.count() == 1
    assert client.post("/api/inspection/rules/", body | {"threshold": 0}, content_type="application/json").status_code == 400
    order = desk.processing()
    WorkOrder.objects.filter(pk=order.pk).update(urge_count=3)
    actions.raise_alerts()
    row = client.get("/api/inspection/alerts/", {"state": "open"}).json()["results"][0]
    assert row["order"] == order.number and row["figure"] == 3
    done = client.post(f"/api/inspection/alerts/{row['id']}/acknowledge/", {"note": "已核"}, content_type="application/json")
    assert done.status_code == 201
    again = client.post(f"/api/inspection/alerts/{row['id']}/acknowledge/", {"note": "已核"}, content_type="application/json")
    assert again.status_code == 409
    issued = client.post(
        "/api/inspection/cards/", {"colour": "yellow", "order": order.number, "reason": "慢"}, content_type="application/json"
    )
    url = f"/api/inspection/cards/{issued.json()['id']}/"
    appealed = desk.client("light").post(f"{url}appeal/", {"text": "已改"}, content_type="application/json")
    assert appealed.status_code == 201 and appealed.json()["status"] == "appealed"
    decided = client.post(f"{url}decide/", {"upheld": "yes", "text": "维持"}, content_type="application/json")
    assert decided.status_code == 201 and decided.json()["status"] == "upheld"


def test_rules_that_a_city_brings_leave_the_inspectors_own_alone(desk: Desk) -> None:
    rule(desk, name="退单 2 次以上", kind="returned", threshold=5)
    rows = [{"name": "退单 2 次以上", "kind": "returned", "threshold": 2}, {"name": "新", "kind": "urged", "threshold": 3}]
    assert actions.import_rules(rows=rows) == 2
    assert AlertRule.objects.get(name="退单 2 次以上").threshold == 5 and AlertRule.objects.count() == 2
    with pytest.raises(ValueError, match="kind"):
        actions.import_rules(rows=[{"name": "x", "kind": "y", "threshold": 1}])


def test_the_lists_cost_the_same_however_long_they_are(desk: Desk, django_assert_max_num_queries: Any) -> None:
    client = desk.client("inspector")
    kept = rule(desk)
    order = desk.processing()
    rows = [Alert(rule=kept, key=str(n), order=order, unit=order.unit, figure=n, raised_at=timezone.now()) for n in range(60)]
    Alert.objects.bulk_create(rows)
    for _n in range(40):
        card(desk, order)
    for url in ("/desk/watch/", "/desk/watch/alerts/", "/desk/watch/cards/", "/desk/watch/rules/"):
        with django_assert_max_num_queries(16):
            assert client.get(url).status_code == 200
    assert "下一页" in client.get("/desk/watch/alerts/").content.decode()
