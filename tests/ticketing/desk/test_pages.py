"""The desks through a browser without script: who sees what, and what the pages say."""

from __future__ import annotations

import re

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.ticketing.desk.conftest import Desk
from ticketing.orders.models import Attachment, Secrecy
from ticketing.outbox import registry

PAGES = ["/desk/", "/desk/inbox/", "/desk/unit/", "/desk/callback/", "/desk/supervision/", "/desk/orders/"]
OPEN_TO = {
    "dispatcher": {"/desk/", "/desk/inbox/", "/desk/orders/"},
    "light": {"/desk/", "/desk/unit/", "/desk/orders/"},
    "callback": {"/desk/", "/desk/callback/", "/desk/orders/"},
    "supervisor": {"/desk/", "/desk/inbox/", "/desk/supervision/", "/desk/orders/"},
    "editor": {"/desk/"},
    "boss": {"/desk/", "/desk/supervision/", "/desk/orders/"},
}


def text_of(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, url
    return answer.content.decode()


def test_visitors_are_sent_to_sign_in(desk: Desk) -> None:
    for url in [*PAGES, f"/desk/orders/{desk.triage().number}/"]:
        answer = Client().get(url)
        assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]


@pytest.mark.parametrize("username", sorted(OPEN_TO))
def test_each_role_has_its_pages_and_no_others(desk: Desk, username: str) -> None:
    desk.callback()
    client = desk.client(username)
    for url in PAGES:
        assert client.get(url).status_code == (200 if url in OPEN_TO[username] else 403), url
    home = text_of(client, "/desk/")
    for url in PAGES[1:]:
        assert (f'href="{url}"' in home) is (url in OPEN_TO[username]), url


def test_empty_lists_say_why(desk: Desk) -> None:
    assert "没有待处理的工单" in text_of(desk.client("dispatcher"), "/desk/inbox/")
    assert "这里没有本单位的工单" in text_of(desk.client("light"), "/desk/unit/")
    assert "没有待回访的工单" in text_of(desk.client("callback"), "/desk/callback/")
    assert "还没有工单" in text_of(desk.client("dispatcher"), "/desk/orders/")


def test_the_inbox_shows_candidates_with_reasons_and_keys(desk: Desk) -> None:
    order = desk.triage(duty_item=desk.city.items["LAMP"])
    html = text_of(desk.client("dispatcher"), "/desk/inbox/")
    assert 'data-key="1"' in html and order.title in html
    assert re.search(r'<ul class="reasons"><li>', html)
    assert '<mark class="mark-place">中山路</mark>' in html


def test_the_inbox_filters_by_state_and_selects_by_number(desk: Desk) -> None:
    waiting, replied = desk.triage(title="等待派单的一件"), desk.reply_review(title="等待审核的一件")
    client = desk.client("dispatcher")
    html = text_of(client, "/desk/inbox/?state=reply_review")
    assert f'data-number="{replied.number}"' in html and f'data-number="{waiting.number}"' not in html
    part = client.get(f"/desk/inbox/?order={replied.number}", headers={"HX-Request": "true", "HX-Target": "inbox-detail"})
    assert "<html" not in part.content.decode() and "内部情况" in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_the_unit_sees_its_orders_by_due_time_and_no_others(desk: Desk) -> None:
    mine, other = desk.dispatched(title="我们的一件"), desk.triage(title="别人的一件")
    late = desk.dispatched(title="超期的一件")
    type(late).objects.filter(pk=late.pk).update(due_at=timezone.now() - timezone.timedelta(hours=1))
    html = text_of(desk.client("light"), "/desk/unit/")
    assert mine.title in html and other.title not in html
    assert html.index('id="group-overdue"') < html.index(late.title) < html.index(mine.title)
    assert "签收" in html
    text_of(desk.client("light"), f"/desk/orders/{other.number}/", 404)
    assert mine.title not in text_of(desk.client("west_house"), "/desk/unit/")


def test_a_replied_order_is_not_counted_as_overdue(desk: Desk) -> None:
    order = desk.reply_review()
    type(order).objects.filter(pk=order.pk).update(due_at=timezone.now() - timezone.timedelta(days=1), warn_at=timezone.now())
    assert 'id="group-answered"' in text_of(desk.client("light"), "/desk/unit/")
    assert order.title not in text_of(desk.client("supervisor"), "/desk/supervision/?kind=red")


def test_the_order_page_shows_history_clock_with_its_working_and_masked_contact(desk: Desk) -> None:
    order = desk.processing()
    html = text_of(desk.client("light"), f"/desk/orders/{order.number}/")
    assert "照明所负责路灯" in html and "计时明细" in html
    assert "199****0001" in html and "19900000001" not in html and "王小明" not in html
    assert "还剩" in html and 'data-key="e"' in html


def test_a_confidential_contact_is_closed_to_the_unit(desk: Desk) -> None:
    order = desk.processing(secrecy=Secrecy.CONFIDENTIAL)
    client = desk.client("light")
    html = text_of(client, f"/desk/orders/{order.number}/")
    assert "199****0001" not in html and "已隐藏" in html
    answer = client.post(f"/desk/orders/{order.number}/contact/", {"field": "phone", "reason": "想看看"})
    assert answer.status_code == 403 and "19900000001" not in answer.content.decode()


