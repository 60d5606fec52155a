"""Sealed reports: handled by those named one by one, and found by nobody else, in no store, page, figure, file or message."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from PIL import Image

from hotline.insight.selectors import wall, wall_as_json
from tests.cast import PEOPLE
from tests.ticketing.desk.conftest import Desk
from tests.ticketing.desk.test_rights import addresses, lists
from ticketing.dispatch.training import decided_orders
from ticketing.orders import sealed, selectors
from ticketing.orders.actions import end_naming, name_handler
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.models import SealedHandler, WorkOrder
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role
from ticketing.outbox import runner
from ticketing.outbox.registry import may_follow

WORD, PHONE = "鹬蚌相争局长", "19955566677"
PICTURE = io.BytesIO()
Image.new("RGB", (2, 2), "red").save(PICTURE, "PNG")
PNG = PICTURE.getvalue()
EXPORTS = ("orders", "inbox", "unit", "callback", "supervision")


@pytest.fixture
def keeper(desk: Desk) -> Staff:
    """A person without any role, named for all sealed reports; and one of the lighting company, named for its own."""
    person = Staff.objects.create(username="keeper", display_name="密办员", unit=desk.city.units["HOT"])
    name_handler(by=desk.city.staff["admin"], staff=person, document="密字1号")
    clerk = Staff.objects.create(username="light_keeper", display_name="照明所密办", unit=desk.city.units["LIGHT"])
    name_handler(by=desk.city.staff["admin"], staff=clerk, unit=desk.city.units["LIGHT"], document="密字2号")
    desk.city.staff |= {"keeper": person, "light_keeper": clerk}
    return person


def reported(client: Client) -> WorkOrder:
    """A report written by a citizen on the citizens' pages, with a file."""
    fields = {
        "order_type": "report", "content": f"举报{WORD}收受红包", "place_text": f"{WORD}门前", "wish": f"查处{WORD}", "secrecy": "open",
        "name": f"王{WORD}", "phone": PHONE, "agreed": "on", "place": "", "incident_time": f"{WORD}生日",
    }  # fmt: skip
    file = SimpleUploadedFile(f"{WORD}.png", PNG, content_type="image/png")
    answer = client.post("/report/", {**fields, "photos": [file]})
    assert answer.status_code == 302, answer.content.decode()
    key = answer.url.split("/")[2]
    assert client.post(f"/report/{key}/item/", {"duty_item": ""}).status_code == 302
    assert client.post(f"/report/{key}/check/").status_code == 302
    assert client.get(f"/report/{key}/receipt/").status_code == 200
    return WorkOrder.objects.latest("pk")


def act(desk: Desk, username: str, order: WorkOrder, key: str, **fields: Any) -> None:
    answer = desk.client(username).post(f"/api/orders/{order.number}/{key}/", json.dumps(fields), content_type="application/json")
    assert answer.status_code == 200, (key, answer.content.decode())


def found_in_tables(needles: tuple[str, ...], number: str) -> list[str]:
    """Every text column of every table that holds one of the needles; the order's own number may stand with the order."""
    hits = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                for needle in needles:
                    own = (table, column.name) == ("orders_workorder", "number") and needle == number
                    escaped = json.dumps(needle)[1:-1].replace("\\", "\\\\")  # as JSON columns may write it
                    quoted = f'CAST("{column.name}" AS TEXT)'
                    cursor.execute(
                        f'SELECT COUNT(*) FROM "{table}" WHERE {quoted} LIKE %s OR {quoted} LIKE %s',
                        [f"%{needle}%", f"%{escaped}%"],
                    )
                    if cursor.fetchone()[0] and not own:
                        hits.append(f"{table}.{column.name}: {needle}")
    return hits


def found_in_files(folder: Path, needles: tuple[str, ...]) -> list[str]:
    """Files below a folder with a needle in their name or bytes; the picture's own bytes count too."""
    hits = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if any(n in path.name or n.encode() in data for n in needles) or PNG in data:
                hits.append(str(path))
    return hits


