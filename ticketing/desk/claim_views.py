"""Taking a waiting order into one's hands, the next one, and giving it back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ticketing.desk import places
from ticketing.desk.order_views import find, next_of
from ticketing.desk.places import works_at
from ticketing.desk.views import staff_of
from ticketing.dispatch import actions
from ticketing.dispatch.models import Claim
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.models import WorkOrder
from ticketing.ui.messages import tell


@login_required
@require_POST
def claim(request: HttpRequest, number: str) -> HttpResponse:
    """Claim one order; `take_over` takes it from somebody else."""
    staff = staff_of(request)
    order = find(staff, number)
    target = next_of(request, at(order))
    try:
        held = actions.claim_order(order=order, staff=staff, take_over="take_over" in request.POST)
    except InvalidOrder as error:
        tell(request, messages.WARNING, what=error.hint, then=f"{order.number} {order.title}")
        return HttpResponseRedirect(target)
    except NotAllowed as error:
        raise PermissionDenied from error
    _told(request, held)
    return HttpResponseRedirect(target)


@works_at(places.INBOX)
@require_POST
def claim_next(request: HttpRequest) -> HttpResponse:
    """Claim the first order that nobody works on and open it."""
    try:
        held = actions.claim_next(staff=staff_of(request))
    except InvalidOrder as error:
        tell(request, messages.WARNING, what=error.hint)
        return HttpResponseRedirect(reverse("desk:inbox"))
    if held is None:
        tell(request, messages.INFO, what=_("Nothing waits that nobody works on."))
        return HttpResponseRedirect(reverse("desk:inbox"))
    _told(request, held)
    return HttpResponseRedirect(at(held.order))


@login_required
@require_POST
def release(request: HttpRequest, number: str) -> HttpResponse:
    """Give an order back to the inbox."""
    staff = staff_of(request)
    order = find(staff, number)
    if actions.release_claim(order=order, staff=staff):
        tell(request, messages.SUCCESS, what=_("Given back to the inbox."), then=f"{order.number} {order.title}")
    return HttpResponseRedirect(next_of(request, at(order)))


def at(order: WorkOrder) -> str:
    """The inbox with this order chosen."""
    return f"{reverse('desk:inbox')}?order={order.number}"


def _told(request: HttpRequest, held: Claim) -> None:
    until = f"{timezone.localtime(held.until):%H:%M}"
    tell(
        request,
        messages.SUCCESS,
        what=_("The order is in your hands until %(time)s.") % {"time": until},
        then=f"{held.order.number} {held.order.title}",
    )
