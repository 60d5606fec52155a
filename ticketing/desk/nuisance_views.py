"""Malicious repeated callers: the list, one record, and what is done with it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ticketing.citizens.selectors import masked_contact
from ticketing.desk import forms, places, selectors
from ticketing.desk.order_views import find
from ticketing.desk.places import works_at
from ticketing.desk.views import staff_of
from ticketing.orders.actions import hand_to_police, record_nuisance, review_nuisance
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.models import NuisanceCase
from ticketing.ui.messages import tell

ROWS = 50


@works_at(places.NUISANCE)
@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """All records, those to be reviewed first; by state, and by telephone or order number."""
    status, words = request.GET.get("status", ""), request.GET.get("q", "").strip()[:40]
    found = selectors.nuisance_list(words=words, status=status)
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    rows = [(case, masked_contact(case.citizen)) for case in page]
    context = {"page": page, "rows": rows, "status": status, "q": words, "statuses": NuisanceCase.Status}
    return render(request, "desk/nuisance.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def record(request: HttpRequest, number: str) -> HttpResponse:
    """Record the citizen behind an order; an order that may not be seen is 404 before anything else is judged."""
    staff = staff_of(request)
    order = find(staff, number)
    if not staff.has_role(*places.NUISANCE.roles):
        raise PermissionDenied
    form = forms.NuisanceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            case = record_nuisance(staff=staff, order=order, **form.cleaned_data)
        except InvalidOrder:
            form.add_error(None, _("The order is anonymous, or its citizen is recorded already and waits for the review."))
        except NotAllowed:
            raise PermissionDenied from None
        else:
            tell(request, messages.SUCCESS, what=_("Recorded. Somebody else reviews it."))
            return redirect("desk:nuisance_case", pk=case.pk)
    context = {"form": form, "order": order}
    return render(request, "desk/nuisance_record.html", context, status=400 if form.errors else 200)


@works_at(places.NUISANCE)
@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One record with its review and hand-over; `do` says which of the two is sent."""
    staff = staff_of(request)
    row = get_object_or_404(NuisanceCase.objects.select_related("citizen", "order", "recorded_by"), pk=pk)
    review, police = forms.NuisanceReviewForm(), forms.PoliceForm()
    status = 200
    if request.method == "POST":
        sent: Any = (
            forms.PoliceForm(request.POST) if request.POST.get("do") == "police" else forms.NuisanceReviewForm(request.POST)
        )
        verb = hand_to_police if isinstance(sent, forms.PoliceForm) else review_nuisance
        review, police = (review, sent) if isinstance(sent, forms.PoliceForm) else (sent, police)
        if sent.is_valid():
            try:
                verb(staff=staff, case=row, **sent.cleaned_data)
            except NotAllowed:
                sent.add_error(None, _("This is not for you: another shift leader or supervisor must do it."))
            except InvalidOrder:
                sent.add_error(None, _("The record has moved on meanwhile. Look at its state."))
            else:
                tell(request, messages.SUCCESS, what=_("Kept."))
                return redirect("desk:nuisance_case", pk=pk)
        status = 400
    context = {
        "case": row,
        "contact": masked_contact(row.citizen),
        "earlier": selectors.nuisance_list(words="", status="").filter(citizen=row.citizen).exclude(pk=pk)[:10],
        "review": review,
        "police": police,
        **selectors.nuisance_steps(staff, row),
    }
    return render(request, "desk/nuisance_case.html", context, status=status)
