"""Template tags of dispatch: `{% load dispatch %}`."""

from __future__ import annotations

from typing import Any

from django import template

from ticketing.dispatch.selectors import open_alerts

SHOWN = 3

register = template.Library()


@register.inclusion_tag("dispatch/alerts.html")
def dispatch_alerts() -> dict[str, Any]:
    """What nobody has noted yet, newest first; one query."""
    found = list(open_alerts()[: SHOWN + 1])
    return {"alerts": found[:SHOWN], "more": len(found) > SHOWN}
