"""One row of a file of service items as the values of a ServiceItem, with remarks on what was dirty."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ticketing.organisation.models import Unit
from ticketing.services import reading
from ticketing.services.models import ServiceItem
from ticketing.services.reading import Notes

# Field of ours -> names it goes by in files, the first one that is there counts.
NAMES: dict[str, tuple[str, ...]] = {
    "code": ("TASK_CODE", "code", "实施编码", "事项编码"),
    "name": ("TASK_NAME", "name", "事项名称"),
    "variant": ("subTaskName", "variant", "情形"),
    "kind": ("matter_type", "TASK_TYPE_TEXT", "kind", "事项类型"),
    "short_name": ("matter_short", "short_name", "事项简称"),
    "also_called": ("matter_daily", "also_called", "日常用语"),
    "catalogue_code": ("CATAID", "catalogue_code", "基本编码"),
    "catalogue_name": ("CATANAME", "catalogue_name"),
    "parent_code": ("parentCatalogId", "parent_code"),
    "parent_name": ("parentCatalogName", "parent_name"),
    "department": ("DEPT_NAME", "department", "实施主体"),
    "department_code": ("ORGCODE", "department_code"),
    "partners": ("co_department", "partners", "联办机构"),
    "area_code": ("AREACODE", "area_code"),
    "area_name": ("AREA_CODE_TEXT", "area_name"),
    "level": ("matter_level", "district", "level", "行使层级"),
    "conditions": ("accept_standard", "conditions", "受理条件"),
    "basis": ("legal_basis", "basis", "设定依据"),
    "materials": ("material_intro", "materials", "申请材料"),
    "served": ("service_object_name", "served", "服务对象"),
    "themes": ("theme_category", "themes", "主题分类"),
    "place": ("handle_location", "place", "办理地点"),
    "legal_raw": ("handle_time", "legal_limit", "法定办结时限"),
    "promised_raw": ("handle_time_limit", "promised_limit", "承诺办结时限"),
    "phones_raw": ("consult_phone", "phone", "咨询电话"),
    "complaint_phones_raw": ("complain_phone", "complaint_phone", "监督电话"),
    "online_url": ("URL", "online_url"),
    "booking_url": ("online_book_addr", "booking_url"),
    "platform": ("bear_paltform", "bear_platform", "platform", "运行系统"),
    "delivered": ("courier_service", "delivered", "是否支持物流快递"),
    "visits": ("visit_number", "visits", "到现场次数"),
}
YES, NO = frozenset({"是", "支持", "1", "true", "yes"}), frozenset({"否", "不支持", "0", "false", "no"})
# A body of one line of duty: its area, the line, the kind of body. 某省水利厅 -> 水利.
LINE_BODY = re.compile(r"^(?:国家)?.{2,9}?[省市区县州盟](?:人民政府)?([\u4e00-\u9fff]{2,12}?)(?:厅|局|委员会)$")
TOO_COMMON = frozenset({"管理", "服务", "发展", "信息", "综合", "民政"})
# Kinds of dirt in the order of the report. Each says what it was and how it was read.
KINDS: dict[str, Any] = {
    "empty_word": gettext_lazy("a word for “nothing” (无, -, null) in place of a value: read as empty"),
    "limit_missing": gettext_lazy("neither a legal nor a promised limit: the item says nothing about time"),
    "limit_legal_missing": gettext_lazy("a promised limit without a legal one: only the promise counts"),
    "limit_words": gettext_lazy("a limit in its own words: read as value and measure, the words kept"),
    "limit_unread": gettext_lazy("a limit that cannot be read: kept as text"),
    "limit_longer": gettext_lazy("the promised limit is longer than the legal one: both kept, to be checked"),
    "html": gettext_lazy("markup in text: taken out"),
    "control": gettext_lazy("unseen characters: taken out"),
    "spaces": gettext_lazy("blanks around or doubled, ideographic blanks: tidied"),
    "full_width": gettext_lazy("full-width digits or letters in a code or a text: folded where they are read, the text kept"),
    "name_doubled": gettext_lazy("several items share one name: told apart by code, department and case"),
    "code_doubled": gettext_lazy("a code that stood in an earlier line: this line is rejected"),
    "department_missing": gettext_lazy("no department"),
    "department_wrong": gettext_lazy("the department does not fit the system the item is done in: text kept, no unit linked"),
    "department_unknown": gettext_lazy("no unit of the platform has this name or code: text kept, no unit linked"),
    "name_differs": gettext_lazy("two fields for the name differ: the item's own name counts"),
    "phone_list": gettext_lazy("several telephones in one field: read as a list"),
    "phone_words": gettext_lazy("telephones inside a sentence: numbers taken out, the sentence kept"),
    "phone_form": gettext_lazy("a telephone in another form: written as area code-number-extension"),
    "phone_unread": gettext_lazy("no telephone can be read: kept as text"),
    "materials_missing": gettext_lazy("no list of materials"),
    "doubled_entry": gettext_lazy("an entry of a list stands twice: kept once"),
    "no_condition": gettext_lazy("“without conditions” as a condition: marked as open to all"),
    "no_window": gettext_lazy("“no window” as a place: marked as online only"),
    "url_missing": gettext_lazy("no address for doing it online"),
    "url_odd": gettext_lazy("an address that is none: left out"),
    "yes_no": gettext_lazy("neither yes nor no: left open"),
    "cut": gettext_lazy("longer than its field: cut, to be checked"),
}


class RowRejected(ValueError):
    """The row cannot come in; the message says why."""


@dataclass(slots=True)
class Surroundings:
    """What a row is compared with: units by name and code, lines of duty of the bodies in the file."""

    units: dict[str, Unit] = field(default_factory=dict)
    lines: dict[str, set[str]] = field(default_factory=dict)


def surroundings(departments: set[str]) -> Surroundings:
    """Units by every certain name, and which line of duty each body of the file names itself after."""
    units: dict[str, Unit] = {}
    doubled: set[str] = set()
    for unit in Unit.objects.filter(is_active=True):
        for key in {unit.code, unit.name, unit.short_name} - {""}:
            if key in units and units[key] != unit:
                doubled.add(key)
            units[key] = unit
    lines: dict[str, set[str]] = {}
    for department in departments:
        found = LINE_BODY.match(department)
        for line in re.split("[和与]", found[1]) if found else ():
            if len(line) > 1 and line not in TOO_COMMON:
                lines.setdefault(line, set()).add(department)
    return Surroundings({key: unit for key, unit in units.items() if key not in doubled}, lines)


def given(row: Mapping[str, Any], name: str) -> Any:
    """The value of a field under any of its names."""
    return next((row[known] for known in NAMES[name] if known in row), None)


def read_item(row: Mapping[str, Any], around: Surroundings) -> tuple[dict[str, Any], Notes]:
    """Values of a ServiceItem without its code; raises RowRejected where code or name is missing or too long."""
    notes = Notes()
    code = code_of(row)
    name = reading.plain(given(row, "name"), "name", notes)
    if not name:
        raise RowRejected(_("the name is missing"))
    plain_fields: tuple[str, ...] = (
        "variant",
        "kind",
        "short_name",
        "catalogue_code",
        "catalogue_name",
        "parent_code",
        "parent_name",
    )
    plain_fields += ("department", "department_code", "partners", "area_code", "area_name", "level", "platform")
    values: dict[str, Any] = {"name": name}
    for key in plain_fields:
        values[key] = reading.plain(given(row, key), key, notes)
    if reading.folded(code) != code or reading.folded(name) != name:
        notes.add("full_width", "name", name, reading.folded(name))
    if (other := row.get("matter_name")) and (listed := row.get("subCatalogName")) and other != listed:
        notes.add("name_differs", "name", f"{other} / {listed}", name)
    values["also_called"] = [
        t for t in re.split(r"[,\uff0c、;\uff1b\s]+", reading.plain(given(row, "also_called"), "also_called", notes)) if t
    ]
    for key in ("materials", "served", "themes"):
        values[key] = reading.texts(given(row, key), key, notes)
    if not values["materials"]:
        notes.add("materials_missing", "materials", given(row, "materials"), "")
    _limits(row, values, notes)
    _contact(row, values, notes)
    _conditions(row, values, notes)
    values["unit_id"] = _unit(values, around, notes)
    for key, value in values.items():
        most = getattr(ServiceItem._meta.get_field(key.removesuffix("_id")), "max_length", None)
        if most and isinstance(value, str) and len(value) > most:
            notes.add("cut", key, value[-60:], value[:most][-60:])
            values[key] = value[:most]
    values["doubts"] = sorted({remark.kind for remark in notes.remarks} - {"empty_word", "spaces", "phone_form"})
    return values, notes


def code_of(row: Mapping[str, Any]) -> str:
    """The code that names the row. Raises RowRejected."""
    code = re.sub(r"\s", "", reading.folded(str(given(row, "code") or "")))
    if code.lower() in reading.NOTHING:
        raise RowRejected(_("the code is missing"))
    if len(code) > 60 or not re.fullmatch(r"[0-9A-Za-z._\-]+", code):
        raise RowRejected(_("“%(code)s” is no code") % {"code": code[:80]})
    return code


def _limits(row: Mapping[str, Any], values: dict[str, Any], notes: Notes) -> None:
    for kind in ("legal", "promised"):
        raw = reading.plain(given(row, f"{kind}_raw"), f"{kind}_limit", notes)
        limit = reading.limit(raw, f"{kind}_limit", notes)
        values |= {f"{kind}_raw": raw, f"{kind}_value": limit.value, f"{kind}_measure": limit.measure}
    legal, promised = values["legal_value"], values["promised_value"]
    if not values["legal_raw"]:
        notes.add("limit_legal_missing" if values["promised_raw"] else "limit_missing", "legal_limit", "", values["promised_raw"])
    elif (
        legal is not None and promised is not None and values["legal_measure"] == values["promised_measure"] and promised > legal
    ):
        notes.add("limit_longer", "promised_limit", values["promised_raw"], f"> {values['legal_raw']}")


def _contact(row: Mapping[str, Any], values: dict[str, Any], notes: Notes) -> None:
    raw_place = reading.plain(given(row, "place"), "place", notes)
    values["place"], values["windows"] = reading.place(raw_place, "place", notes)
    values["online_only"] = bool(raw_place) and not values["place"]
    for key in ("phones", "complaint_phones"):
        values[f"{key}_raw"] = reading.plain(given(row, f"{key}_raw"), key, notes)
        values[key] = reading.phones(values[f"{key}_raw"], key, notes)
    for key in ("online_url", "booking_url"):
        url = reading.plain(given(row, key), key, notes)
        if url and not re.match(r"https?://[^\s/]+", url):
            notes.add("url_odd", key, url, "")
            url = ""
        elif not url and key == "online_url":
            notes.add("url_missing", key, given(row, key), "")
        values[key] = url
    delivered = reading.plain(given(row, "delivered"), "delivered", notes).lower()
    values["delivered"] = True if delivered in YES else False if delivered in NO else None
    if delivered and values["delivered"] is None:
        notes.add("yes_no", "delivered", delivered, "")
    visits = reading.plain(given(row, "visits"), "visits", notes)
    values["visits"] = int(visits) if visits.isdecimal() and len(visits) < 4 else None


def _conditions(row: Mapping[str, Any], values: dict[str, Any], notes: Notes) -> None:
    text = reading.plain(given(row, "conditions"), "conditions", notes)
    values["open_to_all"] = bool(reading.FREE_ENTRY.match(text))
    if values["open_to_all"]:
        notes.add("no_condition", "conditions", text, "open to all")
    if reading.FULL_WIDTH.search(text):
        notes.add("full_width", "conditions", "".join(reading.FULL_WIDTH.findall(text)), "")
    values["conditions"] = text
    basis = given(row, "basis")
    if isinstance(basis, list):
        values["legal_basis"] = [
            b if isinstance(b, dict) else {"law": reading.plain(b, "legal_basis", notes), "article": ""} for b in basis
        ]
    else:
        values["legal_basis"] = reading.laws(reading.plain(basis, "legal_basis", notes) or text)


def _unit(values: dict[str, Any], around: Surroundings, notes: Notes) -> int | None:
    """The unit of the platform that the department certainly is; None with a remark where it is not certain."""
    department = values["department"]
    if not department:
        notes.add("department_missing", "department", "", "")
        return None
    system = values["platform"].replace("人民政府", "")
    if not LINE_BODY.match(department):
        for line, bodies in around.lines.items():
            if line in system and line not in department:
                notes.add("department_wrong", "department", f"{department} / {values['platform']}", "、".join(sorted(bodies)[:3]))
                return None
    unit = around.units.get(department) or around.units.get(values["department_code"])
    if unit is None:
        notes.add("department_unknown", "department", department, "")
    return unit.pk if unit else None


def hash_of(row: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Names the content of a row and what was read out of it, so that a better reading counts as a change."""
    body = json.dumps([row, values], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(body.encode()).hexdigest()
