"""Filters that a person keeps: each is a link to a list."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ticketing.desk.views import staff_of
from ticketing.orders.actions import drop_filter, save_filter
from ticketing.orders.errors import InvalidOrder
from ticketing.ui.messages import tell

FILTERED = ("desk:orders", "desk:inbox", "desk:unit", "desk:supervision", "desk:held")
FLEETING = ("page", "order", "csrfmiddlewaretoken")  # where one stands in a list is no part of its filters


@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the filters of a list under a name, and go back to it."""
    place = request.POST.get("place", "")
    if place not in FILTERED:
        raise Http404
    query = QueryDict(request.POST.get("query", "")[:1000], mutable=True)
    for name in FLEETING:
        query.pop(name, None)
    kept = query.urlencode()
    try:
        row = save_filter(staff=staff_of(request), place=place, name=request.POST.get("name", ""), query=kept)
    except InvalidOrder:
        tell(request, messages.ERROR, what=_("Give the filter a name of at most 30 characters; delete one if you keep too many."))
    else:
        tell(request, messages.SUCCESS, what=_("Filter “%(name)s” is kept.") % {"name": row.name})
    return redirect(f"{reverse(place)}?{kept}")


@login_required
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a filter of one's own."""
    place = request.POST.get("place", "")
    if place not in FILTERED:
        raise Http404
    drop_filter(staff=staff_of(request), pk=pk)
    tell(request, messages.SUCCESS, what=_("The filter is deleted."))
    return redirect(place)
