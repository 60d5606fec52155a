"""Pages of the units: the tree with lazily opened branches and search, one unit, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ticketing.organisation import actions
from ticketing.organisation.errors import StructureError, StructureForbidden
from ticketing.organisation.models import DutyShift, Staff, StandIn, Unit
from ticketing.organisation.roles import CENTRE_ROLES, UNIT_ROLES, Role
from ticketing.organisation.selectors import administers, find_units
from ticketing.structure import selectors
from ticketing.structure.doings import DOINGS, actor_for, perform, possible
from ticketing.ui.messages import tell

READERS = CENTRE_ROLES | UNIT_ROLES | {Role.INSPECTOR, Role.ADMIN, Role.UNIT_ADMIN}
ROWS = 50
View = Callable[..., HttpResponse]


def staff_of(request: HttpRequest) -> Staff:
    """The signed-in person."""
    return cast(Staff, request.user)


def for_readers(view: View) -> View:
    """Signed in, with a role at the desks or in a unit."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not staff_of(request).has_role(*READERS):
            raise PermissionDenied(_("Your role does not look at units."))
        return view(request, *args, **kwargs)

    return guarded


def unit_or_404(code: str) -> Unit:
    """The unit of this code, merged ones too: old links go on working."""
    unit = selectors.unit_by_code(code)
    if unit is None:
        raise Http404
    return unit


def sees_people(staff: Staff, unit: Unit) -> bool:
    """Whether people and posts of a unit are shown: to the centre, to its administrators and to those who work there."""
    return staff.has_role(*CENTRE_ROLES) or staff.unit_id == unit.pk or administers(staff, unit)


@require_GET
@for_readers
def tree(request: HttpRequest) -> HttpResponse:
    """The top of the tree, or what a search found."""
    words = request.GET.get("q", "").strip()[:60]
    context: dict[str, Any] = {"q": words, "most": selectors.MOST}
    if words:
        context["page"] = Paginator(find_units(words), ROWS).get_page(request.GET.get("page"))
    else:
        context["rows"] = selectors.branch_rows(None)
    return render(request, "structure/tree.html", context)


@require_GET
@for_readers
def below(request: HttpRequest, code: str) -> HttpResponse:
    """The branch right below a unit, as a part of the tree."""
    unit = unit_or_404(code)
    context = {"rows": selectors.branch_rows(unit), "most": selectors.MOST, "unit": unit}
    return render(request, "structure/_branch.html", context)


@require_GET
@for_readers
def unit_page(request: HttpRequest, code: str) -> HttpResponse:
    """One unit: where it stands, what is below it, its people, posts and roster, what was done to it."""
    unit, staff = unit_or_404(code), staff_of(request)
    context = selectors.detail(unit, staff, sees_people=sees_people(staff, unit))
    context |= {
        "doings": possible(staff, unit),
        "may_administer": administers(staff, unit),
        "sees_people": sees_people(staff, unit),
    }
    return render(request, "structure/unit.html", context)


@require_http_methods(["GET", "POST"])
@for_readers
def act(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """The form of a verb, and the verb."""
    unit, staff, doing = unit_or_404(code), staff_of(request), DOINGS.get(key)
    if doing is None:
        raise Http404
    if doing not in possible(staff, unit):
        raise PermissionDenied(_("Only administrators of the unit may do this."))
    form = doing.form(request.POST if request.method == "POST" else None, unit=unit)
    if request.method == "POST" and form.is_valid():
        try:
            actor = actor_for(staff, unit, request_id=getattr(request, "request_id", ""))
            perform(doing, unit=unit, actor=actor, values=form.cleaned_data)
        except StructureForbidden as error:
            raise PermissionDenied(str(error)) from error
        except StructureError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            tell(request, messages.SUCCESS, what=_("Done: %(what)s.") % {"what": doing.label})
            return redirect("structure:unit", code=code)
    context = {"unit": unit, "doing": doing, "form": form}
    return render(request, "structure/act.html", context, status=400 if form.errors else 200)


@require_POST
@for_readers
def end(request: HttpRequest, code: str, what: str, pk: int) -> HttpResponse:
    """End a stand-in early, or take a shift out of the roster."""
    unit, staff = unit_or_404(code), staff_of(request)
    try:
        actor = actor_for(staff, unit, request_id=getattr(request, "request_id", ""))
        if what == "stand-in":
            actions.end_stand_in(stand_in=get_object_or_404(StandIn, pk=pk, post__unit=unit), actor=actor)
        else:
            actions.remove_shift(shift=get_object_or_404(DutyShift, pk=pk, unit=unit), actor=actor)
    except StructureForbidden as error:
        raise PermissionDenied(str(error)) from error
    except StructureError as error:
        tell(request, messages.ERROR, what=str(error))
    return redirect("structure:unit", code=code)
