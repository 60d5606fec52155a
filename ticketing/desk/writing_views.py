"""Templates of replies, drafts kept while typing, and the calendar of what is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ticketing.desk import places, selectors
from ticketing.desk.doings import DOINGS
from ticketing.desk.forms import TemplateForm
from ticketing.desk.order_views import find
from ticketing.desk.places import works_at
from ticketing.desk.views import staff_of
from ticketing.orders.actions import drop_template, keep_template, keep_typed
from ticketing.orders.errors import InvalidOrder
from ticketing.orders.models import ReplyTemplate
from ticketing.ui.messages import tell


@works_at(places.UNIT)
@require_http_methods(["GET", "POST"])
def templates(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The templates one may use; writing one, or changing one of one's own."""
    staff = staff_of(request)
    changed = get_object_or_404(ReplyTemplate, pk=pk, staff=staff) if pk else None
    initial: dict[str, Any] = {}
    if changed is not None:
        initial = {"name": changed.name, "text": changed.text, "unit": changed.unit_id}
    form = TemplateForm(request.POST or None, staff=staff, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            kept = keep_template(staff=staff, template=changed, **form.cleaned_data)
        except InvalidOrder:
            form.add_error("name", _("You have too many templates. Delete one first."))
        else:
            tell(request, messages.SUCCESS, what=_("Template “%(name)s” is kept.") % {"name": kept.name})
            return redirect("desk:templates")
    context = {"form": form, "changed": changed, "rows": selectors.reply_templates(staff)}
    return render(request, "desk/templates.html", context, status=400 if form.errors else 200)


@works_at(places.UNIT)
@require_POST
def delete_template(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a template of one's own."""
    staff = staff_of(request)
    template = get_object_or_404(ReplyTemplate, pk=pk, staff=staff)
    drop_template(staff=staff, template=template)
    tell(request, messages.SUCCESS, what=_("Template “%(name)s” is deleted.") % {"name": template.name})
    return redirect("desk:templates")


@login_required
@require_POST
def typed(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Keep what is typed into the form of an action; the page sends it while one types."""
    staff, doing = staff_of(request), DOINGS.get(key)
    order = find(staff, number)
    if doing is None or doing.is_immediate:
        raise Http404
    names = [name for name in doing.form.base_fields if name not in ("version", "photos")]
    try:
        kept = keep_typed(order=order, staff=staff, key=key, data={n: request.POST[n] for n in names if n in request.POST})
    except InvalidOrder:
        return JsonResponse({"detail": _("This is too long to be kept.")}, status=400)
    return JsonResponse({"at": timezone.localtime(kept.updated_at).strftime("%H:%M:%S") if kept else ""})


@works_at(places.UNIT)
@require_GET
def due_calendar(request: HttpRequest) -> HttpResponse:
    """A month of what is due with my units; `month` is written 2026-11."""
    today = timezone.localdate()
    month = selectors.month_of(request.GET.get("month", ""), today=today)
    weeks = selectors.due_calendar(staff_of(request), month)
    context = {
        "weeks": weeks,
        "total": sum(day.total for week in weeks for day in week),
        "month": month,
        "today": today,
        "before": month - timedelta(days=1),
        "after": (month + timedelta(days=32)).replace(day=1),
    }
    return render(request, "desk/due_calendar.html", context)
