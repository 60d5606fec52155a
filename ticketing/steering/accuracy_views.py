"""The share first dispatched right, and in which categories the machine may dispatch alone."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ticketing.dispatch import accuracy, trust
from ticketing.dispatch.selectors import unit_names
from ticketing.organisation.models import DutyCategory
from ticketing.steering.people import for_readers

GROUPS = ("category", "unit", "month")
ROWS = 50


def asked(query: Any, found: accuracy.Accuracy) -> tuple[str, str]:
    """By what to group, and the month; what is not known falls back to categories and all months."""
    group, month = query.get("by", ""), query.get("month", "")
    return group if group in GROUPS else "category", month if month in found.months else ""


@require_GET
@for_readers
def first_right(request: HttpRequest) -> HttpResponse:
    """The figures by category, unit or month, with their definition, and the record of the classifier by category."""
    found = accuracy.known()
    group, month = asked(request.GET, found)
    page = Paginator(found.by(group, month=month), ROWS).get_page(request.GET.get("page"))
    categories = dict(DutyCategory.objects.values_list("code", "name"))
    names = categories if group == "category" else unit_names(r.key for r in page.object_list) if group == "unit" else {}
    records = sorted(trust.records().values(), key=lambda r: (-r.decided, r.category))
    context = {
        "page": page,
        "rows": [(names.get(row.key, row.key), row) for row in page.object_list],
        "whole": found.whole(month=month) if found.cells else None,
        "group": group,
        "month": month,
        "months": found.months,
        "counted_at": found.counted_at,
        "records": [(categories.get(r.category, r.category), r) for r in records],
        "needed": trust.NEEDED_PRECISION * 100,
        "fewest": trust.FEWEST_ORDERS,
        "days": trust.DAYS,
    }
    return render(request, "steering/accuracy.html", context)
