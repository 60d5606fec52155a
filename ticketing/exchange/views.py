"""Exports: the button's address, the page that waits for the file, the file, the log."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from ticketing.exchange import actions, registry, selectors
from ticketing.exchange.errors import ExchangeError, NotYours
from ticketing.exchange.models import ExportLog
from ticketing.organisation.models import Staff
from ticketing.ui.messages import tell

ROWS = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def staff_of(request: HttpRequest) -> Staff:
    """The signed-in person."""
    assert isinstance(request.user, Staff)
    return request.user


def label_of(kind: str) -> str:
    """The name of a list in the language of the page."""
    export = registry.find(kind)
    return str(export.label) if export else kind


@require_POST
@login_required
def new(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Export a list with the filters of the form: a short one is the answer itself, a long one gets a page that waits."""
    if registry.find(kind) is None:
        raise Http404
    filters = {name: str(value) for name, value in request.POST.items()}
    try:
        log = actions.ask_export(
            staff=staff_of(request),
            kind=kind,
            filters=filters,
            language=translation.get_language() or settings.LANGUAGE_CODE,
            request_id=getattr(request, "request_id", ""),
        )
    except NotYours as error:
        raise PermissionDenied(str(error)) from error
    except ExchangeError as error:
        tell(request, messages.ERROR, what=str(error))
        back = request.headers.get("Referer", "")
        return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "exchange:log")
    if log.state == ExportLog.State.READY:
        return _file(log)
    return redirect("exchange:export", pk=log.pk)


@require_GET
@login_required
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a long export is; htmx asks for the inner part."""
    log = get_object_or_404(selectors.exports_for(staff_of(request)), pk=pk)
    template = "exchange/_export.html" if getattr(request, "htmx", False) else "exchange/export.html"
    return render(request, template, {"log": log, "label": label_of(log.kind)})


@require_GET
@login_required
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file itself, for the person who asked for it alone: watching over the log gives no right to its content."""
    log = get_object_or_404(ExportLog, pk=pk, staff=staff_of(request))
    if log.state != ExportLog.State.READY or not (Path(settings.VAR_DIR) / log.path).is_file():
        return render(request, "exchange/export.html", {"log": log, "label": label_of(log.kind)}, status=410)
    return _file(log)


def _file(log: ExportLog) -> FileResponse:
    actions.note_download(log=log)
    name = f"{label_of(log.kind)}-{timezone.localtime(log.at):%Y%m%d-%H%M}-{log.mark}.xlsx"
    path = Path(settings.VAR_DIR) / log.path
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=XLSX)
    answer["Cache-Control"] = "no-store"
    return answer


@require_GET
@login_required
def log(request: HttpRequest) -> HttpResponse:
    """The log: everyone's for those who watch over it, one's own for the others."""
    staff = staff_of(request)
    page = Paginator(selectors.exports_for(staff), ROWS).get_page(request.GET.get("page"))
    for row in page.object_list:
        row.label = label_of(row.kind)  # type: ignore[attr-defined]
    return render(request, "exchange/log.html", {"page": page, "everyone": selectors.reads_everything(staff)})
