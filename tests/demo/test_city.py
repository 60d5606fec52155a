"""The demo city keeps its promises: counts, cross references, and that every demand finds a unit everywhere."""

from __future__ import annotations

import csv
import re
import string
from collections import Counter
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import chinese_calendar
import pytest
import yaml

from ticketing.organisation.roles import STAFF_ROLES

ROOT = Path(__file__).resolve().parents[2]
CITY = ROOT / "demo"
LEVELS = ("province", "city", "district", "street", "community")
_SPOKEN_PLACES = """
中山路 人民路 解放路 建设路 和平路 胜利街 新华街 长江路 黄河路 文化路 光明路 幸福路 东风路
迎宾大道 滨河路 学府路 友谊路 阳光花园 翠湖小区 金色家园 高新区 开发区 政务中心 火车站
"""
SPOKEN_PLACES = _SPOKEN_PLACES.split()
OF_REAL_CITIES = {"北京路", "上海路", "南京路", "东城区", "西城区", "朝阳区", "江北区", "海淀区"}
_HEARD_MATTERS = """
噪音 路灯 垃圾 停水 停电 社保 医保 公积金 居住证 身份证 拖欠工资 施工 扰民 积水
井盖 违章停车 占道经营 油烟 污水 异味 电梯 暖气 燃气 自来水 消防通道 物业费 违法建筑 低保
养老金 失业金 户口 驾驶证 营业执照 退休 生育津贴 学区 入学 退款 虚假宣传 食品安全 假货 公交
地铁 红绿灯 共享单车 绿化 树木 流浪狗 广场舞 漏水 下水道 堵塞 塌陷 破损 工资 合同
补贴 税务 发票 疫苗 挂号 救护车 火灾 交通事故
"""
HEARD_MATTERS = _HEARD_MATTERS.split()
LIMIT = re.compile(r"\d+ (minutes|working_hours|working_days|natural_days)")


@cache
def rows(name: str) -> Any:
    return yaml.safe_load((CITY / name).read_text(encoding="utf-8"))


