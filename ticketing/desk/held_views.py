"""The list of all cards and accountability records."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ticketing.desk import places, selectors
from ticketing.desk.places import works_at
from ticketing.desk.views import staff_of
from ticketing.orders.models import Contestable

ROWS = 50


@works_at(places.HELD)
@require_GET
def held(request: HttpRequest) -> HttpResponse:
    """Cards, or with `kind=findings` accountability records; `q` searches number, unit and words, `status` filters."""
    staff = staff_of(request)
    kind = request.GET.get("kind", "cards")
    kind = kind if kind in selectors.KINDS else "cards"
    words, status = request.GET.get("q", "").strip()[:80], request.GET.get("status", "")
    found = selectors.held_list(staff, kind, words=words, status=status)
    context = {
        "kind": kind,
        "q": words,
        "status": status,
        "statuses": Contestable.Status,
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
    }
    return render(request, "desk/held.html", context)
