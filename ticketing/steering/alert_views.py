"""What dispatchers and supervisors must see until one of them has noted it: groups on one matter, rules switched off."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ticketing.dispatch import actions
from ticketing.dispatch.models import Alert
from ticketing.orders.selectors import visible_orders
from ticketing.steering.people import NOTERS, actor_of, for_readers, staff_of
from ticketing.ui.messages import tell

ROWS = 30


@require_GET
@for_readers
def alerts(request: HttpRequest) -> HttpResponse:
    """What is open, or with ?all=1 everything that ever was, newest first."""
    everything = "all" in request.GET
    found = Alert.objects.all() if everything else Alert.objects.filter(noted_at=None)
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    return render(request, "steering/alerts.html", {"page": page, "everything": everything})


@require_http_methods(["GET", "POST"])
@for_readers
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    """One alert with its orders; a POST notes it."""
    shown = get_object_or_404(Alert, pk=pk)
    if request.method == "POST":
        actions.note_alert(alert=shown, actor=actor_of(request, NOTERS), note=request.POST.get("note", ""))
        tell(request, messages.SUCCESS, what=_("Noted; it leaves the desks and stays in the list."))
        return redirect("steering:alerts")
    staff = staff_of(request)
    orders = visible_orders(staff).filter(alerts=shown).order_by("created_at")
    context = {
        "alert": shown,
        "page": Paginator(orders, ROWS).get_page(request.GET.get("page")),
        "may_note": shown.noted_at is None and staff.has_role(*NOTERS),
    }
    return render(request, "steering/alert.html", context)
