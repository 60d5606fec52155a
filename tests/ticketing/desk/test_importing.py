"""The page that brings past orders in: preview with faults marked, a changed mapping, the job, the result."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.ticketing.desk.conftest import Desk
from ticketing.exchange.models import ImportRun
from ticketing.orders import history
from ticketing.orders.models import WorkOrder
from ticketing.outbox import runner

HEADS = "工单编号,受理时间,诉求类型,诉求内容,承办单位,工单状态,联系电话\n"
GOOD = "A1,2025-03-03 09:00,投诉,路灯不亮,测试市照明管理所,已办结,19900000001\n"
BAD = "A2,昨天,投诉,<b>路灯</b>,测试市照明管理所,搁着,\n"


@pytest.fixture
def admin(desk: Desk, settings: Any, tmp_path: Any) -> Client:
    settings.VAR_DIR = tmp_path
    return desk.client("admin")


def upload(client: Client, text: str, *, name: str = "old.csv", **more: Any) -> Any:
    return client.post("/desk/import/", {"file": SimpleUploadedFile(name, text.encode("gb18030")), **more})


def test_a_table_is_looked_at_corrected_imported_and_its_faults_fetched(admin: Client) -> None:
    page = upload(admin, HEADS + GOOD + BAD).headers["Location"]
    seen = admin.get(page).content.decode()
    assert "199****0001" in seen and "昨天" in seen and "&lt;b&gt;" in seen and not WorkOrder.objects.exists()
    mapping = ImportRun.objects.get().mapping.replace("state: {}", "state: {搁着: processing}")
    page = admin.post(page, {"mapping": mapping}).headers["Location"]
    again = admin.get(page).content.decode()
    assert "昨天" in again and "“搁着”" not in again
    admin.post(page + "go/")
    assert "every 2s" in admin.get(page).content.decode()
    runner.drain()
    state = admin.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in state and "every 2s" not in state
    assert (WorkOrder.objects.get().state, list(history.verify())) == ("closed", [])
    faults = b"".join(admin.get(page + "errors/").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "3," in faults and "昨天" in faults
    assert "old.csv" in admin.get("/desk/import/").content.decode()


def test_uploading_again_leads_to_the_same_run_and_imports_nothing_new(admin: Client) -> None:
    page = upload(admin, HEADS + GOOD).headers["Location"]
    for _ in range(2):
        admin.post(page + "go/")
        runner.drain()
    assert upload(admin, HEADS + GOOD).headers["Location"] == page
    run = ImportRun.objects.get()
    assert (WorkOrder.objects.count(), run.created, run.unchanged, run.state) == (1, 0, 1, "done")


@pytest.mark.parametrize(
    ("text", "name"),
    [(HEADS + GOOD, "old.exe"), ("", "old.csv"), (HEADS + GOOD, "old.xlsx"), ("甲,乙\n1,2\n", "old.csv"), ("\n", "old.csv")],
)
def test_what_cannot_be_read_is_answered_with_words(admin: Client, text: str, name: str) -> None:
    answer = upload(admin, text, name=name)
    assert answer.status_code == 400 and 'role="alert"' in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_limits_hold(admin: Client, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 50
    assert upload(admin, HEADS + GOOD).status_code == 400
    assert not list((settings.VAR_DIR / "imports").glob("*.csv"))


@pytest.mark.parametrize("mapping", ["{", "columns: {number: 没有}", "x" * 200_000])
def test_a_mapping_that_does_not_fit_keeps_the_typed_text(admin: Client, mapping: str) -> None:
    page = upload(admin, HEADS + GOOD).headers["Location"]
    answer = admin.post(page, {"mapping": mapping})
    assert answer.status_code == 400 and 'role="alert"' in answer.content.decode()
    assert upload(admin, HEADS + GOOD, mapping=mapping).status_code == 400
    assert upload(admin, HEADS + GOOD, map_file=SimpleUploadedFile("m.yml", b"\xff\xfe\x00")).status_code == 400


def test_a_table_that_is_gone_breaks_off_with_words(admin: Client, settings: Any) -> None:
    page = upload(admin, HEADS + GOOD).headers["Location"]
    admin.post(page + "go/")
    for file in (settings.VAR_DIR / "imports").glob("*.csv"):
        file.unlink()
    runner.drain()
    assert ImportRun.objects.get().state == "failed"
    assert admin.get(page).status_code == 400


def test_only_administrators_import(desk: Desk, client: Client) -> None:
    assert client.get("/desk/import/").status_code == 302
    for who in ("dispatcher", "supervisor", "editor", "light", "boss"):
        assert desk.client(who).get("/desk/import/").status_code == 403
        assert upload(desk.client(who), HEADS + GOOD).status_code == 403
    assert not ImportRun.objects.exists()
