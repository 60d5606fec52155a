"""Regions, units and places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ticketing.organisation.actions.upsert import ImportReport, Reader, Row, link_parents, pk_by_code, read_rows, upsert
from ticketing.organisation.models import Place, Region, Unit, WorkCalendar

REGION_FIELDS = ("code", "name", "level", "parent", "kind", "latitude", "longitude")
UNIT_FIELDS = (
    "code", "name", "short_name", "level", "kind", "parent", "line", "region", "phone", "accepts_orders", "calendar", "active",
)  # fmt: skip
PLACE_FIELDS = ("code", "name", "aliases", "kind", "region", "latitude", "longitude", "spoken")


def _number(reader: Reader, field: str) -> float | None:
    value = reader.row.get(field)
    if value in (None, ""):
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise reader.fail(_("%(field)s “%(value)s” is not a number") % {"field": field, "value": value}) from error


def _truth(reader: Reader, field: str, default: bool) -> bool:
    value = reader.row.get(field, default)
    if value in (True, "1", 1):
        return True
    if value in (False, "0", 0, "", None):
        return False
    raise reader.fail(_("%(field)s must be 1 or 0") % {"field": field})


@transaction.atomic
def import_regions(*, rows: Iterable[Row]) -> ImportReport:
    """Upsert regions by code: {code, name, level, parent, kind, latitude, longitude}. Raises DirtyRow."""
    parents: dict[str, tuple[Reader, str | None]] = {}

    def wanted() -> Iterator[tuple[Reader, dict[str, Any]]]:
        for reader in read_rows(rows, fields=REGION_FIELDS):
            parents[reader.key] = (reader, reader.row.get("parent") or None)
            values = {"name": reader.need("name"), "level": reader.need("level"), "kind": reader.row.get("kind") or ""}
            for field in ("latitude", "longitude"):
                if field in reader.row:
                    values[field] = _number(reader, field)
            yield reader, values

    report = upsert(Region, wanted())
    link_parents(Region, parents)
    return report


@transaction.atomic
def import_units(*, rows: Iterable[Row]) -> ImportReport:
    """Upsert units by code, with their place in 块 (parent) and 条 (line). Raises DirtyRow."""
    parents: dict[str, tuple[Reader, str | None]] = {}
    lines: dict[str, tuple[Reader, str | None]] = {}
    regions, calendars = pk_by_code(Region), pk_by_code(WorkCalendar)

    def wanted() -> Iterator[tuple[Reader, dict[str, Any]]]:
        for reader in read_rows(rows, fields=UNIT_FIELDS):
            parents[reader.key] = (reader, reader.row.get("parent") or None)
            lines[reader.key] = (reader, reader.row.get("line") or None)
            yield (
                reader,
                {
                    "name": reader.need("name"),
                    "short_name": reader.row.get("short_name") or "",
                    "level": reader.need("level"),
                    "kind": reader.need("kind"),
                    "region_id": reader.lookup("region", regions),
                    "calendar_id": reader.lookup("calendar", calendars, required=False),
                    "phone": reader.row.get("phone") or "",
                    "accepts_orders": _truth(reader, "accepts_orders", True),
                    "is_active": _truth(reader, "active", True),
                },
            )

    report = upsert(Unit, wanted())
    link_parents(Unit, parents)
    link_parents(Unit, lines, field="line")
    return report


@transaction.atomic
def import_places(*, rows: Iterable[Row]) -> ImportReport:
    """Upsert the gazetteer by code; aliases are a list or a text divided by "|". Raises DirtyRow."""
    regions = pk_by_code(Region)

    def wanted() -> Iterator[tuple[Reader, dict[str, Any]]]:
        for reader in read_rows(rows, fields=PLACE_FIELDS):
            aliases = reader.row.get("aliases") or []
            if isinstance(aliases, str):
                aliases = [alias.strip() for alias in aliases.split("|") if alias.strip()]
            yield (
                reader,
                {
                    "name": reader.need("name"),
                    "aliases": list(aliases),
                    "kind": reader.need("kind"),
                    "region_id": reader.lookup("region", regions),
                    "latitude": _number(reader, "latitude"),
                    "longitude": _number(reader, "longitude"),
                    "spoken": _truth(reader, "spoken", False),
                },
            )

    return upsert(Place, wanted())
