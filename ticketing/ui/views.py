"""Choices about how pages look. They are cookies of this browser, nothing is stored about a person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

ELDER_COOKIE = "elder"
THEME_COOKIE = "theme"
KEYS_COOKIE = "keys"
THEMES = ("light", "dark", "auto")
YEAR_SECONDS = 365 * 24 * 3600


@require_POST
def set_look(request: HttpRequest) -> HttpResponse:
    """Remember large print (`elder`), colours (`theme`) or keyboard letters (`keys`), and go back to `next`."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    for name, allowed in ((ELDER_COOKIE, ("0", "1")), (THEME_COOKIE, THEMES), (KEYS_COOKIE, ("0", "1"))):
        value = request.POST.get(name)
        if value is not None and value in allowed:
            response.set_cookie(name, value, max_age=YEAR_SECONDS, samesite="Lax", secure=request.is_secure(), httponly=True)
    return response
