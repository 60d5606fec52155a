"""Catalogue files: one sheet or one JSON key for each list, the same columns both ways."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from ticketing.exchange.tables import Layout, UnreadableTable, check_file, read_rows, sheets_of, text_of
from ticketing.exchange.workbook import BookWriter
from ticketing.organisation.models import Level
from ticketing.services.catalogue_models import CONTENT, CatalogueEntry, Listing
from ticketing.services.errors import BadCatalogue

FORMAT = "catalogue/1"
# Headings as cities write them; the field's own name is understood too.
HEADINGS = {
    "code": "编码",
    "name": "名称",
    "kind": "类型",
    "owner": "责任单位",
    "unit_code": "单位编码",
    "level": "层级",
    "basis": "依据",
    "materials": "材料",
    "legal_limit": "法定时限",
    "promised_limit": "承诺时限",
    "measures": "措施",
    "place": "办理地点",
    "phone": "电话",
    "window": "窗口",
    "links": "关联",
    "note": "备注",
}
SHEETS = {
    Listing.POWERS: "职权",
    Listing.NEGATIVE: "负面",
    Listing.PERMITS: "审批",
    Listing.SUPERVISION: "监管",
    Listing.PRIORITIES: "层级重点",
}
LEVELS = {"省级": "province", "市级": "city", "区县级": "district", "县级": "district", "区级": "district", "乡级": "street"}
LEVELS |= {"街镇级": "street", "镇街级": "street", "村级": "community", "社区级": "community"}
LISTS = ("basis", "materials", "measures", "links")
FAULTS_MAX = 200
JSON_MAX = 100 * 1024 * 1024
LONGEST = {
    name: getattr(CatalogueEntry._meta.get_field(name), "max_length", None) for name in ("code", *CONTENT) if name not in LISTS
}
Rows = dict[str, list[tuple[str, dict[str, Any]]]]


def read_file(path: Path, *, name: str = "") -> Rows:
    """The lists of a file as {list: [(where, values)]}. Raises BadCatalogue or UnreadableTable."""
    suffix = Path(name or path.name).suffix.lower()
    raw = _from_json(path) if suffix == ".json" else _from_book(path, name)
    faults: list[str] = []
    rows: Rows = {}
    for listing, entries in raw.items():
        seen: dict[str, str] = {}
        kept = rows.setdefault(listing, [])
        for where, cells in entries:
            try:
                values = clean(cells)
            except BadCatalogue as error:
                faults.append(f"{where}: {error}")
                continue
            if values["code"] in seen:
                faults.append(f"{where}: " + _("the code stands at %(where)s already") % {"where": seen[values["code"]]})
                continue
            seen[values["code"]] = where
            kept.append((where, values))
    if not rows:
        raise BadCatalogue(_("The file has none of the five lists."))
    if faults:
        raise BadCatalogue(_("%(count)d faults; nothing was brought in.") % {"count": len(faults)}, faults[:FAULTS_MAX])
    return rows


def clean(cells: dict[str, Any]) -> dict[str, Any]:
    """The values of one entry, checked. Raises BadCatalogue."""
    values: dict[str, Any] = {}
    for name in ("code", *CONTENT):
        value = cells.get(name)
        if name in LISTS:
            entries = value if isinstance(value, list) else re.split(r"[\n\r]+", text_of(value))
            values[name] = [text for entry in entries if (text := text_of(entry))]
        else:
            values[name] = text_of(value)
            most = LONGEST[name]
            if most and len(values[name]) > most:
                raise BadCatalogue(_("%(field)s is longer than %(most)d characters") % {"field": HEADINGS[name], "most": most})
    if not re.fullmatch(r"[0-9A-Za-z._\-/]{1,60}", values["code"]):
        raise BadCatalogue(_("“%(code)s” is no code") % {"code": values["code"][:60]})
    if not values["name"]:
        raise BadCatalogue(_("the name is missing"))
    values["level"] = LEVELS.get(values["level"], values["level"])
    if values["level"] and values["level"] not in Level.values:
        raise BadCatalogue(_("“%(level)s” is no level") % {"level": values["level"]})
    for link in values["links"]:
        listing, _sep, code = link.partition(":")
        if listing not in Listing.values or not code:
            raise BadCatalogue(_("“%(link)s” is no link; write list:code, such as powers:123") % {"link": link[:60]})
    return values


def _from_json(path: Path) -> dict[str, Iterable[tuple[str, dict[str, Any]]]]:
    if path.stat().st_size > JSON_MAX:
        raise UnreadableTable(_("The file is larger than 100 MB."))
    try:
        data = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadCatalogue(_("The file is no JSON: %(error)s") % {"error": str(error)[:200]}) from error
    lists = data.get("lists") if isinstance(data, dict) else None
    if not isinstance(lists, dict) or not all(isinstance(entries, list) for entries in lists.values()):
        raise BadCatalogue(_("The file needs “lists” with the entries of each list."))
    if unknown := set(lists) - set(Listing.values):
        raise BadCatalogue(_("Unknown lists: %(names)s.") % {"names": ", ".join(sorted(unknown))})
    return {
        listing: [(f"{listing} {n}", entry if isinstance(entry, dict) else {}) for n, entry in enumerate(entries, 1)]
        for listing, entries in lists.items()
    }


def _from_book(path: Path, name: str) -> dict[str, Iterable[tuple[str, dict[str, Any]]]]:
    check_file(path, name=name)
    by_title = {title: listing for listing, title in SHEETS.items()} | {listing.value: listing for listing in Listing}
    by_heading = {heading: field for field, heading in HEADINGS.items()} | {field: field for field in HEADINGS}
    found: dict[str, Iterable[tuple[str, dict[str, Any]]]] = {}
    for title in sheets_of(path):
        listing = by_title.get(title.strip())
        if listing is not None:
            found[listing] = _sheet(path, title, by_heading)
    return found


def _sheet(path: Path, title: str, by_heading: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, cells in read_rows(path, Layout(sheet=title)):
        yield f"{title} {number}", {by_heading[head]: value for head, value in cells.items() if head in by_heading}


def write_json(entries: Iterable[CatalogueEntry], *, number: int) -> bytes:
    """The catalogue as a JSON file that can be read back."""
    lists: dict[str, list[dict[str, Any]]] = {listing.value: [] for listing in Listing}
    for entry in entries:
        lists[entry.listing].append({"code": entry.code, **entry.content()})
    body = {"format": FORMAT, "version": number, "lists": lists}
    return json.dumps(body, ensure_ascii=False, indent=1).encode()


def write_book(entries: Iterable[CatalogueEntry], path: Path) -> None:
    """The catalogue as an Excel file that can be read back: a sheet for each list."""
    by_list: dict[str, list[CatalogueEntry]] = {listing.value: [] for listing in Listing}
    for entry in entries:
        by_list[entry.listing].append(entry)
    book = BookWriter()
    for listing, title in SHEETS.items():
        rows = ([entry.code, *entry.content().values()] for entry in by_list[listing])
        book.sheet(title, [HEADINGS[name] for name in ("code", *CONTENT)], rows, widths=[22, 40, *[18] * 14])
    book.save(path)
