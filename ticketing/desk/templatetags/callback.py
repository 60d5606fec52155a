"""Template tags of the call-back desk: `{% load callback %}`."""

from __future__ import annotations

from django import template
from django.conf import settings

from ticketing.notices.models import Survey
from ticketing.notices.surveys import script_for
from ticketing.orders.models import WorkOrder

register = template.Library()


@register.simple_tag
def callback_script(order: WorkOrder) -> str:
    """What to say in the call, with the order's facts filled in."""
    return script_for(order)


@register.simple_tag
def last_survey(order: WorkOrder) -> Survey | None:
    """The survey that was sent last, answered or not."""
    return order.surveys.order_by("-sent_at").first()


@register.simple_tag
def callback_days() -> int:
    """On how many different days somebody is called before it is given up."""
    return int(settings.CALLBACK_DAYS)
