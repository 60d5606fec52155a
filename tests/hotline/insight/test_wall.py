"""The wall: figures that can be counted again from the rows, a constant number of queries, nothing sealed shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from hotline.conversations import actions as conversations
from hotline.insight import selectors
from ticketing.orders import actions as orders
from ticketing.orders.models import WorkOrder
from ticketing.organisation.actor import SYSTEM
from ticketing.organisation.roles import Role

pytestmark = pytest.mark.django_db


def figures():
    return {figure.code: figure.value for figure in selectors.wall().figures}


def test_empty_city(city):
    assert figures() == {
        "contacts": "0",
        "waiting": "0",
        "created": "0",
        "dispatched": "0",
        "overdue": "0",
        "direct": "0",
        "bot": "0",
        "satisfaction": "—",
    }


def test_figures_follow_the_rows(city, scripted_bot, seat):
    talk = conversations.start_conversation(channel="voice")
    conversations.hand_over(conversation=talk, reason="asked", by="citizen")
    conversations.start_conversation(channel="chat")
    first, second = (city.order(duty_item=city.items["LAMP"]) for _ in range(2))
    orders.dispatch_order(order=first, unit=city.units["LIGHT"], actor=SYSTEM, reason="duty list")
    WorkOrder.objects.filter(pk=first.pk).update(
        due_at=timezone.now() - timedelta(hours=1), warn_at=timezone.now() - timedelta(days=1)
    )
    WorkOrder.objects.filter(pk=second.pk).update(state="closed", closed_at=timezone.now())
    second.refresh_from_db()
    second.ratings.create(kind="order", score=4, channel="sms", at=timezone.now())
    found = figures()
    assert (found["contacts"], found["waiting"], found["created"], found["dispatched"]) == ("2", "1", "2", "1")
    assert (found["overdue"], found["satisfaction"], found["bot"]) == ("1", "100.0", "50")
    wall = selectors.wall()
    assert [red.number for red in wall.red] == [first.number] and wall.red[0].late
    assert wall.queue[0].waiting == 1 and wall.topics[0].count == 2
    assert sum(wall.hours) == 2


def test_sealed_reports_are_neither_counted_nor_listed(city):
    sealed = city.order(order_type=city.types["report"])
    orders.name_handler(by=city.staff["admin"], staff=city.staff["light"], unit=city.units["LIGHT"], document="1")
    orders.dispatch_order(order=sealed, unit=city.units["LIGHT"], actor=SYSTEM, reason="duty list")
    WorkOrder.objects.update(due_at=timezone.now() - timedelta(hours=1), warn_at=timezone.now() - timedelta(days=1))
    wall = selectors.wall()
    assert wall.red == [] and not [tick for tick in wall.ticker if tick.number == sealed.number]
    assert {figure.code: figure.value for figure in wall.figures}["overdue"] == "0"


def test_queries_do_not_grow_with_the_rows(city, django_assert_max_num_queries):
    def count():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            selectors.wall()
        return len(queries)

    city.order()
    one = count()
    for _ in range(8):
        city.order()
    assert count() == one <= 15


@pytest.mark.parametrize(("role", "status"), [(Role.LEADER, 200), (Role.SEAT, 200), (Role.UNIT_CLERK, 403)])
def test_who_sees_it(client, make_staff, city, role, status):
    assert client.get("/desk/wall/").status_code == 302
    client.force_login(make_staff("viewer-1", role))
    for path in ("", "?part=1", "data/"):
        assert client.get(f"/desk/wall/{path}").status_code == status


def test_data_is_json(client, make_staff, city):
    city.order()
    client.force_login(make_staff("viewer-1", Role.LEADER))
    data = client.get("/desk/wall/data/").json()
    assert {figure["code"]: figure["value"] for figure in data["figures"]}["created"] == "1"
    assert "王小明" not in str(data)
