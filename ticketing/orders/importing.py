"""Past orders from a table: preview, dry run, and the import that can be killed and started again."""

from __future__ import annotations

import csv
import fcntl
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from ticketing.citizens.bulk import find_or_create_citizens
from ticketing.exchange import actions as exchange
from ticketing.exchange.models import ImportRun
from ticketing.exchange.tables import check_file, count_rows, headings_of, read_rows, sha256_of
from ticketing.exchange.workbook import neutral
from ticketing.orders import bulk
from ticketing.orders.import_map import FIELDS, TIMES, ImportMap, read_map
from ticketing.orders.import_rows import ReadRow, RowError, RowReader, RowRefused
from ticketing.orders.models import WorkOrder
from ticketing.orders.numbers import NumbersExhausted
from ticketing.orders.workflow import State

KIND = "orders"
BATCH = 1000
PREVIEW_ROWS = 20
ERRORS_SHOWN = 1000
Progress = Callable[[ImportRun], None]


class AlreadyRunning(Exception):
    """Another process imports this file at this moment."""


@dataclass(slots=True)
class Report:
    """What a dry run found: rows that would be new, rows known already, faults by row, words without a meaning."""

    rows: int = 0
    new: int = 0
    known: int = 0
    rejected: int = 0
    errors: list[RowError] = field(default_factory=list)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row as it would be read: the fields in words, with the faults beside them."""

    row: int
    values: list[str]
    errors: list[RowError]


def imports_dir() -> Path:
    """Where uploaded tables and lists of faults are kept."""
    path = Path(settings.VAR_DIR) / "imports"
    path.mkdir(parents=True, exist_ok=True)
    return path


def errors_path(run: ImportRun) -> Path:
    """The list of faults of a run."""
    return imports_dir() / f"{run.pk}-errors.csv"


def open_import(*, path: Path, mapping: ImportMap, file_name: str = "", staff: Any = None, kept: bool = False) -> ImportRun:
    """The run of this file under this mapping. Raises BadMap or UnreadableTable where they do not fit."""
    mapping.check_headings(headings_of(path, mapping.layout))
    return exchange.open_run(
        kind=KIND,
        file_name=file_name or path.name,
        sha256=sha256_of(path),
        mapping=mapping.text,
        mapping_sha256=mapping.sha256,
        total=count_rows(path, mapping.layout),
        path=str(path.relative_to(settings.VAR_DIR)) if kept else "",
        staff=staff,
    )


def preview(*, path: Path, mapping: ImportMap, rows: int = PREVIEW_ROWS) -> tuple[list[str], list[PreviewRow]]:
    """The first rows as they would be read: names of the fields, then the rows. Writes nothing."""
    mapping.check_headings(headings_of(path, mapping.layout))
    reader = RowReader(mapping)
    names = [name for name in FIELDS if name in mapping.columns or name in mapping.defaults]
    shown = []
    for number, cells in islice(read_rows(path, mapping.layout), rows):
        errors: list[RowError] = []
        words: dict[str, str] = {}
        try:
            words = _in_words(reader.read(number, cells))
        except RowRefused as refused:
            errors = refused.errors
        shown.append(PreviewRow(number, [words.get(n) or str(reader.cell(cells, n) or "")[:80] for n in names], errors))
    return [str(FIELDS[name][0]) for name in names], shown


def _in_words(read: ReadRow) -> dict[str, str]:
    order, contact = read.order, read.contact
    from ticketing.citizens.selectors import mask

    times = dict.fromkeys(TIMES, "") | {"created_at": f"{order.created_at:%Y-%m-%d %H:%M}"}
    return {
        **times,
        "order_type": str(order.order_type),
        "title": order.title[:60],
        "content": order.content[:80],
        "channel": order.channel,
        "duty_item": str(order.duty_item or ""),
        "region": str(order.region or ""),
        "place": order.place_text,
        "state": str(State(read.state).label),
        "unit": next((str(step.unit) for step in order.steps if step.unit), ""),
        "name": mask("name", contact.name) if contact and contact.name else "",
        "phone": mask("phone", contact.phone) if contact and contact.phone else "",
    }


def check(*, path: Path, mapping: ImportMap, progress: Callable[[int], None] = lambda n: None) -> Report:
    """A dry run over all rows. Writes nothing."""
    mapping.check_headings(headings_of(path, mapping.layout))
    reader, report = RowReader(mapping), Report(unknown=Counter())
    seen: dict[str, int] = {}
    stream = read_rows(path, mapping.layout)
    while batch := list(islice(stream, BATCH)):
        good, errors = _read_batch(reader, batch, seen)
        known = _known(good)
        report.rows += len(batch)
        report.known += len(known)
        report.new += len(good) - len(known)
        report.rejected += len({error.row for error in errors})
        report.errors += errors
        progress(len(batch))
    report.unknown = reader.lookup.unknown
    return report


def keep_upload(*, name: str, chunks: Iterable[bytes]) -> Path:
    """Keep an uploaded table under its hash, so that the same file twice is one file; returns where it lies."""
    temporary = imports_dir() / f"{secrets.token_hex(8)}.part"
    with temporary.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
    try:
        check_file(temporary, name=name, max_bytes=settings.IMPORT_MAX_BYTES)
        path = imports_dir() / (sha256_of(temporary) + Path(name).suffix.lower())
        return temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def kept_file(run: ImportRun) -> Path:
    """Where the uploaded table of a run lies."""
    return Path(settings.VAR_DIR) / run.path


def run_kept(*, run: ImportRun) -> ImportRun:
    """Import the uploaded table of a run (the job's verb); a table that is gone breaks the run off with words."""
    path = kept_file(run)
    if not run.path or not path.is_file():
        exchange.finish_run(run=run, error=_("The uploaded file is gone. Upload it again."))
        return run
    return run_import(run=run, path=path)


def run_import(*, run: ImportRun, path: Path, again: bool = False, progress: Progress = lambda run: None) -> ImportRun:
    """Import the file of a run from where it stopped; what is known already is passed over.

    Progress is kept with every batch, so a process that is killed loses at most the batch it was in, and starting it
    again goes on there. Raises AlreadyRunning.
    """
    mapping = read_map(run.mapping)
    with _alone(run):
        exchange.start_run(run=run, again=again)
        try:
            _import(run, path, mapping, progress)
        except Exception as error:
            exchange.finish_run(run=run, error=str(error) or type(error).__name__)
            raise
        exchange.finish_run(run=run)
    return run


def _import(run: ImportRun, path: Path, mapping: ImportMap, progress: Progress) -> None:
    reader, seen, passed = RowReader(mapping), dict[str, int](), run.done
    stream = read_rows(path, mapping.layout)
    for number, cells in islice(stream, passed):
        seen.setdefault(reader.number(cells), number)
    with errors_path(run).open("a" if passed else "w", encoding="utf-8-sig" if not passed else "utf-8", newline="") as file:
        writer = csv.writer(file)
        if not passed:
            writer.writerow([_("Row"), _("Field"), _("Value"), _("Fault")])
        while batch := list(islice(stream, BATCH)):
            began = time.monotonic()
            good, errors = _read_batch(reader, batch, seen)
            known = _known(good)
            fresh = [read for read in good if read.order.key not in known]
            created, late = _load(fresh)
            errors += late
            write_errors(writer, errors)
            file.flush()
            exchange.note_progress(
                run=run,
                done=len(batch),
                seconds=time.monotonic() - began,
                created=created,
                unchanged=len(known),
                rejected=len({error.row for error in errors}),
            )
            progress(run)


def _load(fresh: list[ReadRow]) -> tuple[int, list[RowError]]:
    """Write a batch of new orders with their citizens; a day that has no numbers left refuses its rows."""
    try:
        with transaction.atomic():
            people = find_or_create_citizens(contacts=[read.contact for read in fresh])
            rows = [replace(read.order, citizen_id=person) for read, person in zip(fresh, people, strict=True)]
            return bulk.load_orders(rows), []
    except NumbersExhausted:
        if len(fresh) == 1:
            message = _("the day has no order numbers left")
            return 0, [RowError(fresh[0].row, str(FIELDS["created_at"][0]), str(fresh[0].order.created_at), message)]
        middle = len(fresh) // 2
        first, second = _load(fresh[:middle]), _load(fresh[middle:])
        return first[0] + second[0], first[1] + second[1]


def _read_batch(
    reader: RowReader, batch: list[tuple[int, dict[str, Any]]], seen: dict[str, int]
) -> tuple[list[ReadRow], list[RowError]]:
    good, errors = [], []
    for row, cells in batch:
        number = reader.number(cells)
        earlier = seen.setdefault(number, row)
        if number and earlier != row:
            message = _("stands in row %(row)d already") % {"row": earlier}
            errors.append(RowError(row, str(FIELDS["number"][0]), number[:80], message))
            continue
        try:
            good.append(reader.read(row, cells))
        except RowRefused as refused:
            errors += refused.errors
    return good, errors


def _known(good: list[ReadRow]) -> set[str]:
    keys = [read.order.key for read in good]
    known: set[str] = set()
    for start in range(0, len(keys), 500):
        found = WorkOrder.objects.filter(idempotency_key__in=keys[start : start + 500])
        known.update(str(key) for key in found.values_list("idempotency_key", flat=True))
    return known


def write_errors(writer: Any, errors: Iterable[RowError]) -> None:
    """Faults as lines of a table that is safe to open."""
    for error in errors:
        writer.writerow([error.row, error.field, neutral(error.value), error.message])


@contextmanager
def _alone(run: ImportRun) -> Iterator[None]:
    """Hold the run for this process; the system lets go of it when the process dies, however it dies."""
    with (imports_dir() / f"{run.pk}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(_("This file is being imported at this moment.")) from error
        yield
