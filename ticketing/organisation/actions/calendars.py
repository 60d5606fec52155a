"""Working calendars and the days that differ."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ticketing.organisation.actions.upsert import BATCH, ImportReport, Reader, Row, pk_by_code, read_rows, upsert
from ticketing.organisation.models import CalendarDay, WorkCalendar

CALENDAR_FIELDS = ("code", "name", "is_default", "windows", "days")
DAY_FIELDS = frozenset({"date", "kind", "name", "windows", "provisional"})
CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
WEEK = tuple(str(day) for day in range(7))


def _windows(reader: Reader, raw: Any, where: str) -> list[list[str]]:
    """[["09:00", "12:00"], ...], rising and apart; the last may end at 24:00."""
    flat = [time for pair in raw for time in pair] if isinstance(raw, list) and all(isinstance(p, list) for p in raw) else None
    if (
        flat is None
        or any(len(pair) != 2 for pair in raw)
        or not all(isinstance(time, str) and CLOCK_TIME.fullmatch(time) for time in flat)
        or flat != sorted(set(flat))
    ):
        raise reader.fail(_('windows of %(where)s must be rising pairs such as ["09:00", "12:00"]') % {"where": where})
    return raw


def _day_values(reader: Reader, row: Any) -> tuple[dt.date, dict[str, Any]]:
    if not isinstance(row, dict) or set(row) - DAY_FIELDS:
        raise reader.fail(_("a day has the fields %(fields)s") % {"fields": ", ".join(sorted(DAY_FIELDS))})
    date, kind = row.get("date"), row.get("kind")
    if not isinstance(date, dt.date):
        raise reader.fail(_("“%(date)s” is not a date such as 2026-10-01") % {"date": date})
    if kind not in CalendarDay.Kind.values:
        raise reader.fail(
            _("kind of %(date)s must be one of %(kinds)s") % {"date": date, "kinds": ", ".join(CalendarDay.Kind.values)}
        )
    return date, {
        "kind": kind,
        "name": str(row.get("name") or ""),
        "windows": _windows(reader, row.get("windows") or [], str(date)),
        "provisional": bool(row.get("provisional", False)),
    }


@transaction.atomic
def import_calendars(*, rows: Iterable[Row]) -> ImportReport:
    """Upsert calendars by code; the days given are all that differ, others are removed. Raises DirtyRow.

    A row that is the default takes that from the calendar that was it before.
    Processes that hold a calendar in memory read it anew within a minute.
    """
    days: list[tuple[Reader, list[Row]]] = []
    defaults: list[str] = []

    def wanted() -> Iterator[tuple[Reader, dict[str, Any]]]:
        for reader in read_rows(rows, fields=CALENDAR_FIELDS):
            windows = reader.need("windows")
            if not isinstance(windows, dict) or set(windows) != set(WEEK):
                raise reader.fail(_('windows needs the seven keys "0" (Monday) to "6"'))
            for day in WEEK:
                _windows(reader, windows[day], day)
            days.append((reader, reader.row.get("days") or []))
            if reader.row.get("is_default"):
                defaults.append(reader.key)
            if len(defaults) > 1:
                raise reader.fail(_("only one calendar can be the default"))
            yield (
                reader,
                {"name": reader.need("name"), "is_default": bool(reader.row.get("is_default", False)), "windows": windows},
            )

    report = upsert(WorkCalendar, wanted())
    if defaults:
        WorkCalendar.objects.filter(is_default=True).exclude(code=defaults[0]).update(is_default=False)
    calendars = pk_by_code(WorkCalendar)
    for reader, entries in days:
        _write_days(reader, calendars[reader.key], entries)
    return report


def _write_days(reader: Reader, calendar_id: int, entries: list[Row]) -> None:
    existing = {day.date: day for day in CalendarDay.objects.filter(calendar_id=calendar_id)}
    wanted: dict[dt.date, dict[str, Any]] = {}
    for entry in entries:
        date, values = _day_values(reader, entry)
        if date in wanted:
            raise reader.fail(_("%(date)s occurs twice") % {"date": date})
        wanted[date] = values
    CalendarDay.objects.filter(pk__in=[day.pk for date, day in existing.items() if date not in wanted]).delete()
    new = [CalendarDay(calendar_id=calendar_id, date=date, **values) for date, values in wanted.items() if date not in existing]
    CalendarDay.objects.bulk_create(new, batch_size=BATCH)
    changed = []
    for date, values in wanted.items():
        day = existing.get(date)
        if day is not None and any(getattr(day, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(day, name, value)
            changed.append(day)
    if changed:
        CalendarDay.objects.bulk_update(changed, ["kind", "name", "windows", "provisional"], batch_size=BATCH)
