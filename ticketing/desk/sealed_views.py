"""Sealed reports (举报): the queue of those named for them, and the naming itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ticketing.desk import places, selectors
from ticketing.desk.forms import HandlerForm
from ticketing.desk.places import works_at
from ticketing.desk.views import page_of, part_or_page, staff_of
from ticketing.orders import sealed as sealed_reports
from ticketing.orders.actions import end_naming, name_handler
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.models import SealedHandler
from ticketing.orders.workflow import OPEN, State
from ticketing.outbox.selectors import last_numbers
from ticketing.ui.messages import tell


def named(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open a view to those who are named for sealed reports: no role opens it."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not sealed_reports.handles_sealed(staff_of(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(checked)


@named
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The sealed reports that the person was named for, the open ones first by default; by state and number."""
    staff = staff_of(request)
    words, state = "".join(request.GET.get("q", "").split())[:12], request.GET.get("state", "open")
    found = sealed_reports.sealed_orders(staff).order_by("-created_at")
    if words:
        found = found.filter(number__startswith=words)
    elif state == "open":
        found = found.filter(state__in=OPEN)
    elif state in State.values:
        found = found.filter(state=state)
    units = sorted({naming.unit_id for naming in sealed_reports.namings_of(staff) if naming.unit_id})
    streams = ["sealed"] if sealed_reports.is_central(staff) else [f"sealed:{pk}" for pk in units]
    page = page_of(request, found)
    context = {
        "page": page,
        "rows": selectors.rows_of(page.object_list),
        "q": words,
        "state": state,
        "all_states": State,
        "streams": " ".join(streams),
        "feed_after": last_numbers(streams=streams),
    }
    return part_or_page(request, "desk/_sealed.html", "desk/sealed.html", context)


@works_at(places.HANDLERS)
@require_http_methods(["GET", "POST"])
def handlers(request: HttpRequest) -> HttpResponse:
    """Who is named, and naming one more. Whoever names sees no report by it."""
    staff = staff_of(request)
    form = HandlerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            kept = name_handler(by=staff, **form.cleaned_data)
        except NotAllowed:
            form.add_error("staff", _("You cannot name yourself. Another administrator must do it."))
        except InvalidOrder:
            form.add_error("staff", _("This person is named for this already."))
        else:
            tell(request, messages.SUCCESS, what=_("%(name)s is named.") % {"name": kept.staff})
            return redirect("desk:handlers")
    context = {"form": form, "handlers": list(sealed_reports.handlers()), "ended": list(sealed_reports.ended_namings()[:30])}
    return render(request, "desk/handlers.html", context, status=400 if form.errors else 200)


@works_at(places.HANDLERS)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one naming; the row stays."""
    ended = end_naming(by=staff_of(request), handler=get_object_or_404(SealedHandler, pk=pk))
    tell(request, messages.SUCCESS, what=_("%(name)s sees no sealed report any more.") % {"name": ended.staff})
    return redirect("desk:handlers")
