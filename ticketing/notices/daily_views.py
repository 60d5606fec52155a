"""The pages of the daily notice."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ticketing.notices import daily
from ticketing.notices.models import DailyNotice
from ticketing.orders.errors import OrderError
from ticketing.organisation.actor import staff_actor
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role
from ticketing.ui.messages import tell

DAYS = 14


@require_http_methods(["GET", "POST"])
@login_required
def notice(request: HttpRequest, day: str = "") -> HttpResponse:
    """The notice of a day, yesterday's without one; a supervisor makes a missing one (POST)."""
    staff = request.user
    assert isinstance(staff, Staff)
    if not staff.has_role(*daily.READERS):
        raise PermissionDenied
    wanted = _day(day)
    shown = DailyNotice.objects.filter(day=wanted).first()
    may_make = staff.has_role(Role.SUPERVISOR)
    if request.method == "POST":
        if not may_make:
            raise PermissionDenied
        try:
            daily.make_daily_notice(day=wanted, actor=staff_actor(staff, role=Role.SUPERVISOR))
        except OrderError as error:
            tell(request, messages.WARNING, what=getattr(error, "hint", str(error)))
        else:
            tell(request, messages.SUCCESS, what=_("The daily notice is made."))
        return redirect("notices:daily_of", day=wanted.isoformat())
    context = {
        "day": wanted,
        "notice": shown,
        "late": daily.named(staff, shown.late) if shown else [],
        "returned": daily.named(staff, shown.returned) if shown else [],
        "page": Paginator(DailyNotice.objects.only("day"), DAYS).get_page(request.GET.get("page")),
        "may_make": may_make,
    }
    return render(request, "notices/daily.html", context)


def _day(text: str) -> date:
    """The day of the address, yesterday for none. Raises Http404 for what is no day."""
    if not text:
        return timezone.localdate() - timedelta(days=1)
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found