@pytest.fixture
def stores(settings: Any, tmp_path: Path) -> Path:
    """A folder of our own for everything that is written to disk."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.NOTICE_ADAPTERS = ["console"]
    return tmp_path


@pytest.mark.django_db(transaction=True)
def test_no_store_page_file_or_message_gives_a_sealed_report_away(
    desk: Desk, keeper: Staff, client: Client, stores: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = {name: rows for name, rows in wall_as_json(wall()).items() if name != "at"}
    order = reported(client)
    number, needles = order.number, (WORD, PHONE, order.number)
    assert (
        order.secrecy == "sealed" and WORD in order.content and WORD in order.title and WORD in order.incident_time + order.wish
    )

    # A whole life of the matter, in the hands of those who are named.
    act(desk, "keeper", order, "flag", flags=["sensitive"])
    act(desk, "keeper", order, "dispatch", unit=desk.city.units["LIGHT"].pk, reason=f"{WORD}归照明所查")
    act(desk, "light_keeper", order, "sign")
    act(desk, "light_keeper", order, "stage_reply", public_text=f"正在查{WORD}")
    act(desk, "light_keeper", order, "submit_reply", public_text=f"已查{WORD}", internal_text=f"内部{WORD}", solved="True")
    act(desk, "keeper", order, "supervise", note=f"盯住{WORD}")
    act(desk, "keeper", order, "issue_card", colour="yellow", reason=f"{WORD}拖延")
    act(desk, "keeper", order, "approve_reply")
    shown = desk.client("keeper").post(f"/desk/orders/{number}/contact/", {"field": "phone", "reason": "核实"})
    assert PHONE in shown.content.decode()
    act(desk, "keeper", order, "callback", reached="yes", satisfaction="2", note=f"{WORD}还在")
    act(desk, "keeper", order, "redo", reason=f"再查{WORD}")
    runner.drain()

    # What those who are named see is whole.
    page = desk.client("keeper").get(f"/desk/orders/{number}/").content.decode()
    assert WORD in page and f"内部{WORD}" in page
    assert number in desk.client("keeper").get("/desk/sealed/").content.decode().replace("</span><span>", "")
    assert desk.client("keeper").get("/api/orders/sealed/").json()["results"][0]["number"] == number
    assert WORD in desk.client("light_keeper").get(f"/desk/orders/{number}/").content.decode()
    attachment = order.attachments.get()
    sent = b"".join(desk.client("keeper").get(f"/desk/orders/{number}/files/{attachment.pk}/").streaming_content)  # type: ignore[attr-defined]
    assert sent == attachment.read() and sent[:8] == PNG[:8]
    assert not list(sealed.handlers().filter(staff=desk.city.staff["dispatcher"]))

    # Stores: tables (orders, events, jobs, feeds, notices, conversations, drafts, models), files, logs, training rows.
    assert found_in_tables(needles, number) == []
    assert found_in_files(stores, needles) == []
    assert not [record for record in caplog.messages if any(needle in record for needle in needles)]
    assert not [row for row in decided_orders() if WORD in row.text]

    # Every page, list, export, API and live stream, for every other person; and the figures stand as before.
    after = {name: rows for name, rows in wall_as_json(wall()).items() if name != "at"}
    for one in (before, after):
        one.pop("figures"), one.pop("hours", None)
    assert after == before
    urls = [
        *lists(),
        "/desk/wall/",
        "/desk/wall/data/",
        "/api/orders/",
        f"/api/orders/?q={WORD}",
        "/desk/seat/",
    ]
    for username in [username for username, *_rest in PEOPLE]:
        other, staff = desk.client(username), desk.city.staff[username]
        for url in urls:
            page = other.get(url, follow=True).content.decode()
            page = page.replace("</span><span>", "").replace(f'value="{WORD}"', "").replace(f"“{WORD}”", "")
            assert not any(needle in page for needle in needles), (username, url)
        for kind in EXPORTS:
            answer = other.post(f"/exports/new/{kind}/", {})
            if answer.status_code == 200:
                assert WORD.encode() not in b"".join(answer.streaming_content), (username, kind)  # type: ignore[attr-defined]
        assert other.get(f"/api/orders/{number}/").status_code == 404
        assert other.get("/api/orders/sealed/").status_code == 403
        assert other.get("/desk/sealed/").status_code == 403
        assert selectors.visible_orders(staff).filter(pk=order.pk).count() == 0
        assert other.get(f"/desk/seat/{order.conversation_ref}/").status_code in (403, 404), username
        for stream in (f"order:{number}", f"order:{order.ref}", "sealed", f"sealed:{order.unit_id}"):
            assert not may_follow(staff, stream), (username, stream)
    for username in ("dispatcher", "supervisor", "boss", "admin", "light"):
        for url in addresses(order):
            assert desk.client(username).get(url).status_code in (404, 405), url
            assert desk.client(username).post(url, {"reason": "x", "text": "x", "field": "phone"}).status_code in (404, 405), url


def test_the_chat_bots_own_rows_keep_neither_words_nor_number(desk: Desk, keeper: Staff) -> None:
    from hotline.conversations import actions as conversations

    talk = conversations.start_conversation(channel="chat", caller=PHONE, with_bot=False)
    conversations.record(conversation=talk, text=f"我要举报{WORD}")
    order = desk.triage(order_type=desk.city.types["report"], content=f"举报{WORD}", conversation_ref=str(talk.pk))
    conversations.link_order(conversation=talk, order_number=order.number, by="bot")
    assert found_in_tables((WORD, PHONE, order.number), order.number) == []
    talk.refresh_from_db()
    assert talk.order_number == ""
    # While it goes on the seat goes on with it; when it is over it is closed to all but those named.
    assert sealed.may_follow_conversation(keeper, str(talk.pk))
    assert not sealed.may_follow_conversation(desk.city.staff["seat"], str(talk.pk))


def test_a_unit_without_anyone_named_cannot_get_it_and_it_is_never_merged(desk: Desk, keeper: Staff) -> None:
    order, open_one = desk.triage(order_type=desk.city.types["report"]), desk.triage()
    client = desk.client("keeper")
    api = f"/api/orders/{order.number}/"
    refused = client.post(
        f"{api}dispatch/", json.dumps({"unit": desk.city.units["EAST-HOUSE"].pk, "reason": "试"}), content_type="application/json"
    )
    assert refused.status_code == 400 and "named" in refused.json()["hint"]
    page = client.post(
        f"/desk/orders/{order.number}/do/dispatch/",
        {"unit": desk.city.units["EAST-HOUSE"].pk, "reason": "试", "version": order.version},
    )
    assert page.status_code == 400 and "指定" in page.content.decode()
    with pytest.raises(InvalidOrder):
        from ticketing.orders.actions import merge_orders
        from ticketing.orders.workflow import Action

        merge_orders(order=order, into=open_one, reason="同一件", actor=selectors.actor_for(keeper, order, Action.MERGE))


def test_handlers_are_named_one_by_one_on_a_page_and_nobody_names_himself(desk: Desk) -> None:
    admin, city = desk.client("admin"), desk.city
    assert "尚未指定" in admin.get("/desk/sealed/handlers/").content.decode()
    for username in ("dispatcher", "supervisor", "boss", "light"):
        assert desk.client(username).get("/desk/sealed/handlers/").status_code == 403
    assert admin.post("/desk/sealed/handlers/", {"staff": "admin", "document": "自己"}).status_code == 400
    assert admin.post("/desk/sealed/handlers/", {"staff": "nobody", "document": "1号"}).status_code == 400
    assert admin.post("/desk/sealed/handlers/", {"staff": "dispatcher", "document": "1号"}).status_code == 302
    assert admin.post("/desk/sealed/handlers/", {"staff": "dispatcher", "document": "2号"}).status_code == 400
    order = desk.triage(order_type=city.types["report"])
    assert desk.client("dispatcher").get(f"/desk/orders/{order.number}/").status_code == 200
    assert "举报" in desk.client("dispatcher").get("/desk/").content.decode()
    assert admin.get(f"/desk/orders/{order.number}/").status_code == 404
    naming = SealedHandler.objects.get()
    assert desk.client("supervisor").post(f"/desk/sealed/handlers/{naming.pk}/end/").status_code == 403
    assert admin.post(f"/desk/sealed/handlers/{naming.pk}/end/").status_code == 302
    assert desk.client("dispatcher").get(f"/desk/orders/{order.number}/").status_code == 404
    with pytest.raises(NotAllowed):
        name_handler(by=city.staff["supervisor"], staff=city.staff["seat"], document="无权")
    with pytest.raises(NotAllowed):
        end_naming(by=city.staff["boss"], handler=naming)


def test_open_orders_are_stored_and_searched_as_before(desk: Desk) -> None:
    order = desk.triage(content=f"路灯坏了{WORD}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM orders_workorder WHERE id = %s", [order.pk])
        assert cursor.fetchone()[0] == order.content
    assert WORD in desk.client("dispatcher").get(f"/desk/orders/?q={WORD}").content.decode()
    with transaction.atomic():
        WorkOrder.objects.filter(pk=order.pk).update(title="\ue5ea不是密文")
    assert WorkOrder.objects.get(pk=order.pk).title == "不是密文"


def test_roles_alone_open_nothing(desk: Desk) -> None:
    order = desk.triage(order_type=desk.city.types["report"])
    for username, _name, _unit, role in PEOPLE:
        staff = desk.city.staff[username]
        assert not sealed.handles_sealed(staff) and not sealed.sealed_orders(staff).exists()
        assert selectors.allowed_actions(staff, order) == [], role
    assert Role.ADMIN  # the administrator among them
