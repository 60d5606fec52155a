"""The catalogue: lists with links, versions, differences, publishing, rolling back, files both ways, lower levels, drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook, load_workbook

from tests.cast import City
from ticketing.organisation.actor import Actor, staff_actor
from ticketing.organisation.roles import Role
from ticketing.services import actions, catalogue_files
from ticketing.services import catalogue_selectors as selectors
from ticketing.services.errors import BadCatalogue, CatalogueError, CatalogueForbidden
from ticketing.services.models import CatalogueEvent, CatalogueVersion, LocalEntry


def listing(**entries: list[dict[str, Any]]) -> bytes:
    return json.dumps({"lists": entries}, ensure_ascii=False).encode()


POWER = {
    "code": "P1",
    "name": "路灯建设许可",
    "basis": ["《城市道路照明设施管理规定》第四条"],
    "materials": ["申请表"],
    "level": "市级",
}
PERMIT = {"code": "A1", "name": "路灯报装审批", "links": ["powers:P1"], "place": "市政务中心", "phone": "0771-5550011"}
BOTH = {"powers": [POWER], "permits": [PERMIT], "negative": [], "supervision": [], "priorities": [{"code": "Z1", "name": "照明"}]}


@pytest.fixture
def admin(city: City) -> Actor:
    return staff_actor(city.staff["admin"], role=Role.ADMIN)


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def go(**lists: Any) -> Any:
        path = tmp_path / "c.json"
        path.write_bytes(listing(**lists))
        return catalogue_files.read_file(path)

    return go


@pytest.fixture
def first(admin: Actor, read: Any) -> CatalogueVersion:
    """A first version in force."""
    actions.import_catalogue(rows=read(**BOTH), actor=admin)
    return actions.publish(actor=admin, note="初版")


def browser(city: City, who: str) -> Client:
    client = Client()
    client.force_login(city.staff[who])
    return client


def test_a_version_is_drafted_compared_published_and_rolled_back(admin: Actor, read: Any, first: CatalogueVersion) -> None:
    assert [(x.value, n) for x, n in selectors.list_counts(first) if n] == [("powers", 1), ("permits", 1), ("priorities", 1)]
    report = actions.import_catalogue(
        rows=read(powers=[POWER | {"materials": ["申请表", "身份证"]}, {"code": "P2", "name": "新增"}], priorities=[]),
        actor=admin,
    )
    assert (report.created, report.changed, report.unchanged, report.removed) == (1, 1, 0, 1)
    draft = selectors.draft()
    assert draft is not None
    found = selectors.diff(first, draft)
    assert dict(found.counts) == {"added": 1, "changed": 1, "removed": 1}
    changed = next(row for row in found.rows if row.kind == "changed")
    assert changed.fields == (("materials", ["申请表"], ["申请表", "身份证"]),)
    actions.publish(actor=admin)
    first.refresh_from_db()
    assert first.state == "superseded"
    assert actions.roll_back(actor=admin, reason="名称有误") == first
    assert selectors.published() == first and CatalogueVersion.objects.filter(state="superseded").count() == 1
    with pytest.raises(CatalogueError):
        actions.roll_back(actor=admin, reason="再退")
    whats = list(CatalogueEvent.objects.order_by("pk").values_list("what", flat=True))
    assert whats == ["opened", "imported", "published", "opened", "imported", "published", "rolled_back"]


def test_what_is_in_force_does_not_change_while_a_draft_does(admin: Actor, first: CatalogueVersion) -> None:
    actions.open_draft(actor=admin)
    with pytest.raises(CatalogueError):
        actions.open_draft(actor=admin)
    actions.save_entry(listing="powers", values=POWER | {"name": "改名"}, actor=admin)
    assert first.entries.get(code="P1").name == "路灯建设许可"
    actions.discard_draft(actor=admin)
    assert selectors.draft() is None and first.entries.count() == 3


def test_links_are_followed_both_ways_and_none_may_lead_to_nothing(admin: Actor, read: Any, first: CatalogueVersion) -> None:
    power, permit = first.entries.get(code="P1"), first.entries.get(code="A1")
    assert selectors.linked(permit) == ([power], []) and selectors.linked(power) == ([], [permit])
    actions.import_catalogue(rows=read(powers=[]), actor=admin)
    with pytest.raises(BadCatalogue) as refused:
        actions.publish(actor=admin)
    assert refused.value.faults == ["permits:A1 -> powers:P1"]


@pytest.mark.parametrize("form", ["json", "xlsx"])
def test_what_goes_out_comes_in_unchanged(admin: Actor, first: CatalogueVersion, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"out.{form}"
    if form == "json":
        path.write_bytes(catalogue_files.write_json(first.entries.all(), number=1))
    else:
        catalogue_files.write_book(first.entries.all(), path)
        assert load_workbook(path).sheetnames == ["职权", "负面", "审批", "监管", "层级重点"]
    report = actions.import_catalogue(rows=catalogue_files.read_file(path), actor=admin)
    assert (report.created, report.changed, report.unchanged, report.removed) == (0, 0, 3, 0)


@pytest.mark.parametrize(
    "entry",
    [
        {"code": "", "name": "甲"},
        {"code": "编 号", "name": "甲"},
        {"code": "X", "name": ""},
        {"code": "X", "name": "甲", "level": "星级"},
        {"code": "X", "name": "甲", "links": ["nowhere:1"]},
        {"code": "X", "name": "甲" * 301},
        "no entry",
    ],
)
def test_a_file_with_a_fault_brings_in_nothing_and_names_it(admin: Actor, read: Any, entry: Any) -> None:
    with pytest.raises(BadCatalogue) as refused:
        read(powers=[POWER, entry])
    assert len(refused.value.faults) == 1 and "powers 2" in refused.value.faults[0]
    with pytest.raises(BadCatalogue):
        read(powers=[POWER, POWER])


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"lists": 3}', b'{"lists": {"other": []}}', b'{"lists": {}}'])
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(BadCatalogue):
        catalogue_files.read_file(tmp_path / "x.json")


def test_a_lower_level_sets_place_phone_and_window_alone(city: City, admin: Actor, first: CatalogueVersion) -> None:
    clerk, region = city.staff["east"], city.regions["east"]
    actor = staff_actor(clerk, role=Role.UNIT_CLERK)
    values = {"place": "东片区政务中心", "phone": "", "window": "3号"}
    actions.set_local(region=region, listing="permits", code="A1", values=values, staff=clerk, actor=actor)
    permit = first.entries.get(code="A1")
    street = selectors.effective(permit, city.regions["east1"]).values
    assert street["place"] == ("东片区政务中心", "东片区") and street["phone"] == ("0771-5550011", "")
    assert selectors.effective(permit, city.regions["west"]).values["place"] == ("市政务中心", "")
    for wrong in ({"name": "自定名称"}, {"materials": []}):
        with pytest.raises(CatalogueError):
            actions.set_local(region=region, listing="permits", code="A1", values=wrong, staff=clerk, actor=actor)
    with pytest.raises(CatalogueForbidden):
        actions.set_local(region=city.regions["west"], listing="permits", code="A1", values=values, staff=clerk, actor=actor)


def test_drift_names_what_a_level_says_differently_and_what_changed_above(
    city: City, admin: Actor, read: Any, first: CatalogueVersion
) -> None:
    clerk, region = city.staff["east"], city.regions["east"]
    own = read(permits=[PERMIT | {"name": "路灯安装", "place": "东大厅"}, {"code": "A9", "name": "自设"}], powers=[POWER])
    counts = actions.import_local(region=region, rows=own, staff=clerk, actor=staff_actor(clerk))
    assert counts == {"taken": 2, "drifting": 1, "unknown": 1}
    assert LocalEntry.objects.get(code="A1").place == "东大厅"
    (found,) = selectors.drift()
    assert (found.kind, found.fields) == ("declared", (("name", "路灯报装审批", "路灯安装"),))
    actions.import_catalogue(rows=read(powers=[POWER | {"materials": ["新表"]}], permits=[]), actor=admin)
    actions.publish(actor=admin)
    assert {(d.kind, d.local.code) for d in selectors.drift(region)} == {("gone", "A1"), ("changed", "P1")}
    assert selectors.drift(city.regions["west"]) == []


@pytest.mark.parametrize("who", ["light", "dispatcher", "reviewer", "inspector"])
def test_others_read_and_change_nothing(city: City, first: CatalogueVersion, who: str) -> None:
    client = browser(city, who)
    for page in ("", "versions/", "versions/1/", "files/", "drift/", "permits/A1/", "?q=路灯&list=permits"):
        assert client.get(f"/catalogue/{page}").status_code == 200, page
    for verb in ("open", "discard", "publish", "roll-back"):
        assert client.post(f"/catalogue/do/{verb}/", {"text": "试试"}).status_code == 403
    assert client.post("/catalogue/files/", {"file": SimpleUploadedFile("a.json", listing(**BOTH))}).status_code == 403
    assert client.post("/api/catalogue/publish/", {}, content_type="application/json").status_code == 403
    assert CatalogueVersion.objects.count() == 1


def test_visitors_sign_in_first(city: City, client: Client) -> None:
    assert client.get("/catalogue/").status_code == 302
    assert client.get("/api/catalogue/entries/").status_code == 403


def test_editor_and_publisher_do_their_parts_on_the_pages(city: City) -> None:
    editor, publisher = browser(city, "editor"), browser(city, "publisher")
    upload = SimpleUploadedFile("catalogue.json", listing(**BOTH))
    assert editor.post("/catalogue/files/", {"file": upload}).status_code == 302
    assert "路灯报装审批" in editor.get("/catalogue/?version=1&list=permits").content.decode()
    assert editor.post("/catalogue/do/publish/").status_code == 403
    publisher.post("/catalogue/do/publish/", {"text": "初版"})
    editor.post("/catalogue/do/open/", {"text": "修订"})
    entry = {**POWER, "basis": "甲\n乙", "materials": "表", "level": "city", "name": "<b>新名</b>"}
    assert editor.post("/catalogue/powers/P1/edit/", entry).status_code == 302
    assert editor.post("/catalogue/new/negative/", {"code": "N1", "name": ""}).status_code == 400
    assert editor.post("/catalogue/new/negative/", {"code": "N/1", "name": "禁止事项"}).status_code == 302
    assert "禁止事项" in editor.get("/catalogue/negative/N/1/?version=2").content.decode()
    page = editor.get("/catalogue/versions/2/").content.decode()
    assert "&lt;b&gt;新名" in page and "<b>新名" not in page
    publisher.post("/catalogue/do/publish/", {"text": "二版"})
    assert selectors.published().number == 2  # type: ignore[union-attr]
    publisher.post("/catalogue/do/roll-back/", {"text": "有误"})
    assert selectors.published().number == 1  # type: ignore[union-attr]
    assert publisher.get("/catalogue/versions/1/catalogue.xlsx").content[:2] == b"PK"
    assert publisher.get("/catalogue/versions/1/catalogue.json").json()["version"] == 1


def test_a_unit_sets_its_own_values_on_the_page(city: City, first: CatalogueVersion) -> None:
    client = browser(city, "east")
    assert 'name="place"' in client.get("/catalogue/permits/A1/").content.decode()
    client.post("/catalogue/permits/A1/local/", {"region": "east", "place": "东大厅", "phone": "", "window": ""})
    assert "东大厅" in client.get("/catalogue/permits/A1/?region=east1").content.decode()
    assert client.post("/catalogue/permits/A1/local/", {"region": "west", "place": "西"}).status_code == 403


def test_a_bad_file_is_answered_with_its_faults(city: City, tmp_path: Path) -> None:
    editor = browser(city, "editor")
    book = Workbook()
    book.active.title = "职权"
    for row in (["编码", "名称"], ["P1", "好"], ["P1", "重"], ["", "无编码"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    answer = editor.post("/catalogue/files/", {"file": SimpleUploadedFile("a.xlsx", (tmp_path / "a.xlsx").read_bytes())})
    assert answer.status_code == 400 and "职权 3" in answer.content.decode() and "职权 4" in answer.content.decode()
    for name, content in (("a.exe", b"x"), ("a.xlsx", b"x"), ("a.json", b"{")):
        assert editor.post("/catalogue/files/", {"file": SimpleUploadedFile(name, content)}).status_code == 400
    assert editor.post("/catalogue/files/").status_code == 400
    assert not CatalogueVersion.objects.exists()


def test_programs_read_compare_publish_and_roll_back(city: City, admin: Actor, read: Any, first: CatalogueVersion) -> None:
    client = browser(city, "publisher")
    found = client.get("/api/catalogue/entries/", {"list": "permits", "q": "路灯"}).json()
    assert found["count"] == 1 and found["results"][0]["links"] == ["powers:P1"]
    actions.import_catalogue(rows=read(priorities=[]), actor=admin)
    assert client.get("/api/catalogue/versions/2/diff/").json()["counts"] == {"removed": 1}
    assert client.post("/api/catalogue/publish/", {"note": "二"}, content_type="application/json").json()["number"] == 2
    assert client.post("/api/catalogue/publish/", {}, content_type="application/json").status_code == 409
    assert client.post("/api/catalogue/roll-back/", {}, content_type="application/json").status_code == 409
    assert client.post("/api/catalogue/roll-back/", {"note": "有误"}, content_type="application/json").json()["number"] == 1
    assert [v["state"] for v in client.get("/api/catalogue/versions/").json()] == ["superseded", "published"]
    assert client.get("/api/catalogue/versions/9/diff/").status_code == 404


def test_what_is_typed_does_no_harm(city: City, first: CatalogueVersion) -> None:
    client = browser(city, "admin")
    for query in ("q=%00", "q=<script>", "list=zz&level=zz&page=zz", "version=abc"):
        assert client.get(f"/catalogue/?{query}").status_code == 200
    assert client.get("/catalogue/?version=99").status_code == 404
    assert client.get("/catalogue/zz/zz/").status_code == 404
