"""Writing replies: templates shared and one's own, drafts that outlive a reload, and the calendar of what is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from tests.ticketing.desk.conftest import Desk
from ticketing.orders.actions.writing import forget_old_typed
from ticketing.orders.models import ReplyTemplate, TypedDraft, WorkOrder

TYPED = "已联系诉求人，约定明日到场维修"


def test_what_is_typed_outlives_a_reload_and_goes_when_it_is_sent(desk: Desk) -> None:
    order, client = desk.processing(), desk.client("light")
    base = f"/desk/orders/{order.number}/"
    kept = client.post(f"{base}typed/submit_reply/", {"public_text": TYPED, "solved": "True", "version": "1", "photos": "x"})
    assert kept.status_code == 200 and kept.json()["at"]
    form = client.get(f"{base}do/submit_reply/").content.decode()
    assert TYPED in form and "已恢复" in form and f'data-typed="{base}typed/submit_reply/"' in form
    # Sealed in the database, and nobody else's.
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM orders_typeddraft")
        assert TYPED not in cursor.fetchone()[0]
    assert TYPED not in desk.client("dispatcher").get(f"{base}").content.decode()
    sent = client.post(f"{base}do/submit_reply/", {"public_text": TYPED, "solved": "True", "version": order.version})
    assert sent.status_code == 302 and not TypedDraft.objects.exists()


def test_a_draft_is_refused_where_the_order_is_not_ones_own_and_when_it_is_too_long(desk: Desk) -> None:
    order = desk.processing()
    url = f"/desk/orders/{order.number}/typed/submit_reply/"
    assert desk.client("west_house").post(url, {"public_text": TYPED}).status_code == 404
    assert desk.client("light").get(url).status_code == 405
    assert desk.client("light").post(url.replace("submit_reply", "sign"), {}).status_code == 404
    assert desk.client("light").post(url, {"public_text": "长" * 30_000}).status_code == 400
    desk.client("light").post(url, {"public_text": TYPED})
    assert TypedDraft.objects.count() == 1
    desk.client("light").post(url, {"public_text": "  "})
    assert not TypedDraft.objects.exists()
    desk.client("light").post(url, {"public_text": TYPED})
    TypedDraft.objects.update(updated_at=timezone.now() - timedelta(days=31))
    assert forget_old_typed() == 1


def test_templates_are_shared_within_the_unit_or_ones_own_and_fill_the_reply(desk: Desk) -> None:
    order, client = desk.processing(), desk.client("light")
    assert "还没有模板" in client.get("/desk/templates/").content.decode()
    assert client.post("/desk/templates/", {"name": "", "text": ""}).status_code == 400
    unit = desk.city.units["LIGHT"].pk
    assert (
        client.post(
            "/desk/templates/", {"name": "已修复", "text": "您好，{number}反映的路灯已由{unit}修复。", "unit": unit}
        ).status_code
        == 302
    )
    assert client.post("/desk/templates/", {"name": "我的", "text": "已收到。", "unit": ""}).status_code == 302
    foreign = client.post("/desk/templates/", {"name": "别处", "text": "无", "unit": desk.city.units["EAST-HOUSE"].pk})
    assert foreign.status_code == 400
    shared = ReplyTemplate.objects.get(name="已修复")
    form = client.get(f"/desk/orders/{order.number}/do/submit_reply/?template={shared.pk}").content.decode()
    assert f"您好，{order.number}反映的路灯已由测试市照明管理所修复。" in form and "我的" in form
    # Another unit neither sees, uses, changes nor deletes them.
    other = desk.client("east_house")
    assert "已修复" not in other.get("/desk/templates/").content.decode()
    assert other.get(f"/desk/templates/{shared.pk}/").status_code == 404
    assert other.post(f"/desk/templates/{shared.pk}/delete/").status_code == 404
    assert client.post(f"/desk/templates/{shared.pk}/", {"name": "修好了", "text": "修好了。", "unit": unit}).status_code == 302
    assert client.post(f"/desk/templates/{shared.pk}/delete/").status_code == 302
    assert not ReplyTemplate.objects.filter(pk=shared.pk).exists()
    assert desk.client("dispatcher").get("/desk/templates/").status_code == 403


def test_the_calendar_shows_what_is_due_each_day(desk: Desk, django_assert_max_num_queries: Any) -> None:
    order, client = desk.processing(title="日历上的路灯"), desk.client("light")
    due = timezone.localtime(WorkOrder.objects.get(pk=order.pk).due_at)
    with django_assert_max_num_queries(14):
        page = client.get(f"/desk/unit/calendar/?month={due:%Y-%m}").content.decode()
    assert "日历上的路灯" in page
    assert "日历上的路灯" not in client.get("/desk/unit/calendar/?month=2020-01").content.decode()
    assert client.get("/desk/unit/calendar/?month=kaputt").status_code == 200
    assert "日历上的路灯" not in desk.client("west_house").get(f"/desk/unit/calendar/?month={due:%Y-%m}").content.decode()
    for _more in range(5):
        desk.processing(title="日历上的路灯")
    assert "另有" in client.get(f"/desk/unit/calendar/?month={due:%Y-%m}").content.decode()