@cache
def places() -> list[dict[str, str]]:
    with (CITY / "places.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def codes(name: str) -> set[str]:
    return {row["code"] for row in rows(name)}


CODED = ["regions", "units", "duty_categories", "duty_items", "order_types", "calendar"]


@pytest.mark.parametrize("name", [f"{stem}.yml" for stem in CODED])
def test_codes_are_unique(name: str) -> None:
    assert [code for code, times in Counter(row["code"] for row in rows(name)).items() if times > 1] == []


def test_regions_make_one_tree_of_five_levels() -> None:
    by_code = {row["code"]: row for row in rows("regions.yml")}
    for row in by_code.values():
        if row["level"] == "province":
            assert row["parent"] is None
        else:
            assert LEVELS.index(by_code[row["parent"]]["level"]) == LEVELS.index(row["level"]) - 1, row
    count = Counter(row["level"] for row in by_code.values())
    assert (count["province"], count["city"], count["district"]) == (1, 1, 6)
    assert count["street"] >= 20
    assert count["community"] >= 60


def test_no_district_bears_a_real_districts_name() -> None:
    names = {row["name"] for row in rows("regions.yml")} | {row["name"] for row in places()}
    assert not names & OF_REAL_CITIES


def test_units_stand_on_five_levels_with_bureaus_beside_them() -> None:
    units = {row["code"]: row for row in rows("units.yml")}
    assert len(units) >= 80
    assert {row["level"] for row in units.values()} == set(LEVELS)
    assert {row["kind"] for row in units.values()} == {"government", "bureau", "hotline", "enterprise", "street", "community"}
    regions = {row["code"]: row for row in rows("regions.yml")}
    calendars = codes("calendar.yml")
    for row in units.values():
        assert regions[row["region"]]["level"] == row["level"], row
        assert row["parent"] is None or units[row["parent"]]["level"] in LEVELS[: LEVELS.index(row["level"]) + 1], row
        assert row["line"] is None or LEVELS.index(units[row["line"]]["level"]) <= LEVELS.index(row["level"]), row
        assert row.get("calendar", "working") in calendars
        assert row["phone"].startswith("0000-")


def test_duty_list_has_fifteen_categories_and_whole_items() -> None:
    categories = {row["code"]: row["parent"] for row in rows("duty_categories.yml")}
    assert sum(parent is None for parent in categories.values()) == 15
    items = rows("duty_items.yml")
    assert len(items) >= 160
    units, types = {row["code"]: row for row in rows("units.yml")}, codes("order_types.yml")
    used = set()
    for item in items:
        where = item["code"], item["name"]
        assert categories[item["category"]] is not None, where
        used.add(categories[item["category"]])
        assert units[item["owner"]]["level"] == "city", where
        assert item["acts_at"] in ("city", "district", "street"), where
        assert item["order_type"] in types, where
        assert item["urgency"] in ("normal", "urgent", "critical"), where
        assert len(item["keywords"]) >= 3, where
        assert LIMIT.fullmatch(item["legal_limit"]), where
        assert LIMIT.fullmatch(item["promised_limit"]), where
        for basis in item["legal_basis"]:
            assert basis["law"], where
            assert re.fullmatch(r"第[一二三四五六七八九十百千零]+条", basis.get("article", "第一条")), where
    assert len(used) == 15
    assert sum(bool(item["legal_basis"]) for item in items) >= 160


def test_questions_are_complete_in_both_languages() -> None:
    for item in rows("duty_items.yml"):
        questions = item["questions"]
        assert 1 <= len(questions) <= 4, item["name"]
        assert len({q["slot"] for q in questions}) == len(questions), item["name"]
        for question in questions:
            assert question["kind"] in ("text", "choice", "yes_no", "number", "place", "time")
            assert question["prompt_zh"]
            assert question["prompt_en"].isascii()
            assert len(question["prompt_zh"]) <= 120
            assert isinstance(question["required"], bool)
            assert (question["kind"] == "choice") == ("choices" in question), question
            for choice in question.get("choices", []):
                assert set(choice) == {"value", "zh", "en"}, question


def test_every_matter_the_speech_model_can_hear_is_an_item() -> None:
    words = {word for item in rows("duty_items.yml") for word in item["keywords"]}
    assert [matter for matter in HEARD_MATTERS if matter not in words] == []


def test_every_item_finds_a_unit_at_its_level_in_every_district() -> None:
    units = [row for row in rows("units.yml") if row["accepts_orders"]]
    by_code = {row["code"]: row for row in units}
    bureaus = {(row["line"], row["region"]) for row in units if row["level"] == "district"}
    streets = {row["region"] for row in units if row["kind"] == "street"}
    districts = [row["code"] for row in rows("regions.yml") if row["level"] == "district"]
    street_regions = [row for row in rows("regions.yml") if row["level"] == "street"]
    assert streets == {row["code"] for row in street_regions}
    for item in rows("duty_items.yml"):
        assert item["owner"] in by_code, item["name"]
        if item["acts_at"] == "district":
            assert [d for d in districts if (item["owner"], d) not in bureaus] == [], item["name"]


def test_gazetteer_lies_in_the_regions_around_one_centre() -> None:
    assert len(places()) >= 300
    regions = {row["code"] for row in rows("regions.yml")}
    assert {"district", "street", "road", "estate", "landmark", "station", "school", "hospital", "park", "market"} <= {
        row["kind"] for row in places()
    }
    names: Counter[str] = Counter()
    for row in places():
        assert row["region"] in regions, row
        assert abs(float(row["latitude"]) - 30.2) < 0.2, row
        assert abs(float(row["longitude"]) - 124.3) < 0.25, row
        names.update([row["name"], *filter(None, row["aliases"].split("|"))])
    assert [name for name, times in names.items() if times > 1] == []


def test_spoken_places_are_the_ones_in_the_speech_vocabulary() -> None:
    spoken = {row["name"] for row in places() if row["spoken"] == "1"}
    assert spoken == set(SPOKEN_PLACES)
    vocabulary = ROOT / "speech_models" / "builtin" / "graph" / "words.txt"
    heard = {line.split()[0] for line in vocabulary.read_text(encoding="utf-8").splitlines() if line.strip()}
    assert spoken <= heard
    assert {row["name"] for row in places()} & heard == spoken


def test_nineteen_lines_are_merged_into_the_main_line() -> None:
    main, *merged = rows("lines.yml")
    assert (main["number"], main["answer_first"]) == ("12345", "bot")
    assert len(merged) == 19
    assert {row["merge_form"] for row in merged} == {"整体并入", "双号并行", "设分中心"}
    for row in [main, *merged]:
        assert row["answer_first"] in ("person", "bot")
        assert row["hours"]
        assert row["greeting_zh"]
        assert row["greeting_en"].isascii()


def test_cast_fills_every_role() -> None:
    cast, units = rows("cast.yml"), codes("units.yml")
    held = {post["role"] for person in cast["staff"] for post in person["roles"]}
    assert held == {role.value for role in STAFF_ROLES}
    assert len(cast["staff"]) >= 20
    assert len(cast["citizens"]) >= 20
    assert len({person["username"] for person in cast["staff"]}) == len(cast["staff"])
    for person in cast["staff"]:
        assert {person["unit"], *(post["unit"] for post in person["roles"])} <= units, person
    for citizen in cast["citizens"]:
        assert re.fullmatch(r"1990000\d{4}", citizen["phone"]), citizen


def test_calendar_agrees_with_the_published_holidays_and_2027_is_provisional() -> None:
    working, always = rows("calendar.yml")
    assert working["is_default"]
    assert all(always["windows"][str(day)] == [["00:00", "24:00"]] for day in range(7))
    assert working["windows"]["0"] == [["09:00", "12:00"], ["13:30", "17:30"]]
    days = {row["date"]: row for row in working["days"]}
    day = date(2025, 1, 1)
    while day.year < 2027:
        special = days.get(day)
        works = special["kind"] == "make_up" if special else bool(working["windows"][str(day.weekday())])
        assert works == chinese_calendar.is_workday(day), day
        assert special is None or not special.get("provisional", False)
        day += timedelta(days=1)
    of_2027 = [row for key, row in days.items() if key.year == 2027]
    assert len(of_2027) == 13  # the statutory days (全国年节及纪念日放假办法)
    assert all(row["provisional"] and row["kind"] == "holiday" for row in of_2027)


def test_limits_templates_and_rules_resolve() -> None:
    types, units, items, regions = codes("order_types.yml"), codes("units.yml"), codes("duty_items.yml"), codes("regions.yml")
    assert types == {"consult", "help", "complaint", "report", "suggestion", "praise", "other"}
    limits = rows("time_limits.yml")
    assert {row["kind"] for row in limits} == {"sign", "contact", "handle", "return", "reply_review", "callback", "assist"}
    for row in limits:
        assert row.get("order_type", "other") in types, row
        assert row.get("level", "city") in LEVELS, row
        assert LIMIT.fullmatch(f"{row['value']} {row['measure']}"), row
        assert 0 < row["warn_fraction"] < 1, row
    templates = rows("notice_templates.yml")
    assert len({(row["code"], row["channel"]) for row in templates}) == len(templates)
    for row in templates:
        zh, en = ({name for _, name, _, _ in string.Formatter().parse(row[key]) if name} for key in ("zh", "en"))
        assert zh == en, row  # both languages say the same things
    rules = rows("dispatch_rules.yml")
    assert len(rules) >= 15
    for rule in rules:
        assert set(rule["when"]) <= {"any_keywords", "all_keywords", "duty_item", "region"}, rule
        assert rule["when"].get("duty_item", next(iter(items))) in items, rule
        assert rule["when"].get("region", "990100") in regions, rule
        (kind, code), *rest = rule["then"].items()
        assert not rest
        assert code in (units if kind == "unit" else items), rule
