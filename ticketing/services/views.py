"""Guides (办事指南) for everybody: the list with its search, and one item as a slip that can be printed."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ticketing.services import selectors

ROWS = 20
WORDS_CHARS = 60


@require_GET
def items(request: HttpRequest) -> HttpResponse:
    """All items, narrowed by words, kind, department and who is served."""
    words = request.GET.get("q", "").strip()[:WORDS_CHARS]
    kind, department = request.GET.get("kind", "")[:40], request.GET.get("department", "")[:160]
    served = request.GET.get("served", "")
    found = selectors.find_items(words=words, kind=kind, department=department, served=served)
    context = {
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "q": words,
        "kind": kind,
        "department": department,
        "served": served,
        "kinds": selectors.kinds(),
        "departments": selectors.departments(),
        "narrowed": bool(words or kind or department or served),
    }
    return render(request, "services/items.html", context)


@require_GET
def item(request: HttpRequest, code: str) -> HttpResponse:
    """One guide: department, conditions, papers, limits, place and windows, telephones, legal basis."""
    shown = selectors.item(code)
    if shown is None:
        raise Http404
    return render(request, "services/item.html", {"item": shown, "siblings": selectors.siblings(shown)})
