"""Bringing past orders in: upload a table, look at how its first rows would be read, start, watch, fetch the faults."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ticketing.exchange import actions as exchange
from ticketing.exchange.models import ImportRun
from ticketing.exchange.selectors import runs_of
from ticketing.exchange.tables import UnreadableTable, headings_of
from ticketing.orders import importing
from ticketing.orders.import_map import FIELDS, MAP_MAX, BadMap, guess_map, read_map
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role
from ticketing.ui.messages import tell

RUNS = 20
BUSY = (ImportRun.State.WAITING, ImportRun.State.RUNNING)


def for_admins(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Signed in, as an administrator: imported orders bring in names and telephones of the whole city."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, Staff) or not request.user.has_role(Role.ADMIN):
            raise PermissionDenied(_("Only administrators import past orders."))
        return view(request, *args, **kwargs)

    return guarded


def find_run(pk: int) -> ImportRun:
    """A run whose table was uploaded here."""
    return get_object_or_404(runs_of(importing.KIND).exclude(path=""), pk=pk)


@require_http_methods(["GET", "POST"])
@for_admins
def start(request: HttpRequest) -> HttpResponse:
    """Upload a table, with a mapping or without one: then the headings propose it."""
    error, text = "", request.POST.get("mapping", "")
    if request.method == "POST":
        upload, map_file = request.FILES.get("file"), request.FILES.get("map_file")
        try:
            if not isinstance(upload, UploadedFile):
                raise UnreadableTable(_("Choose a file first."))
            if isinstance(map_file, UploadedFile):
                text = map_file.read(MAP_MAX + 1).decode("utf-8-sig")
            name = upload.name or "table"
            path = importing.keep_upload(name=name, chunks=upload.chunks())
            if not text.strip():
                text = guess_map(headings_of(path), source=name.rsplit(".", 1)[0])
            try:
                mapping = read_map(text)
            except BadMap as refused:
                raise BadMap(
                    _("%(error)s The headings are: %(names)s") % {"error": refused, "names": "、".join(headings_of(path))}
                ) from refused
            run = importing.open_import(path=path, mapping=mapping, file_name=name, staff=request.user, kept=True)
        except (UnreadableTable, BadMap) as refused:
            error = str(refused)
        except UnicodeDecodeError:
            error = _("The mapping must be a text in UTF-8.")
        else:
            return redirect("desk:import_run", pk=run.pk)
    runs = runs_of(importing.KIND).exclude(path="")[:RUNS]
    fields = [(name, label) for name, (label, _usual) in FIELDS.items()]
    context = {"runs": runs, "error": error, "mapping": text, "fields": fields}
    return render(request, "desk/import.html", context, status=400 if error else 200)


@require_http_methods(["GET", "POST"])
@for_admins
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """The preview with its mapping, which a POST changes; while it runs the progress; then the result."""
    shown = find_run(pk)
    if getattr(request, "htmx", False):
        return render(request, "desk/_import_state.html", {"run": shown, "busy": shown.state in BUSY})
    error, text = "", shown.mapping
    if request.method == "POST":
        text = request.POST.get("mapping", "")
        try:
            path = importing.kept_file(shown)
            other = importing.open_import(
                path=path, mapping=read_map(text), file_name=shown.file_name, staff=request.user, kept=True
            )
        except (UnreadableTable, BadMap) as refused:
            error = str(refused)
        else:
            return redirect("desk:import_run", pk=other.pk)
    headings: list[str] = []
    rows: list[importing.PreviewRow] = []
    if shown.state not in BUSY:
        try:
            headings, rows = importing.preview(path=importing.kept_file(shown), mapping=read_map(shown.mapping))
        except (UnreadableTable, BadMap, FileNotFoundError) as refused:
            error = error or str(refused)
    context = {
        "run": shown,
        "busy": shown.state in BUSY,
        "headings": headings,
        "rows": rows,
        "faulty": sum(1 for row in rows if row.errors),
        "mapping": text,
        "error": error,
    }
    return render(request, "desk/import_run.html", context, status=400 if error else 200)


@require_POST
@for_admins
def go(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the table imported by a job."""
    shown = find_run(pk)
    if shown.state in BUSY:
        tell(request, messages.INFO, what=_("This import is running already."))
    else:
        staff = request.user if isinstance(request.user, Staff) else None
        exchange.queue_run(run=shown, job="orders.import", staff=staff)
    return redirect("desk:import_run", pk=pk)


@require_GET
@for_admins
def errors(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The faults by row, as a table."""
    path = importing.errors_path(find_run(pk))
    if not path.is_file():
        raise Http404
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=f"import-{pk}-errors.csv", content_type="text/csv; charset=utf-8"
    )
