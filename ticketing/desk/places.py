"""The pages of the desks, with who works at each: one list for the navigation, the access check and the home page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from ticketing.organisation.roles import CENTRE_ROLES, UNIT_ROLES, Role

R = Role
READERS = frozenset(CENTRE_ROLES | UNIT_ROLES | {R.INSPECTOR, R.ADMIN})


@dataclass(frozen=True, slots=True)
class Place:
    """One page of the desks."""

    url_name: str
    label: Any
    icon: str
    order: int
    roles: frozenset[Role] = frozenset()


HOME = Place("desk:home", _("My desk"), "home", 10)
MINE = Place("desk:mine", _("My orders"), "file-text", 20, frozenset({R.SEAT, R.SHIFT_LEADER}))
INBOX = Place("desk:inbox", _("Dispatch"), "inbox", 30, frozenset({R.DISPATCHER, R.SHIFT_LEADER, R.SUPERVISOR}))
UNIT = Place("desk:unit", _("My unit"), "building", 40, frozenset(UNIT_ROLES))
CALLBACK = Place("desk:callback", _("Call-back"), "phone-check", 50, frozenset({R.CALLBACK, R.SHIFT_LEADER}))
SUPERVISION = Place(
    "desk:supervision", _("Supervision"), "flag", 60, frozenset({R.SUPERVISOR, R.SHIFT_LEADER, R.LEADER, R.INSPECTOR})
)
ORDERS = Place("desk:orders", _("All orders"), "list-search", 70, READERS)
HELD = Place(
    "desk:held", _("Cards and accountability"), "alert-triangle", 62,
    frozenset({R.SUPERVISOR, R.SHIFT_LEADER, R.LEADER, R.INSPECTOR, *UNIT_ROLES}),
)  # fmt: skip
NUISANCE = Place(
    "desk:nuisance", _("Malicious callers"), "phone-off", 64,
    frozenset({R.SEAT, R.SHIFT_LEADER, R.DISPATCHER, R.CALLBACK, R.SUPERVISOR}),
)  # fmt: skip
# No role opens it: `people.viewer_of` gives this word to those who are named for sealed reports.
SEALED = Place("desk:sealed", _("Sealed reports"), "lock", 65, frozenset({"sealed_handler"}))  # type: ignore[arg-type]
HANDLERS = Place("desk:handlers", _("Sealed handlers"), "lock", 92, frozenset({R.ADMIN}))
IMPORT = Place("desk:import", _("Import"), "transfer-in", 90, frozenset({R.ADMIN}))
PLACES = (HOME, MINE, INBOX, UNIT, CALLBACK, SUPERVISION, HELD, NUISANCE, SEALED, ORDERS, IMPORT, HANDLERS)


def works_at(place: Place) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Open a view to those who work at `place`: others get 403, visitors the sign-in page."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if place.roles and not request.user.has_role(*place.roles):  # type: ignore[union-attr]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return login_required(checked)

    return decorate
