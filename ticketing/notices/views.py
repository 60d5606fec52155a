"""The citizen's survey page behind the short link, and the button that sends it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from ticketing.notices import surveys
from ticketing.orders.errors import OrderError, OrderNotFound
from ticketing.orders.selectors import get_order
from ticketing.organisation.actor import staff_actor
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role
from ticketing.ui.messages import tell


def scores() -> list[tuple[int, str]]:
    """The five levels, best first."""
    return [
        (5, pgettext("satisfaction", "Very satisfied")),
        (4, pgettext("satisfaction", "Satisfied")),
        (3, pgettext("satisfaction", "Fair")),
        (2, pgettext("satisfaction", "Dissatisfied")),
        (1, pgettext("satisfaction", "Very dissatisfied")),
    ]


@require_http_methods(["GET", "POST"])
def survey(request: HttpRequest, code: str) -> HttpResponse:
    """One question to the citizen: how satisfied are you with the handling?"""
    found = surveys.by_code(code)
    if found is None:
        raise Http404
    note = request.POST.get("note", "")[:300]
    context = {"survey": found, "scores": scores(), "error": "", "note": note}
    if request.method == "POST" and found.ended_at is None:
        given = request.POST.get("score", "")
        solved = {"yes": True, "no": False}.get(request.POST.get("solved", ""))
        try:
            score = int(given) if given.isdecimal() and len(given) == 1 else 0
            surveys.answer_survey(survey=found, score=score, solved=solved, note=note, channel="sms")
        except surveys.SurveyClosed:
            pass
        except OrderError as error:
            context["error"] = getattr(error, "hint", str(error))
            return render(request, "notices/survey.html", context, status=400)
        return redirect("notices:survey", code=code)
    response = render(request, "notices/survey.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@login_required
def send(request: HttpRequest, number: str) -> HttpResponse:
    """Send the survey for an order that waits for its call-back."""
    staff = request.user
    assert isinstance(staff, Staff)
    role = next((role for role in (Role.CALLBACK, Role.SHIFT_LEADER) if staff.has_role(role)), None)
    if role is None:
        raise PermissionDenied
    try:
        order = get_order(staff, number)
    except OrderNotFound:
        raise Http404 from None
    try:
        surveys.ask_survey(order=order, actor=staff_actor(staff, role=role))
    except OrderError as error:
        tell(request, messages.WARNING, what=getattr(error, "hint", _("The order does not wait for a call-back any more.")))
    else:
        tell(request, messages.SUCCESS, what=_("The survey is on its way to the citizen."), then=f"{order.number} {order.title}")
    return redirect(f"/desk/callback/?order={number}")
