"""Lists as Excel: by role, masked, marked, logged, harmless, and never more than the page shows."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from tests.cast import City
from ticketing.citizens.actions import Contact
from ticketing.exchange import actions
from ticketing.exchange.models import ExportLog
from ticketing.orders import actions as orders
from ticketing.orders.selectors import actor_for
from ticketing.orders.workflow import Action
from ticketing.outbox import runner


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Any) -> None:
    settings.VAR_DIR = tmp_path


def fetch(city: City, who: str, kind: str, **filters: str) -> Any:
    client = Client()
    client.force_login(city.staff[who])
    return client.post(f"/exports/new/{kind}/", filters)


def table(answer: Any) -> list[tuple[Any, ...]]:
    """All lines of the first sheet: the mark, the headings, the rows."""
    assert answer.status_code == 200, answer
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    return list(book.worksheets[0].iter_rows(values_only=True))


def test_a_dispatcher_gets_the_list_masked_marked_and_logged(city: City) -> None:
    order = city.order(content='=HYPERLINK("http://x") 路灯坏了，电话19900000001')
    mark, headings, row = table(fetch(city, "dispatcher", "orders"))
    log = ExportLog.objects.get()
    assert "派单员" in mark[0] and log.mark in mark[0] and "1 条" in mark[0]
    values = dict(zip(headings, row, strict=True))
    assert values["工单编号"] == order.number
    assert values["内容"].startswith("'=HYPERLINK") and "19900000001" not in str(row)
    assert values["电话（脱敏）"] == "199****0001" and "王小明" not in str(row)
    assert (log.kind, log.staff, log.rows, log.downloads) == ("orders", city.staff["dispatcher"], 1, 1)
    assert len(log.sha256) == 64


def test_who_need_not_know_the_citizen_gets_no_contact_column(city: City) -> None:
    city.order()
    _mark, headings, row = table(fetch(city, "quality", "orders"))
    assert not any("脱敏" in str(h) for h in headings)
    assert "199****" not in str(row)


def test_a_unit_exports_its_own_orders_and_no_hidden_contact(city: City) -> None:
    mine = city.order(secrecy="confidential")
    city.order(content="别家的事")
    actor = actor_for(city.staff["dispatcher"], mine, Action.DISPATCH)
    orders.dispatch_order(order=mine, unit=city.units["LIGHT"], actor=actor, reason="照明所负责")
    _mark, headings, *rows = table(fetch(city, "light", "unit"))
    assert [row[0] for row in rows] == [mine.number]
    assert dict(zip(headings, rows[0], strict=True))["电话（脱敏）"] in ("", None)


def test_sealed_reports_never_leave_as_a_table(city: City) -> None:
    city.order(order_type=city.types["report"], content="举报某人", contact=Contact(name="李", phone="19900000002"))
    assert len(table(fetch(city, "quality", "orders"))) == 2
    assert len(table(fetch(city, "dispatcher", "orders"))) == 2


def test_the_filters_of_the_page_hold_and_stand_in_the_log(city: City) -> None:
    city.order()
    assert len(table(fetch(city, "dispatcher", "orders", state="closed", csrf="x"))) == 2
    assert ExportLog.objects.get().filters == {"state": "closed"}


def test_a_role_without_the_list_is_refused_and_visitors_sign_in(city: City, client: Client) -> None:
    assert fetch(city, "light", "inbox").status_code == 403
    assert client.post("/exports/new/orders/").status_code == 302
    assert fetch(city, "dispatcher", "nothing").status_code == 404
    assert not ExportLog.objects.exists()


def test_too_many_rows_are_refused_with_advice(city: City, settings: Any) -> None:
    settings.EXPORT_MAX_ROWS = 1
    for number in range(2):
        city.order(content=f"第{number}件")
    assert fetch(city, "dispatcher", "orders").status_code == 302
    assert not ExportLog.objects.exists()


def test_a_long_list_is_written_by_a_job_and_fetched_by_its_owner_alone(city: City, monkeypatch: Any) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    city.order()
    answer = fetch(city, "dispatcher", "orders")
    page = answer.headers["Location"]
    client = Client()
    client.force_login(city.staff["dispatcher"])
    assert "every 2s" in client.get(page).content.decode()
    assert client.get(page + "file/").status_code == 410
    runner.drain()
    assert page + "file/" in client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert len(table(client.get(page + "file/"))) == 3
    admin = Client()
    admin.force_login(city.staff["admin"])
    assert admin.get(page + "file/").status_code == 404
    assert ExportLog.objects.get().mark in admin.get("/exports/").content.decode()
    other = Client()
    other.force_login(city.staff["callback"])
    assert ExportLog.objects.get().mark not in other.get("/exports/").content.decode()


def test_a_person_who_lost_the_role_gets_no_file(city: City, monkeypatch: Any) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    city.order()
    fetch(city, "dispatcher", "orders")
    city.staff["dispatcher"].appointments.all().delete()
    runner.drain()
    assert ExportLog.objects.get().state == "failed"


def test_files_go_after_a_day_and_the_log_stays(city: City, settings: Any) -> None:
    fetch(city, "dispatcher", "orders")
    ExportLog.objects.update(at=timezone.now() - timedelta(hours=25))
    assert actions.remove_old_exports() == 1
    log = ExportLog.objects.get()
    assert (log.state, log.path) == ("gone", "") and not list((settings.VAR_DIR / "exports").iterdir())


@pytest.mark.parametrize(
    ("who", "page"),
    [
        ("dispatcher", "/desk/orders/?state=triage"),
        ("dispatcher", "/desk/inbox/"),
        ("light", "/desk/unit/"),
        ("callback", "/desk/callback/"),
        ("supervisor", "/desk/supervision/?kind=watched"),
    ],
)
def test_every_list_has_the_button(city: City, who: str, page: str) -> None:
    client = Client()
    client.force_login(city.staff[who])
    assert "/exports/new/" in client.get(page).content.decode()
