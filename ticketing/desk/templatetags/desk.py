"""Template tags of the desks: `{% load desk %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ticketing.clocks.models import TimeLimit
from ticketing.clocks.working_time import Interval
from ticketing.desk import many
from ticketing.desk.doings import Doing
from ticketing.desk.selectors import DONE_STATES
from ticketing.orders.models import Flag, Secrecy, WorkOrder
from ticketing.organisation.models import Urgency
from ticketing.ui.templatetags.ui import badge, clock, icon

register = template.Library()


@register.filter
def at_key(found: dict[Any, Any], key: Any) -> Any:
    """The value of a dictionary at a key, or None."""
    return found.get(key)


@register.simple_tag
def state(order: WorkOrder, meaning: str = "") -> SafeString:
    """The order's state as a badge."""
    return badge(order.get_state_display(), meaning or ("done" if order.state in DONE_STATES else "normal"))


@register.simple_tag
def marks(order: WorkOrder) -> SafeString:
    """What must strike the eye: urgent, sealed, urged, returned, redone, watched; empty for an ordinary order."""
    found: list[tuple[str, str, str]] = []
    if order.urgency != Urgency.NORMAL:
        found.append((order.get_urgency_display(), "flame", f"tag-{order.urgency}"))
    if order.secrecy != Secrecy.OPEN:
        found.append((order.get_secrecy_display(), "lock", ""))
    if order.supervised:
        found.append((_("watched"), "flag", ""))
    found += [(str(Flag(flag).label), "flag", "") for flag in order.flags if flag in Flag.values]
    for count, words, sign in (
        (order.urge_count, _("urged %(n)d×"), "bell-ringing"),
        (order.return_count, _("returned %(n)d×"), "arrow-back-up"),
        (order.redo_count, _("redone %(n)d×"), "rotate"),
    ):
        if count:
            found.append((words % {"n": count}, sign, ""))
    return format_html_join(" ", '<span class="tag {}">{}{}</span>', ((look, icon(sign), words) for words, sign, look in found))


@register.simple_tag
def row_clock(view: Any) -> SafeString:
    """The clock of a row or panel."""
    if view is None:
        return SafeString("")
    return clock(view.due, view.left, view.meaning, view.working, view.day_hours, view.paused, view.provisional)


@register.simple_tag
def interval_why(interval: Interval) -> str:
    """Why a stretch of a clock's working counted or not, in words."""
    kind, _colon, name = interval.why.partition(":")
    words = {
        "working": _("working time"),
        "outside_hours": _("outside of working hours"),
        "weekend": _("weekend"),
        "holiday": _("holiday %(name)s"),
        "make_up": _("make-up working day %(name)s"),
        "half_day": _("half day %(name)s"),
        "special": _("special hours %(name)s"),
        "paused": _("paused: %(name)s"),
    }.get(kind, kind)
    return (words % {"name": name} if "%(name)s" in words else words).strip()


@register.simple_tag
def doing_label(doing: Doing) -> SafeString:
    """The verb of an action, with its key."""
    key = format_html(' <kbd aria-hidden="true">{}</kbd>', doing.hot_key.upper()) if doing.hot_key else ""
    return format_html("<span>{}</span>{}", doing.label, key)


@register.inclusion_tag("desk/_many_bar.html", takes_context=True)
def many_bar(context: template.Context) -> dict[str, Any]:
    """What can be done with the ticked orders of a list."""
    return {"choices": many.choices_for(context["request"].user)}


@register.simple_tag
def more_time(asked: Any) -> str:
    """How much more time an extension asks for, in words."""
    return f"+{asked.amount} {TimeLimit.Measure(asked.measure).label}" if asked else ""


@register.inclusion_tag("desk/_filters.html", takes_context=True)
def saved_filters(context: template.Context, place: str) -> dict[str, Any]:
    """The person's kept filters of a list, and keeping the one that is shown."""
    request = context["request"]
    query = request.GET.copy()
    for name in ("page", "order"):
        query.pop(name, None)
    shown = query.urlencode() if any(query.values()) else ""
    filters = request.user.saved_filters.filter(place=place)
    return {"filters": filters, "place": place, "query": shown, "csrf_token": context.get("csrf_token")}
