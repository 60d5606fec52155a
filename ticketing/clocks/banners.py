"""What every desk is told while a plan is on."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ticketing.clocks.plans import plans_on
from ticketing.ui.nav import Banner


def banners() -> list[Banner]:
    """One line for each plan that is on; reads nothing but what the process keeps."""
    words = _("%(plan)s is on since %(moment)s: time limits and queues are changed.")
    return [
        Banner(
            words % {"plan": plan.name, "moment": date_format(timezone.localtime(plan.on_at), "SHORT_DATETIME_FORMAT")},
            reverse("clocks:plan", args=[plan.code]),
        )
        for plan in plans_on()
    ]
