"""My orders: the drafts a seat has begun, and what it took in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ticketing.desk import places, selectors
from ticketing.desk.forms import DraftForm
from ticketing.desk.places import works_at
from ticketing.desk.views import page_of, staff_of
from ticketing.orders import selectors as orders
from ticketing.orders.actions import start_draft, submit_order
from ticketing.orders.errors import InvalidOrder
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import Action, State
from ticketing.ui.messages import tell


@works_at(places.MINE)
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """Drafts first, then the orders that the person took in."""
    staff = staff_of(request)
    page = page_of(request, orders.taken_in_by(staff))
    context = {"drafts": list(orders.drafts_of(staff)[:50]), "page": page, "rows": selectors.rows_of(page.object_list)}
    return render(request, "desk/mine.html", context)


@works_at(places.MINE)
@require_http_methods(["GET", "POST"])
def new_draft(request: HttpRequest) -> HttpResponse:
    """An empty form; kept as a draft, or submitted at once with `submit`."""
    staff, blank = staff_of(request), WorkOrder(state=State.DRAFT)
    if request.method == "GET":
        return render(request, "desk/draft.html", {"form": DraftForm(order=blank, staff=staff)})
    form = DraftForm(request.POST, order=blank, staff=staff)
    if "submit" in request.POST:
        form.fields["content"].required = True
    if not form.is_valid():
        return render(request, "desk/draft.html", {"form": form}, status=400)
    actor = orders.actor_for(staff, blank, Action.SAVE_DRAFT, request_id=str(getattr(request, "request_id", ""))[:40])
    try:
        order = start_draft(actor=actor, draft=form.values()["draft"], channel="desk")
    except InvalidOrder as error:
        form.add_error(error.field if error.field in form.fields else None, _("Please check this entry."))
        return render(request, "desk/draft.html", {"form": form}, status=400)
    if "submit" in request.POST:
        order = submit_order(order=order, actor=actor)
        tell(request, messages.SUCCESS, what=_("Submitted. The order waits for dispatch."), then=f"{order.number} {order.title}")
        return redirect("desk:order", number=order.number)
    tell(
        request,
        messages.SUCCESS,
        what=_("Draft saved."),
        then=_("You find it under “My orders” and submit it when it is complete."),
    )
    return redirect("desk:mine")
