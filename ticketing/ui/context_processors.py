"""What every page knows: the viewer, the navigation, the look that was chosen, what is extraordinary now."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from ticketing.ui import nav
from ticketing.ui.views import ELDER_COOKIE, KEYS_COOKIE, THEME_COOKIE, THEMES


def ui(request: HttpRequest) -> dict[str, Any]:
    """`ui` for templates: demo, elder, theme, keys, viewer and nav (the last two are only computed when used)."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    viewer: Any = SimpleLazyObject(lambda: nav.viewer_of(request))
    items: Any = SimpleLazyObject(lambda: nav.items_for(viewer, request.path))
    return {
        "ui": {
            "demo": settings.DEMO,
            "elder": request.COOKIES.get(ELDER_COOKIE) == "1",
            "theme": theme if theme in THEMES else "auto",
            "keys": request.COOKIES.get(KEYS_COOKIE, "1") != "0",
            "viewer": viewer,
            "nav": items,
            "nav_bar": SimpleLazyObject(lambda: nav.split(items)[0]),
            "nav_more": SimpleLazyObject(lambda: nav.split(items)[1]),
            "banners": SimpleLazyObject(nav.banners_now),
            "path": request.get_full_path(),
        }
    }
