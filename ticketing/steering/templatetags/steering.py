"""Template filters of the steering pages: `{% load steering %}`."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def target(then: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Where a rule sends: the unit's name, or the duty item's."""
    if unit := then.get("unit"):
        return names.get(unit, unit)
    item = then.get("duty_item", "")
    return _("whoever owns “%(item)s”") % {"item": names.get(item, item)}


@register.filter
def unit_name(code: str, names: Mapping[str, str]) -> str:
    """A unit's name by its code; no code stands for a dispatcher's decision."""
    return names.get(code, code) if code else _("a dispatcher decides")
