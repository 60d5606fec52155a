"""Templates that a person may begin with, and what the person typed before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from ticketing.orders.models import ReplyTemplate, TypedDraft, WorkOrder
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import UNIT_ROLES


def reply_templates(staff: Staff) -> QuerySet[ReplyTemplate]:
    """One's own templates, and those shared within the units that one works in."""
    units = {a.unit_id for a in staff.appointments_now() if a.role in UNIT_ROLES}
    return ReplyTemplate.objects.filter(Q(staff=staff) | Q(unit__in=units)).select_related("unit", "staff")


def filled_in(template: ReplyTemplate, order: WorkOrder) -> str:
    """The template's words with {number}, {title} and {unit} of the order."""
    text = template.text
    for name, value in {"number": order.number, "title": order.title, "unit": order.unit.name if order.unit else ""}.items():
        text = text.replace("{" + name + "}", value)
    return text


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into a form and when."""

    data: dict[str, str]
    at: datetime


def typed_before(order: WorkOrder, staff: Staff, key: str) -> Typed | None:
    """What the person typed into this form and did not send, or None."""
    draft = TypedDraft.objects.filter(order=order, staff=staff, key=key).first()
    return Typed(json.loads(draft.data), draft.updated_at) if draft else None
