"""Template tags of this room: `{% load exchange %}`."""

from __future__ import annotations

from typing import Any

from django import template

from ticketing.exchange import registry

register = template.Library()


@register.inclusion_tag("exchange/_button.html", takes_context=True)
def export_button(context: template.Context, kind: str) -> dict[str, Any]:
    """A button that exports the list of this page with its filters; nothing for a person whose role may not."""
    request, export = context["request"], registry.find(kind)
    allowed = export is not None and request.user.is_authenticated and request.user.has_role(*export.roles)
    names = export.filters if export else ()
    filters = [(name, request.GET[name]) for name in names if request.GET.get(name)]
    return {"allowed": allowed, "kind": kind, "filters": filters, "request": request, "csrf_token": context.get("csrf_token")}
