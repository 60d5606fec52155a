"""Pages of the plans (预案): all of them, one with its switch and its history, and the form it is written on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ticketing.clocks import actions, plans
from ticketing.clocks.actions.plans import SWITCHERS, WRITERS
from ticketing.clocks.errors import PlanError, PlanForbidden
from ticketing.clocks.forms import PlanForm, SwitchForm
from ticketing.clocks.models import Plan, PlanSwitch
from ticketing.organisation.actor import Actor, staff_actor
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import CENTRE_ROLES, UNIT_ROLES, Role
from ticketing.ui.messages import tell

READERS = CENTRE_ROLES | UNIT_ROLES | {Role.INSPECTOR, Role.ADMIN}
ROWS = 30
View = Callable[..., HttpResponse]


def staff_of(request: HttpRequest) -> Staff:
    """The signed-in person."""
    return cast(Staff, request.user)


def actor_in(staff: Staff, roles: Iterable[Role], *, request: HttpRequest, channel: str = "desk") -> Actor:
    """The person in the first of `roles` that they hold, else in their own first role, which the verb then refuses."""
    role = next((role for role in sorted(roles) if staff.has_role(role)), None)
    return staff_actor(staff, role=role, request_id=getattr(request, "request_id", ""), channel=channel)


def for_readers(view: View) -> View:
    """Signed in, with a role at the desks."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not staff_of(request).has_role(*READERS):
            raise PermissionDenied(_("Your role does not read plans."))
        return view(request, *args, **kwargs)

    return guarded


def plan_or_404(code: str) -> Plan:
    """The plan of this code."""
    found = plans.get_plan(code)
    if found is None:
        raise Http404
    return found


@require_GET
@for_readers
def plan_list(request: HttpRequest) -> HttpResponse:
    """All plans, those that are on first."""
    found = sorted(plans.all_plans(), key=lambda plan: not plan.open_switch)  # type: ignore[attr-defined]
    context = {
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "switches": PlanSwitch.objects.select_related("plan")[:20],
        "may_write": staff_of(request).has_role(*WRITERS),
    }
    return render(request, "clocks/plans.html", context)


@require_GET
@for_readers
def plan_page(request: HttpRequest, code: str) -> HttpResponse:
    """What a plan covers and changes, its switch, and each time it was on."""
    return _plan_page(request, plan_or_404(code), SwitchForm())


def _plan_page(request: HttpRequest, plan: Plan, form: SwitchForm, status: int = 200) -> HttpResponse:
    staff = staff_of(request)
    context = {
        "plan": plan,
        "on": next(iter(plan.open_switch), None),  # type: ignore[attr-defined]
        "page": Paginator(plan.switches.all(), ROWS).get_page(request.GET.get("page")),
        "form": form,
        "may_switch": staff.has_role(*SWITCHERS),
        "may_write": staff.has_role(*WRITERS),
    }
    return render(request, "clocks/plan.html", context, status=status)


@require_POST
@for_readers
def switch(request: HttpRequest, code: str, way: str) -> HttpResponse:
    """Switch a plan on or off, with the reason."""
    plan, form = plan_or_404(code), SwitchForm(request.POST)
    if not form.is_valid():
        return _plan_page(request, plan, form, status=400)
    verb = actions.switch_on if way == "on" else actions.switch_off
    try:
        verb(plan=plan, actor=actor_in(staff_of(request), SWITCHERS, request=request), reason=form.cleaned_data["reason"])
    except PlanForbidden as error:
        raise PermissionDenied(str(error)) from error
    except PlanError as error:
        tell(request, messages.ERROR, what=str(error))
        return redirect("clocks:plan", code=code)
    what = _("“%(plan)s” is on.") if way == "on" else _("“%(plan)s” is off.")
    then = _("The orders concerned are gone over in the background; how far that is stands below.")
    tell(request, messages.SUCCESS, what=what % {"plan": plan}, then=then)
    return redirect("clocks:plan", code=code)


@require_http_methods(["GET", "POST"])
@for_readers
def edit(request: HttpRequest, code: str = "") -> HttpResponse:
    """Write a plan down or change it."""
    staff = staff_of(request)
    if not staff.has_role(*WRITERS):
        raise PermissionDenied(_("Plans are written by supervisors and administrators."))
    plan = plan_or_404(code) if code else None
    form = PlanForm(request.POST if request.method == "POST" else None, plan=plan)
    if request.method == "POST" and form.is_valid():
        chosen = plan.code if plan else form.cleaned_data["code"]
        actor = actor_in(staff, WRITERS, request=request)
        if plan is None and Plan.objects.filter(code=chosen).exists():
            form.add_error("code", _("There is a plan with this code. Choose another code, or open that plan."))
        else:
            try:
                saved = actions.save_plan(code=chosen, values=form.values(), actor=actor)
            except PlanError as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
            else:
                tell(request, messages.SUCCESS, what=_("“%(plan)s” is written down.") % {"plan": saved})
                return redirect("clocks:plan", code=saved.code)
    return render(request, "clocks/plan_form.html", {"form": form, "plan": plan}, status=400 if form.errors else 200)
