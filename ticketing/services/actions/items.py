"""Bringing in service items: every row gets in or is rejected with its line and the reason, and twice changes nothing."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ticketing.exchange.tables import encoding_of
from ticketing.services.item_rows import RowRejected, Surroundings, code_of, given, hash_of, read_item, surroundings
from ticketing.services.models import ServiceItem
from ticketing.services.reading import Notes, Remark

BATCH = 500
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that did not come in."""

    line: int
    code: str
    reason: str


@dataclass(slots=True)
class ItemsReport:
    """What an import did, and what was dirty: counts by kind with the rows concerned and a few examples."""

    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    dirt: Counter[str] = field(default_factory=Counter)
    rows_with: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[int, Remark]]] = field(default_factory=lambda: defaultdict(list))
    linked: int = 0

    def note(self, line: int, notes: Notes) -> None:
        """Count the remarks on one row."""
        for kind in {remark.kind for remark in notes.remarks}:
            self.rows_with[kind] += 1
        for remark in notes.remarks:
            self.dirt[remark.kind] += 1
            shown = self.examples[remark.kind]
            if len(shown) < EXAMPLES and all(remark.raw != other.raw for _line, other in shown):
                shown.append((line, remark))


def read_json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Lines of a file as (line number, object), or the elements of one JSON list; a broken line gives a RowRejected."""
    encoding = encoding_of(path)
    with path.open(encoding=encoding) as file:
        head = file.read(1)
        file.seek(0)
        if head == "[":
            yield from enumerate(json.load(file), 1)
            return
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield number, json.loads(line.lstrip("\ufeff"))
            except ValueError as error:
                yield number, RowRejected(_("no JSON: %(error)s") % {"error": error})


def import_service_items(
    *, rows: Iterable[tuple[int, Any]], dry_run: bool = False, progress: Callable[[int], None] = lambda n: None
) -> ItemsReport:
    """Create items that are new, update those whose row changed, found by code; nothing is deleted.

    All of it is one transaction: a file comes in whole or, where the process dies, not at all.
    """
    report = ItemsReport()
    usable: dict[str, tuple[int, dict[str, Any]]] = {}
    names: Counter[str] = Counter()
    for line, row in rows:
        report.rows += 1
        try:
            if isinstance(row, RowRejected):
                raise row
            if not isinstance(row, dict):
                raise RowRejected(_("an object with fields is expected"))
            code = code_of(row)
            if code in usable:
                report.dirt["code_doubled"] += 1
                report.rows_with["code_doubled"] += 1
                raise RowRejected(_("the code stands in line %(line)d already") % {"line": usable[code][0]})
        except RowRejected as error:
            key = str(given(row, "code") or "") if isinstance(row, dict) else ""
            report.rejected.append(Rejected(line, key, str(error)))
            continue
        usable[code] = (line, row)
        names[str(given(row, "name") or "").strip()] += 1
    around = surroundings({str(given(row, "department") or "").strip() for _line, row in usable.values()})
    with transaction.atomic():
        _write(usable, names, around, report, progress)
        if dry_run:
            transaction.set_rollback(True)
    return report


def _write(
    usable: dict[str, tuple[int, dict[str, Any]]],
    names: Counter[str],
    around: Surroundings,
    report: ItemsReport,
    progress: Callable[[int], None],
) -> None:
    known = dict(ServiceItem.objects.values_list("code", "source_hash"))
    new: list[ServiceItem] = []
    changed: list[ServiceItem] = []
    touched: list[str] = []
    for code, (line, row) in usable.items():
        progress(1)
        try:
            values, notes = read_item(row, around)
        except RowRejected as error:
            report.rejected.append(Rejected(line, code, str(error)))
            continue
        if names[str(given(row, "name") or "").strip()] > 1:
            notes.add("name_doubled", "name", values["name"], code)
            values["doubts"] = sorted({*values["doubts"], "name_doubled"})
        report.note(line, notes)
        report.linked += values["unit_id"] is not None
        fingerprint = hash_of(row, values)
        if known.get(code) == fingerprint:
            report.unchanged += 1
            continue
        item = ServiceItem(code=code, source_hash=fingerprint, **values)
        touched = touched or [*(name.removesuffix("_id") for name in values), "source_hash", "imported_at"]
        (changed if code in known else new).append(item)
    report.rejected.sort(key=lambda rejected: rejected.line)
    ServiceItem.objects.bulk_create(new, batch_size=BATCH)
    if changed:
        ServiceItem.objects.bulk_create(
            changed, batch_size=BATCH, update_conflicts=True, unique_fields=["code"], update_fields=touched
        )
    report.created, report.changed = len(new), len(changed)
