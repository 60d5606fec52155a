"""Template tags of the design system: `{% load ui %}`.

Meanings are four words used nowhere else for anything else: "normal", "soon", "overdue", "done".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms, template
from django.contrib.messages.storage.base import Message
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ticketing.ui import nav
from ticketing.ui.messages import note_from
from ticketing.ui.words import duration_words, exact_moment, number_groups, relative_moment

register = template.Library()

MEANINGS = ("normal", "soon", "overdue", "done")
TOGETHER = (forms.RadioSelect, forms.CheckboxSelectMultiple)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A Tabler icon by name. It is hidden from screen readers unless `label` says what it means."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon" {} focusable="false"><use href="{}#{}"></use></svg>', spoken, static("vendor/icons.svg"), name
    )


@register.simple_tag
def badge(label: str, meaning: str = "normal", note: str = "") -> SafeString:
    """A state: colour, word and shape together. `meaning` is one of the four, `note` is shown on hover."""
    kind = meaning if meaning in MEANINGS else "normal"
    title = format_html(' title="{}"', note) if note else ""
    return format_html(
        '<span class="state state-{}"{}><span class="shape shape-{}" aria-hidden="true"></span>{}</span>',
        kind,
        title,
        kind,
        label,
    )


@register.simple_tag
def clock(
    due: datetime | None,
    left: timedelta | None = None,
    meaning: str = "",
    working: bool = True,
    day_hours: float = 8,
    paused: bool = False,
    provisional: bool = False,
) -> SafeString:
    """How long is left until `due`, as "1 day 4 hours left (working time)", exact moment on hover and in print.

    `left` is the time that counts (negative when overdue); when it is None wall time is counted. `day_hours` is the
    number of counted hours in a working day.
    """
    if due is None:
        return format_html('<span class="clock clock-normal">{}</span>', _("no time limit"))
    if left is None:
        left, working, day_hours = due - timezone.now(), False, 24
    if paused:
        meaning, words = "normal", _("clock is paused")
    elif left < timedelta(0) or meaning == "overdue":  # past the moment, though no working time has passed since
        meaning = meaning or "overdue"
        words = _("%(time)s overdue") % {"time": duration_words(abs(left), day_hours if working else 24)}
    else:
        meaning = meaning or "normal"
        words = _("%(time)s left") % {"time": duration_words(left, day_hours if working else 24)}
    basis = _("(working time)") if working and not paused else ""
    if provisional:
        notice = _("(calendar of that year is provisional)")
        basis = f"{basis} {notice}".strip()
    return format_html(
        '<span class="clock clock-{}"><span class="shape shape-{}" aria-hidden="true"></span>'
        '<time datetime="{}" title="{}">{} <span class="clock-basis">{}</span></time>'
        '<span class="print-only"> {}</span></span>',
        meaning,
        meaning,
        timezone.localtime(due).isoformat(timespec="minutes"),
        _("Due %(moment)s") % {"moment": exact_moment(due)},
        words,
        basis,
        exact_moment(due),
    )


@register.simple_tag
def moment(value: datetime | None, exact: bool = False) -> SafeString:
    """A time as people say it ("today 14:03"), with the exact moment on hover and in print."""
    if value is None:
        return SafeString("")
    return format_html(
        '<time class="moment" datetime="{}" title="{}">{}</time>',
        timezone.localtime(value).isoformat(timespec="seconds"),
        exact_moment(value),
        exact_moment(value) if exact else relative_moment(value),
    )


@register.simple_tag
def order_number(value: str) -> SafeString:
    """A number in groups of four that can be read aloud; copied text has no blanks in it."""
    return format_html(
        '<span class="order-number">{}</span>',
        format_html_join("", "<span>{}</span>", ((group,) for group in number_groups(str(value)))),
    )


@register.simple_tag
def masked(value: str) -> SafeString:
    """A value that is partly hidden; its shape is kept (138****5678)."""
    return format_html(
        '<span class="masked" title="{0}">{1}<span class="visually-hidden"> ({0})</span></span>',
        _("partly hidden"),
        value,
    )


@register.filter
def duration(value: timedelta | float | int | None, day_hours: float = 24) -> str:
    """A timedelta, or seconds, in words with units; `day_hours` tells how many hours make a day."""
    if value is None:
        return ""
    return duration_words(value if isinstance(value, timedelta) else timedelta(seconds=float(value)), float(day_hours))


@register.inclusion_tag("ui/timeline.html")
def timeline(events: Iterable[Any], label: str = "") -> dict[str, Any]:
    """Events, oldest first; each has title, who, at, text, and may have meaning, icon and kind."""
    return {"events": events, "label": label}


@register.inclusion_tag("ui/empty.html")
def empty(title: str, text: str = "", url: str = "", action: str = "", icon: str = "inbox") -> dict[str, str]:
    """Why a list is empty, and the next step."""
    return {"title": title, "text": text, "url": url, "action": action, "icon": icon}


@register.inclusion_tag("ui/pager.html", takes_context=True)
def pager(context: template.Context, page: Any, total: bool = False) -> dict[str, Any]:
    """Previous and next of a django Page; other query parameters stay. `total` shows the count on one page too."""
    return {"page": page, "request": context["request"], "total": total}


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: Any) -> str:
    """The query string of this page with `changes`; None removes a parameter."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = value
    return str(query.urlencode())


@register.inclusion_tag("ui/field.html")
def field(bound: BoundField, **attrs: Any) -> dict[str, Any]:
    """A form field with label, help, its error in words, and the control tied to both for screen readers."""
    widget = bound.field.widget
    checkbox = isinstance(widget, forms.CheckboxInput)
    group = isinstance(widget, TOGETHER)
    described = []
    if bound.help_text:
        described.append(f"{bound.auto_id}_helptext")
    if bound.errors:
        described.append(f"{bound.auto_id}_error")
    if described:
        attrs.setdefault("aria-describedby", " ".join(described))
    if bound.errors:
        attrs.setdefault("aria-invalid", "true")
    if not group and not checkbox:
        select = isinstance(widget, forms.Select)
        own = widget.attrs.get("class", "")
        attrs.setdefault("class", f"{'form-select' if select else 'form-control'} {own}".strip())
    return {
        "field": bound,
        "control": bound.as_widget(attrs=attrs),
        "checkbox": checkbox,
        "group": group,
        "describedby": " ".join(described),
    }


@register.inclusion_tag("ui/form_errors.html")
def form_errors(form: forms.BaseForm) -> dict[str, Any]:
    """All errors of a form on top of it, each a link to its field."""
    return {"form": form}


@register.inclusion_tag("ui/progress.html")
def progress(steps: Iterable[Any], label: str = "") -> dict[str, Any]:
    """Progress like a parcel's: steps with label, state ("done", "now", "todo"), and may have at and text."""
    return {"steps": steps, "label": label or _("Progress")}


@register.simple_tag
def demo_logins() -> list[nav.DemoLogin]:
    """Logins of the demonstration, for the sign-in page; empty outside of demonstration mode."""
    return nav.demo_logins()


@register.simple_tag
def note_parts(message: Message) -> dict[str, Any]:
    """A message as what happened, what was kept and what comes next; with its undo address if it has one."""
    return note_from(message)
