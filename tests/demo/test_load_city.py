"""Loading a city from files and writing it back, through the two commands."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command

from ticketing.citizens.models import Citizen
from ticketing.citizens.selectors import find_by_phone
from ticketing.clocks.models import TimeLimit
from ticketing.dispatch.models import DispatchRule
from ticketing.notices.models import NoticeTemplate
from ticketing.organisation.models import (
    Appointment,
    DutyCategory,
    DutyItem,
    Level,
    OrderType,
    Place,
    Region,
    Staff,
    Unit,
    WorkCalendar,
)
from ticketing.organisation.selectors import responsible_unit

DEMO = settings.BASE_DIR / "demo"


def load(directory: Path) -> str:
    out = io.StringIO()
    call_command("load_city", directory, stdout=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _no_city_yet(db: None) -> None:
    """The tests share a small city; here the tables begin empty."""
    Unit.objects.update(line=None)
    for model in (
        Appointment,
        Staff,
        TimeLimit,
        NoticeTemplate,
        DutyItem,
        DutyCategory,
        OrderType,
        Place,
        Unit,
        Region,
        WorkCalendar,
    ):
        model._default_manager.all().delete()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The demo city without its articles, which have tests of their own."""
    city = tmp_path / "city"
    shutil.copytree(DEMO, city, ignore=shutil.ignore_patterns("articles", "recordings", "synonyms.yml", "article_*"))
    return city


def rewrite(path: Path, change: Any) -> None:
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(rows)
    path.write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")


def test_the_demo_city_loads_and_loads_again_without_a_change(folder: Path, settings: Any) -> None:
    settings.DEMO = True
    load(folder)
    assert Unit.objects.count() >= 80
    assert {rule.to_unit or rule.to_item for rule in DispatchRule.objects.all()} & {None} == set()
    assert TimeLimit.objects.exists()
    assert NoticeTemplate.objects.filter(code="order_created", channel="sms").exists()
    assert find_by_phone("19900000001") is not None
    assert Staff.objects.get(username="seat1").check_password("demo-hotline-12345")
    citizens = Citizen.objects.count()
    again = load(folder)
    assert "(0 new, 0 changed)" in again
    assert all("(0 new, 0 changed)" in line for line in again.splitlines() if "new" in line)
    assert Citizen.objects.count() == citizens


def test_every_duty_item_finds_its_unit_in_every_street(folder: Path) -> None:
    load(folder)
    streets = list(Region.objects.filter(level=Level.STREET).order_by("-code")[:1])
    for item in DutyItem.objects.select_related("owner"):
        for street in streets:
            unit = responsible_unit(item, street)
            assert unit is not None
            assert unit.level == item.acts_at, item.name


def test_what_is_exported_is_what_was_loaded(folder: Path, tmp_path: Path) -> None:
    load(folder)
    out = tmp_path / "out"
    call_command("export_city", out, stdout=io.StringIO())
    for name in ("regions", "units", "duty_categories", "duty_items", "calendar", "time_limits", "notice_templates", "lines"):
        given, written = (yaml.safe_load((d / f"{name}.yml").read_text(encoding="utf-8")) for d in (folder, out))
        key = "number" if name == "lines" else "code"
        if key in given[0]:
            given, written = ({row[key] + row.get("channel", ""): row for row in rows} for rows in (given, written))
        assert written == given, name
    rules = [yaml.safe_load((d / "dispatch_rules.yml").read_text(encoding="utf-8")) for d in (folder, out)]
    assert rules[0] == rules[1]
    with (out / "places.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) >= 300
    cast = (out / "cast.yml").read_text(encoding="utf-8")
    assert "password" not in cast
    assert "19900000001" not in cast
    assert "(0 new, 0 changed)" in load(out)
    with pytest.raises(CommandError, match="--force"):
        call_command("export_city", out)


def test_a_shared_password_is_for_a_demo_alone(folder: Path, settings: Any) -> None:
    settings.DEMO = False
    assert "cast.yml" in load(folder)
    assert not Staff.objects.get(username="seat1").has_usable_password()


def units_without_region(rows: list[dict[str, Any]]) -> None:
    rows[4]["region"] = "nowhere"


def limits_without_value(rows: list[dict[str, Any]]) -> None:
    rows[2]["value"] = None


def rule_without_name(rows: list[dict[str, Any]]) -> None:
    del rows[1]["name"]


def line_of_nobody(rows: list[Any]) -> None:
    rows[3]["answer_first"] = "nobody"


def template_as_text(rows: list[Any]) -> None:
    rows[5] = "hello"


def citizen_without_phone(cast: dict[str, Any]) -> None:
    cast["citizens"][7]["phone"] = "call me"


@pytest.mark.parametrize(
    ("file", "change", "row"),
    [
        ("units.yml", units_without_region, "5"),
        ("time_limits.yml", limits_without_value, "3"),
        ("dispatch_rules.yml", rule_without_name, "2"),
        ("lines.yml", line_of_nobody, "4"),
        ("notice_templates.yml", template_as_text, "6"),
        ("cast.yml", citizen_without_phone, "8"),
    ],
)
def test_a_dirty_file_is_named_with_its_row(folder: Path, file: str, change: Any, row: str) -> None:
    rewrite(folder / file, change)
    with pytest.raises(CommandError) as caught:
        load(folder)
    assert str(caught.value).startswith(file)
    assert row in str(caught.value).removeprefix(file)


def test_a_file_that_is_no_yaml_is_named_with_its_line(folder: Path) -> None:
    (folder / "regions.yml").write_text("- {code: a\n- b\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"regions\.yml.*\d"):
        load(folder)


def test_a_folder_without_a_city_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"regions\.yml"):
        load(tmp_path)
    with pytest.raises(CommandError, match="gone"):
        load(tmp_path / "gone")
