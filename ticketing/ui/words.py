"""Times and numbers in the words of the reader's language."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE, HOUR = 60, 3600


def duration_words(value: timedelta, day_hours: float = 24) -> str:
    """A duration as its two largest units, always with the unit: "1 day 4 hours", "35 minutes".

    `day_hours` is how many hours make a day: 24 for wall time, the length of a working day for working time.
    """
    seconds = max(0, int(value.total_seconds()))
    days, rest = divmod(seconds, int(day_hours * HOUR))
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    parts = []
    if days:
        parts.append(ngettext("%(n)d day", "%(n)d days", days) % {"n": days})
    if hours:
        parts.append(ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours})
    if minutes and not days:
        parts.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    return " ".join(parts[:2]) or _("less than a minute")


def exact_moment(value: datetime) -> str:
    """Date, weekday and time of day on a 24-hour clock, in local time."""
    return date_format(timezone.localtime(value), _("j M Y (D) H:i"))


def relative_moment(value: datetime, now: datetime | None = None) -> str:
    """A time as people say it: minutes ago, today, yesterday, tomorrow, else day and month."""
    local, today = timezone.localtime(value), timezone.localtime(now)
    passed = (today - local).total_seconds()
    if 0 <= passed < MINUTE:
        return _("just now")
    if 0 <= passed < HOUR:
        minutes = int(passed // MINUTE)
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    time = f"{local:%H:%M}"
    days = (today.date() - local.date()).days
    if days == 0:
        return _("today %(time)s") % {"time": time}
    if days == 1:
        return _("yesterday %(time)s") % {"time": time}
    if days == -1:
        return _("tomorrow %(time)s") % {"time": time}
    if local.year == today.year:
        return date_format(local, _("j M H:i"))
    return date_format(local, _("j M Y H:i"))


def number_groups(value: str, size: int = 4) -> list[str]:
    """The characters of a number in groups of `size`."""
    return [value[start : start + size] for start in range(0, len(value), size)]
