"""The wall."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from hotline.insight import selectors
from hotline.insight.tasks import MAY_SEE

View = Callable[..., HttpResponse]


def _centre_only(view: View) -> View:
    @login_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_role(*MAY_SEE):  # type: ignore[union-attr]
            raise PermissionDenied(_("The wall is for the hotline centre and for leaders. Your own desks are in the bar above."))
        return view(request, *args, **kwargs)

    return wrapped


@_centre_only
@never_cache
@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """The whole wall, or (`?part=1`) only what changes."""
    context = {"wall": selectors.wall(), "timezone": settings.TIME_ZONE}
    return render(request, "insight/_wall.html" if request.GET.get("part") else "insight/wall.html", context)


@_centre_only
@never_cache
@require_GET
def data(request: HttpRequest) -> HttpResponse:
    """The same as JSON."""
    return JsonResponse(selectors.wall_as_json(selectors.wall()))
