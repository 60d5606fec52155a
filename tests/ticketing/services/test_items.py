"""Service items: every row gets in or says why not, twice changes nothing, the report names the dirt, the pages show it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.cast import City
from ticketing.services.models import ServiceItem

ROW: dict[str, Any] = {
    "TASK_CODE": "11450100AAA0001000",
    "TASK_NAME": "路灯报装审批",
    "subTaskName": None,
    "matter_type": "行政许可",
    "DEPT_NAME": "测试市照明管理所",
    "ORGCODE": "006900001",
    "CATAID": "450101000",
    "handle_time": "20(工作日)",
    "handle_time_limit": "5(工作日)",
    "handle_location": "办理地点：某路1号政务大厅1-4号窗口",
    "accept_standard": "依据《城市道路照明设施管理规定》第四条。<br/>需有建设单位委托。",
    "consult_phone": "0771-5550011；0771-5550012",
    "complain_phone": "无",
    "material_intro": ["申请表", "申请表", "身份证"],
    "service_object_name": ["自然人", "企业法人"],
    "URL": "https://example.org/apply",
    "courier_service": "是",
    "matter_short": "无",
}


def written(path: Path, *rows: Any, encoding: str = "utf-8") -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def run(path: Path, **options: Any) -> list[str]:
    out = StringIO()
    call_command("import_service_items", str(path), stdout=out, **options)
    return out.getvalue().splitlines()


def test_a_row_comes_in_with_what_it_certainly_says(city: City, tmp_path: Path) -> None:
    lines = run(written(tmp_path / "a.jsonl", ROW))
    item = ServiceItem.objects.get()
    assert lines[-1] == "1 rows: 1 new, 0 changed, 0 unchanged, 0 rejected."
    assert item.unit == city.units["LIGHT"]
    assert (item.legal_value, item.legal_measure, item.legal_raw) == (20, "working_days", "20(工作日)")
    assert (item.phones, item.complaint_phones, item.short_name) == (["0771-5550011", "0771-5550012"], [], "")
    assert item.materials == ["申请表", "身份证"]
    assert item.legal_basis == [{"law": "城市道路照明设施管理规定", "article": "第四条"}]
    assert "<br" not in item.conditions and item.delivered is True
    report = "\n".join(lines)
    for kind in ("html", "phone_list", "doubled_entry", "empty_word"):
        assert f"{kind}: 1 rows" in report


def test_twice_changes_nothing_and_a_changed_row_changes_one(city: City, tmp_path: Path) -> None:
    other = ROW | {"TASK_CODE": "B2"}
    run(written(tmp_path / "a.jsonl", ROW, other))
    assert run(tmp_path / "a.jsonl")[-1] == "2 rows: 0 new, 0 changed, 2 unchanged, 0 rejected."
    lines = run(written(tmp_path / "b.jsonl", ROW, other | {"handle_time_limit": "当场办结"}))
    assert lines[-1] == "2 rows: 0 new, 1 changed, 1 unchanged, 0 rejected."
    assert ServiceItem.objects.get(code="B2").promised_value == 0


def test_what_cannot_come_in_is_named_with_line_and_reason(city: City, tmp_path: Path) -> None:
    bad = ["{broken", "[1]", ROW | {"TASK_CODE": "无"}, ROW | {"TASK_CODE": "C1", "TASK_NAME": " "}, ROW | {"TASK_CODE": "编 号"}]
    lines = run(written(tmp_path / "a.jsonl", ROW, "", *bad, ROW))
    assert lines[-1] == "7 rows: 1 new, 0 changed, 0 unchanged, 6 rejected."
    rejected = [line for line in lines if line.startswith("rejected line")]
    assert [line.split()[2] for line in rejected] == ["3", "4", "5", "6", "7", "8"]


def test_departments_that_are_unknown_or_wrong_are_not_linked(city: City, tmp_path: Path) -> None:
    rows = [
        ROW | {"TASK_CODE": "D1", "DEPT_NAME": "没有的局"},
        ROW | {"TASK_CODE": "D2", "DEPT_NAME": " 测试市照明管理所 "},
        ROW | {"TASK_CODE": "D3", "DEPT_NAME": "测试市水利局", "bear_paltform": "水利平台"},
        ROW | {"TASK_CODE": "D4", "bear_paltform": "水利建设从业单位信息查询"},
    ]
    report = "\n".join(run(written(tmp_path / "a.jsonl", *rows)))
    linked = {item.code: item.unit_id for item in ServiceItem.objects.all()}
    assert linked == {"D1": None, "D2": city.units["LIGHT"].pk, "D3": None, "D4": None}
    assert "department_wrong: 1 rows" in report and "department_unknown: 2 rows" in report
    assert "name_doubled: 4 rows" in report


def test_a_dry_run_writes_nothing_and_other_encodings_are_read(city: City, tmp_path: Path) -> None:
    lines = run(written(tmp_path / "a.jsonl", ROW, encoding="gb18030"), dry_run=True)
    assert "1 new" in lines[-1] and not ServiceItem.objects.exists()
    (tmp_path / "list.json").write_text(json.dumps([ROW]), encoding="utf-8")
    assert "1 new" in run(tmp_path / "list.json")[-1]


def test_a_file_that_is_none_is_refused(db: None, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b"\xff\x81\x20\x00\xfe")
    for name in ("nothing.jsonl", "x.jsonl"):
        with pytest.raises(CommandError):
            run(tmp_path / name)


def test_citizens_find_and_read_the_guide(city: City, tmp_path: Path, client: Client) -> None:
    run(written(tmp_path / "a.jsonl", ROW, ROW | {"TASK_CODE": "E2", "TASK_NAME": "户外广告备案", "handle_time_limit": "无"}))
    page = client.get("/services/", {"q": "路灯", "kind": "行政许可", "served": "person"}).content.decode()
    assert "路灯报装审批" in page and "户外广告备案" not in page and "5个工作日" in page
    guide = client.get(f"/services/{ROW['TASK_CODE']}/").content.decode()
    for words in ("测试市照明管理所", "身份证", "0771-5550012", "城市道路照明设施管理规定", "20个工作日"):
        assert words in guide
    assert client.get("/services/E2/").status_code == 200
    assert client.get("/services/none/").status_code == 404


def test_what_is_typed_into_the_search_does_no_harm(city: City, client: Client) -> None:
    for words in ("<script>alert(1)</script>", "\x00", "%' OR 1=1 --", "甲 " * 500):
        answer = client.get("/services/", {"q": words, "page": "zz", "kind": words})
        assert answer.status_code == 200 and "<script>alert" not in answer.content.decode()


def test_an_administrator_puts_an_item_right(city: City, tmp_path: Path, client: Client) -> None:
    run(written(tmp_path / "a.jsonl", ROW))
    city.staff["admin"].is_superuser = True
    city.staff["admin"].save()
    client.force_login(city.staff["admin"])
    assert "路灯报装审批" in client.get("/admin/services/serviceitem/?q=路灯").content.decode()
    assert client.get(f"/admin/services/serviceitem/{ServiceItem.objects.get().pk}/change/").status_code == 200
