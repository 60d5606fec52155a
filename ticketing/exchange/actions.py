"""Writing exports and the progress of imports."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ticketing.exchange import registry
from ticketing.exchange.errors import ExchangeError, NotYours, TooManyRows
from ticketing.exchange.models import ExportLog, ImportRun
from ticketing.exchange.tables import sha256_of
from ticketing.exchange.workbook import BookWriter
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role
from ticketing.outbox.actions import enqueue

AT_ONCE = 1000  # more rows than this are written by a job, with a page that shows how far it is
PROGRESS_EVERY = 500
EXPORT_KEPT = timedelta(hours=24)


def exports_dir() -> Path:
    """Where written files wait for being fetched."""
    return Path(settings.VAR_DIR) / "exports"


def ask_export(*, staff: Staff, kind: str, filters: dict[str, str], language: str, request_id: str = "") -> ExportLog:
    """Log the wish for a list and write it: at once when it is short, by a job when it is long.

    Raises NotYours for a list that the person's roles do not give, TooManyRows above EXPORT_MAX_ROWS.
    """
    export = registry.find(kind)
    if export is None:
        raise ExchangeError(_("There is no list “%(kind)s”.") % {"kind": kind})
    held = next((a for a in staff.appointments_now() if a.role in export.roles), None)
    if held is None:
        raise NotYours(_("Your role may not export this list."))
    kept = {name: value[:200] for name, value in filters.items() if name in export.filters and value}
    total = export.count(staff, kept)
    if total > settings.EXPORT_MAX_ROWS:
        values = {"count": total, "limit": settings.EXPORT_MAX_ROWS}
        raise TooManyRows(
            _("The list has %(count)d rows; one export holds at most %(limit)d. Narrow the filter and export again.") % values
        )
    with transaction.atomic():
        log = ExportLog.objects.create(
            kind=kind,
            staff=staff,
            staff_name=staff.display_name,
            role=held.role,
            unit_name=held.unit.name,
            language=language,
            filters=kept,
            total=total,
            request_id=request_id[:64],
        )
        if total > AT_ONCE:
            enqueue(kind="exchange.export", payload={"export": log.pk}, key=str(log.pk))
    if total <= AT_ONCE:
        write_export(log=log)
    return log


def write_export(*, log: ExportLog) -> None:
    """Write the file of a logged export, with the person's rights of this moment. Writing it again does no harm."""
    export = registry.find(log.kind)
    if export is None or log.state != ExportLog.State.WAITING:
        return
    staff = Staff.objects.get(pk=log.staff_id)
    if not staff.is_active or not staff.has_role(*export.roles):
        ExportLog.objects.filter(pk=log.pk).update(state=ExportLog.State.FAILED, error="rights")
        return
    with translation.override(log.language):
        moment = timezone.localtime().strftime("%Y-%m-%d %H:%M:%S")
        values = {"name": log.staff_name, "unit": log.unit_name, "time": moment, "count": log.total, "mark": log.mark}
        mark = _("%(name)s · %(unit)s · %(time)s · %(count)d rows · export %(mark)s · for official use only") % values
        book, label = BookWriter(), str(export.label)
        headings = [str(h) for h in export.headings(staff)]
        written = book.sheet(label, headings, _counted(export.rows(staff, log.filters), log), mark=mark, widths=export.widths)
        facts = [
            (_("List"), label),
            (_("Exported by"), log.staff_name),
            (_("Role"), Role(log.role).label),
            (_("Unit"), log.unit_name),
            (_("Time"), moment),
            (_("Rows"), written),
            (_("Filters"), "; ".join(f"{name}={value}" for name, value in sorted(log.filters.items())) or "-"),
            (_("Export number"), log.mark),
            (_("Notice"), _("Personal values are masked by role. Pass this file on only as far as your duty asks.")),
        ]
        book.sheet(_("About this file"), [_("Item"), _("Content")], facts, mark=mark, widths=(24, 80))
    path = exports_dir() / f"{log.pk}-{secrets.token_hex(8)}.xlsx"
    book.save(path)
    log.path, log.rows, log.sha256, log.size = (
        str(path.relative_to(settings.VAR_DIR)),
        written,
        sha256_of(path),
        path.stat().st_size,
    )
    log.state, log.finished_at = ExportLog.State.READY, timezone.now()
    log.save(update_fields=["path", "rows", "sha256", "size", "state", "finished_at"])


