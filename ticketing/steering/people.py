"""Who looks at how orders are dispatched, and who may change it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from ticketing.dispatch.actions import EDITORS, PUBLISHERS
from ticketing.organisation.actor import Actor, staff_actor
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role

READERS = EDITORS | PUBLISHERS | {Role.LEADER, Role.INSPECTOR}
NOTERS = frozenset({Role.DISPATCHER, Role.SHIFT_LEADER, Role.SUPERVISOR})
View = Callable[..., HttpResponseBase]


def staff_of(request: HttpRequest) -> Staff:
    """The signed-in person."""
    return cast(Staff, request.user)


def for_readers(view: View) -> View:
    """Signed in, with a role that looks at how orders are dispatched."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not staff_of(request).has_role(*READERS):
            raise PermissionDenied(_("Your role does not look at the rules of dispatch."))
        return view(request, *args, **kwargs)

    return guarded


def actor_of(request: HttpRequest, roles: Iterable[Role], *, channel: str = "desk") -> Actor:
    """The signed-in person in the first of `roles` that they hold. Raises PermissionDenied."""
    staff = staff_of(request)
    role = next((role for role in sorted(roles) if staff.has_role(role)), None)
    if role is None:
        raise PermissionDenied(_("Your role may not do this with the rules of dispatch."))
    return staff_actor(staff, role=role, request_id=getattr(request, "request_id", ""), channel=channel)