def test_a_look_at_the_contact_needs_a_reason_and_is_recorded(desk: Desk) -> None:
    order = desk.callback()
    client = desk.client("callback")
    assert client.post(f"/desk/orders/{order.number}/contact/", {"field": "phone", "reason": ""}).status_code == 400
    assert not order.citizen.reveals.exists()
    answer = client.post(f"/desk/orders/{order.number}/contact/", {"field": "phone", "reason": "回访"})
    assert "19900000001" in answer.content.decode() and answer["Cache-Control"] == "no-store"
    look = order.citizen.reveals.get()
    assert (look.staff, look.reason, look.order_number) == (desk.city.staff["callback"], "回访", order.number)


def test_internal_notes_stay_with_hotline_and_own_unit(desk: Desk) -> None:
    order = desk.reply_review()
    assert "内部情况" in text_of(desk.client("light"), f"/desk/orders/{order.number}/")
    assert "内部情况" in text_of(desk.client("supervisor"), f"/desk/orders/{order.number}/")


def test_search_finds_by_number_by_its_beginning_and_by_words(desk: Desk) -> None:
    order = desk.triage(title="幸福里路灯不亮")
    desk.triage(title="垃圾没有清运")
    client = desk.client("dispatcher")
    spaced = f"{order.number[:4]} {order.number[4:8]} {order.number[8:]}"
    assert client.get("/desk/search/", {"q": spaced})["Location"] == f"/desk/orders/{order.number}/"
    assert order.title in text_of(client, f"/desk/search/?q={order.number[:10]}")
    html = text_of(client, "/desk/search/?q=幸福里 路灯")
    assert order.title in html and "垃圾没有清运" not in html
    assert "没有符合条件的工单" in text_of(client, "/desk/search/?q=查无此事")


def test_files_open_only_to_those_who_see_the_order(desk: Desk, settings: pytest.FixtureRequest, tmp_path: object) -> None:
    settings.MEDIA_ROOT = str(tmp_path)  # type: ignore[attr-defined]
    order = desk.processing()
    file = Attachment(order=order, name="现场.png", content_type="image/png", size=3, sha256="0" * 64, created_at=timezone.now())
    file.file.save("x.png", ContentFile(b"png"))
    url = f"/desk/orders/{order.number}/files/{file.pk}/"
    answer = desk.client("light").get(url)
    assert b"".join(answer.streaming_content) == b"png" and "sandbox" in answer["Content-Security-Policy"]
    assert desk.client("west_house").get(url).status_code == 404


def test_pages_speak_english_by_the_switch(desk: Desk) -> None:
    order = desk.processing()
    client = desk.client("light")
    client.cookies["django_language"] = "en"
    html = text_of(client, f"/desk/orders/{order.number}/")
    assert "What the citizen says" in html and "诉求内容" not in html


@pytest.mark.parametrize(
    "url", ["/desk/inbox/", "/desk/unit/", "/desk/callback/", "/desk/supervision/", "/desk/orders/", "/desk/"]
)
def test_lists_take_the_same_queries_for_one_row_and_for_many(
    desk: Desk, url: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    user = {"/desk/unit/": "light", "/desk/callback/": "callback", "/desk/supervision/": "supervisor"}.get(url, "dispatcher")
    make = {"/desk/unit/": desk.processing, "/desk/callback/": desk.callback, "/desk/supervision/": desk.processing}.get(
        url, desk.triage
    )

    def overdue() -> None:
        if url == "/desk/supervision/":
            moment = timezone.now() - timezone.timedelta(hours=1)
            type(first).objects.update(due_at=moment, warn_at=moment)

    first = make()
    overdue()
    client = desk.client(user)
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        assert client.get(url).status_code == 200
    for _ in range(6):
        make()
    overdue()
    with django_assert_max_num_queries(len(one) + 1):  # +1: the list of alike orders has rows now
        client.get(url)
    assert len(one) < 45


def test_streams_open_only_to_those_whose_desk_they_feed(desk: Desk) -> None:
    order, staff = desk.dispatched(), desk.city.staff
    light = desk.city.units["LIGHT"].pk
    for stream, allowed, refused in [
        ("inbox", "dispatcher", "light"),
        ("callback", "callback", "dispatcher"),
        (f"unit:{light}", "light", "west_house"),
        (f"order:{order.number}", "light", "west_house"),
    ]:
        assert registry.may_follow(staff[allowed], stream)
        assert not registry.may_follow(staff[refused], stream)
    assert not registry.may_follow(staff["light"], "unit:x")
    assert not registry.may_follow(staff["light"], "order:000000000000")


def test_an_order_at_a_place_that_nobody_knows_is_in_the_lists(desk: Desk) -> None:
    order = desk.city.order(place=None, region=None, place_text="某处门口")
    for url in ("/desk/", f"/desk/inbox/?order={order.number}", "/desk/orders/"):
        assert "某处门口" in text_of(desk.client("dispatcher"), url)