def _counted(rows: Iterable[Sequence[Any]], log: ExportLog) -> Iterable[Sequence[Any]]:
    for number, row in enumerate(rows, 1):
        if number % PROGRESS_EVERY == 0:
            ExportLog.objects.filter(pk=log.pk).update(rows=number)
        yield row


def note_download(*, log: ExportLog) -> None:
    """Count that the file was fetched."""
    ExportLog.objects.filter(pk=log.pk).update(downloads=F("downloads") + 1)


def remove_old_exports() -> int:
    """Delete files that are older than a day; the log stays. Returns how many."""
    old = ExportLog.objects.filter(at__lt=timezone.now() - EXPORT_KEPT).exclude(path="")
    for log in old:
        (Path(settings.VAR_DIR) / log.path).unlink(missing_ok=True)
        ExportLog.objects.filter(pk=log.pk).update(path="", state=ExportLog.State.GONE)
    return len(old)


# --- Imports ---------------------------------------------------------------------------------------------------------


def open_run(
    *,
    kind: str,
    file_name: str,
    sha256: str,
    mapping: str = "",
    mapping_sha256: str = "",
    total: int = 0,
    path: str = "",
    staff: Staff | None = None,
) -> ImportRun:
    """The run of this file under this mapping: the one that was begun before, or a new one."""
    run, made = ImportRun.objects.get_or_create(
        kind=kind,
        sha256=sha256,
        mapping_sha256=mapping_sha256,
        defaults={"file_name": file_name[:200], "mapping": mapping, "total": total, "path": path, "started_by": staff},
    )
    changed = {"total": total or run.total, "path": path or run.path}
    if not made and any(getattr(run, name) != value for name, value in changed.items()):
        ImportRun.objects.filter(pk=run.pk).update(**changed)
        run.refresh_from_db()
    return run


def start_run(*, run: ImportRun, again: bool = False) -> None:
    """Mark a run as running. A finished one, or `again`, begins at the first row; a broken one where it stopped."""
    if again or run.state == ImportRun.State.DONE:
        _to_first_row(run)
    run.state, run.error, run.seen_at, run.finished_at = ImportRun.State.RUNNING, "", timezone.now(), None
    run.save()


def _to_first_row(run: ImportRun) -> None:
    run.done = run.created = run.changed = run.unchanged = run.rejected = 0
    run.seconds = 0


def note_progress(
    *, run: ImportRun, done: int, seconds: float, created: int = 0, changed: int = 0, unchanged: int = 0, rejected: int = 0
) -> None:
    """Add one batch to the figures of a run. Call it in the batch's transaction or right after it."""
    run.done += done
    run.created, run.changed = run.created + created, run.changed + changed
    run.unchanged, run.rejected = run.unchanged + unchanged, run.rejected + rejected
    run.seconds, run.seen_at = run.seconds + seconds, timezone.now()
    run.save(update_fields=["done", "created", "changed", "unchanged", "rejected", "seconds", "seen_at"])


def finish_run(*, run: ImportRun, error: str = "") -> None:
    """Mark a run as done, or as broken off with `error`."""
    run.state = ImportRun.State.FAILED if error else ImportRun.State.DONE
    run.error, run.finished_at = error[:2000], timezone.now()
    run.save(update_fields=["state", "error", "finished_at"])


def queue_run(*, run: ImportRun, job: str, staff: Staff | None = None) -> None:
    """Have a run done by the job of kind `job`."""
    with transaction.atomic():
        if run.state == ImportRun.State.DONE:
            _to_first_row(run)
        run.state, run.error, run.started_by = ImportRun.State.WAITING, "", staff or run.started_by
        run.save()
        enqueue(kind=job, payload={"run": run.pk}, key=str(run.pk))
