"""Bringing content in: again without change, by few statements, and never half or silently wrong."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import City
from ticketing.organisation import actions, exports
from ticketing.organisation.actions import DirtyRow, ImportReport
from ticketing.organisation.models import CalendarDay, DutyItem, DutyQuestion, Place, Region, Staff, Unit, WorkCalendar

REGION = {"code": "north", "name": "北片区", "level": "district", "parent": "c", "kind": "区"}
UNIT = {
    "code": "NORTH-HOUSE",
    "name": "北片区住房局",
    "level": "district",
    "kind": "bureau",
    "parent": "GOV",
    "line": "HOUSE",
    "region": "east",
}
ITEM: dict[str, Any] = {
    "code": "LEAK",
    "name": "房屋漏水",
    "category": "01",
    "order_type": "complaint",
    "owner": "HOUSE",
    "acts_at": "district",
    "keywords": ["漏水"],
    "legal_basis": [{"law": "民法典", "article": "第九百四十二条"}],
    "legal_limit": "15 working_days",
    "promised_limit": "5 working_days",
    "questions": [
        {"slot": "place", "kind": "place", "prompt_zh": "在哪里？", "prompt_en": "Where?", "required": True},
        {
            "slot": "source",
            "kind": "choice",
            "prompt_zh": "哪里漏？",
            "prompt_en": "From where?",
            "choices": [{"value": "roof", "zh": "楼顶", "en": "Roof"}],
        },
    ],
}
CALENDAR: dict[str, Any] = {
    "code": "shift",
    "name": "值班",
    "windows": {str(day): [["08:00", "12:00"], ["13:00", "24:00"]] for day in range(7)},
    "days": [{"date": dt.date(2026, 1, 1), "kind": "holiday", "name": "元旦", "provisional": True}],
}
PERSON: dict[str, Any] = {"username": "new", "name": "新人", "unit": "HOT", "roles": [{"role": "seat", "unit": "HOT"}]}

VERBS: list[tuple[str, Callable[..., ImportReport], Callable[[], list[dict[str, Any]]]]] = [
    ("regions", actions.import_regions, exports.regions),
    ("calendars", actions.import_calendars, exports.calendars),
    ("units", actions.import_units, exports.units),
    ("order types", actions.import_order_types, exports.order_types),
    ("categories", actions.import_duty_categories, exports.duty_categories),
    ("items", actions.import_duty_items, exports.duty_items),
    ("places", actions.import_places, exports.places),
    ("staff", actions.import_staff, exports.staff),
]


def changed(row: dict[str, Any], **values: Any) -> dict[str, Any]:
    return copy.deepcopy(row) | values


@pytest.mark.parametrize(("name", "verb", "export"), VERBS, ids=[v[0] for v in VERBS])
def test_what_was_exported_comes_in_without_a_change(city: City, name: str, verb: Any, export: Any) -> None:
    verb(rows=export())  # the fixture's administrator has not all that an import gives one
    rows = export()
    assert rows
    assert verb(rows=rows) == ImportReport(0, 0, len(rows))
    assert export() == rows


def test_a_new_row_is_made_and_a_changed_row_brought_up_to_date(city: City) -> None:
    assert actions.import_regions(rows=[REGION]).created == 1
    north = Region.objects.get(code="north")
    assert north.parent == city.regions["c"]
    report = actions.import_regions(rows=[changed(REGION, name="北城片区", parent="east")])
    assert report.updated == 1
    moved = Region.objects.get(code="north")
    assert (moved.pk, moved.name, moved.parent) == (north.pk, "北城片区", city.regions["east"])


def test_a_unit_hangs_on_its_government_and_on_its_line(city: City) -> None:
    actions.import_units(rows=[UNIT])
    unit = Unit.objects.get(code="NORTH-HOUSE")
    assert (unit.parent, unit.line, unit.region) == (city.units["GOV"], city.units["HOUSE"], city.regions["east"])


def test_children_may_come_before_their_parents(city: City) -> None:
    rows = [changed(REGION, code="north1", level="street", parent="north"), REGION]
    assert actions.import_regions(rows=rows).created == 2
    assert Region.objects.get(code="north1").parent.code == "north"  # type: ignore[union-attr]


def test_questions_follow_their_item(city: City) -> None:
    actions.import_duty_items(rows=[ITEM])
    item = DutyItem.objects.get(code="LEAK")
    assert [q.slot for q in item.questions.all()] == ["place", "source"]
    first = item.questions.get(slot="place").pk
    rows = [changed(ITEM, questions=[{**ITEM["questions"][0], "prompt_zh": "具体在哪里？"}])]
    actions.import_duty_items(rows=rows)
    (question,) = item.questions.all()
    assert (question.pk, question.prompt_zh) == (first, "具体在哪里？")
    assert city.items["LAMP"].questions.count() == 1  # not in the rows, so not touched


def test_the_days_of_a_calendar_are_those_of_the_file(city: City) -> None:
    actions.import_calendars(rows=[CALENDAR])
    day = CalendarDay.objects.get(calendar__code="shift")
    assert (day.date, day.provisional) == (dt.date(2026, 1, 1), True)
    actions.import_calendars(rows=[changed(CALENDAR, days=[{"date": dt.date(2026, 1, 1), "kind": "holiday", "name": "元旦"}])])
    day.refresh_from_db()
    assert not day.provisional
    actions.import_calendars(rows=[changed(CALENDAR, days=[])])
    assert not CalendarDay.objects.filter(calendar__code="shift").exists()
    assert WorkCalendar.objects.get(code="office").days.count() == 2


def test_there_is_one_default_calendar(city: City) -> None:
    actions.import_calendars(rows=[changed(CALENDAR, is_default=True)])
    assert [c.code for c in WorkCalendar.objects.filter(is_default=True)] == ["shift"]
    with pytest.raises(DirtyRow):
        actions.import_calendars(rows=[changed(CALENDAR, is_default=True), changed(CALENDAR, code="x", is_default=True)])


def test_new_staff_get_the_password_and_old_ones_keep_theirs(city: City) -> None:
    actions.import_staff(rows=[PERSON], password="first-password")
    actions.import_staff(rows=[changed(PERSON, name="改名")], password="second-password")
    person = Staff.objects.get(username="new")
    assert person.display_name == "改名"
    assert person.check_password("first-password")
    actions.import_staff(rows=[changed(PERSON, username="closed")])
    assert not Staff.objects.get(username="closed").has_usable_password()


def test_roles_that_are_no_longer_named_are_taken_away(city: City) -> None:
    actions.import_staff(rows=[PERSON])
    actions.import_staff(rows=[changed(PERSON, roles=[{"role": "admin", "unit": "HOT"}])])
    person = Staff.objects.get(username="new")
    assert [a.role for a in person.appointments.all()] == ["admin"]
    assert person.is_superuser
    actions.import_staff(rows=[PERSON])
    person.refresh_from_db()
    assert not person.is_superuser


DIRTY = [
    (actions.import_regions, ["not a mapping"], "1"),
    (actions.import_regions, [changed(REGION, code="")], "code"),
    (actions.import_regions, [changed(REGION, name=None)], "name"),
    (actions.import_regions, [changed(REGION, level="planet")], "level"),
    (actions.import_regions, [changed(REGION, parent="nowhere")], "nowhere"),
    (actions.import_regions, [changed(REGION, parent="north")], "north"),
    (actions.import_regions, [changed(REGION, colour="red")], "colour"),
    (actions.import_regions, [REGION, REGION], "2"),
    (actions.import_regions, [changed(REGION, latitude="up")], "latitude"),
    (actions.import_units, [changed(UNIT, region="nowhere")], "nowhere"),
    (actions.import_units, [changed(UNIT, line="NOBODY")], "NOBODY"),
    (actions.import_units, [changed(UNIT, kind="club")], "kind"),
    (actions.import_units, [changed(UNIT, accepts_orders="maybe")], "accepts_orders"),
    (actions.import_places, [{"code": "x", "name": "x", "kind": "road", "region": "nowhere"}], "nowhere"),
    (actions.import_duty_categories, [{"code": "9", "name": "x", "parent": "8"}], "8"),
    (actions.import_duty_items, [changed(ITEM, owner="NOBODY")], "NOBODY"),
    (actions.import_duty_items, [changed(ITEM, promised_limit="5 moons")], "5 moons"),
    (actions.import_duty_items, [changed(ITEM, keywords="漏水")], "keywords"),
    (actions.import_duty_items, [changed(ITEM, legal_basis=["民法典"])], "legal_basis"),
    (actions.import_duty_items, [changed(ITEM, name="长" * 100)], "name"),
    (actions.import_duty_items, [changed(ITEM, questions=[{"slot": "place"}])], "1"),
    (actions.import_duty_items, [changed(ITEM, questions=[ITEM["questions"][0]] * 2)], "place"),
    (actions.import_duty_items, [changed(ITEM, questions=[changed(ITEM["questions"][1], choices=[])])], "choice"),
    (actions.import_calendars, [changed(CALENDAR, windows={})], "shift"),
    (actions.import_calendars, [changed(CALENDAR, windows={str(d): [["12:00", "09:00"]] for d in range(7)})], "shift"),
    (actions.import_calendars, [changed(CALENDAR, days=[{"date": "soon", "kind": "holiday"}])], "soon"),
    (actions.import_calendars, [changed(CALENDAR, days=[{"date": dt.date(2026, 1, 1), "kind": "feast"}])], "2026-01-01"),
    (actions.import_calendars, [changed(CALENDAR, days=CALENDAR["days"] * 2)], "2026-01-01"),
    (actions.import_staff, [changed(PERSON, roles=[{"role": "king", "unit": "HOT"}])], "king"),
    (actions.import_staff, [changed(PERSON, roles=[{"role": "seat", "unit": "NOBODY"}])], "NOBODY"),
    (actions.import_staff, [changed(PERSON, roles=[])], "roles"),
]


@pytest.mark.parametrize(("verb", "rows", "named"), DIRTY, ids=[f"{verb.__name__}-{named}" for verb, _rows, named in DIRTY])
def test_a_dirty_row_is_named_and_nothing_is_written(city: City, verb: Any, rows: list[Any], named: str) -> None:
    before = [export() for _name, _verb, export in VERBS]
    with pytest.raises(DirtyRow) as caught:
        verb(rows=rows)
    assert named in str(caught.value)
    assert caught.value.number == len(rows)
    assert [export() for _name, _verb, export in VERBS] == before


def test_the_number_of_statements_does_not_grow_with_rows(city: City) -> None:
    """Bulk means: ten times the rows, not ten times the statements."""

    def statements(count: int, tag: str) -> int:
        rows = [changed(ITEM, code=f"{tag}{n}") for n in range(count)]
        with CaptureQueriesContext(connection) as captured:
            actions.import_duty_items(rows=rows)
        return len(captured)

    few, many = statements(20, "few"), statements(400, "many")
    assert DutyItem.objects.count() == 423
    assert DutyQuestion.objects.filter(item__code__startswith="many").count() == 800
    assert many - few <= 30  # a batch holds a hundred rows at least
    with CaptureQueriesContext(connection) as captured:
        report = actions.import_duty_items(rows=[changed(ITEM, code=f"many{n}") for n in range(400)])
    assert report == ImportReport(0, 0, 400)
    assert len(captured) <= 10


def test_aliases_may_be_a_list_or_a_text(city: City) -> None:
    row = {"code": "r9", "name": "长堤路", "kind": "road", "region": "east1", "latitude": "30.1", "longitude": "", "spoken": "0"}
    actions.import_places(rows=[row | {"aliases": "堤路| 老堤"}])
    place = Place.objects.get(code="r9")
    assert (place.aliases, place.latitude, place.longitude, place.spoken) == (["堤路", "老堤"], 30.1, None, False)
    actions.import_places(rows=[row | {"aliases": ["堤路"]}])
    place.refresh_from_db()
    assert place.aliases == ["堤路"]
