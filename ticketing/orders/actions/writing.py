"""What people keep for themselves: templates of replies, what they typed and did not send yet, filters of lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from ticketing.orders.actions._step import required
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.models import ReplyTemplate, SavedFilter, TypedDraft, WorkOrder
from ticketing.organisation.models import Staff, Unit
from ticketing.organisation.roles import UNIT_ROLES

TEMPLATES_PER_PERSON = 100
FILTERS_PER_LIST = 30
DRAFT_CHARS = 20_000
DRAFT_DAYS = 30


def keep_template(
    *, staff: Staff, name: str, text: str, unit: Unit | None = None, template: ReplyTemplate | None = None
) -> ReplyTemplate:
    """Write a template, or change one; shared within `unit` when it is given. Raises InvalidOrder, NotAllowed."""
    if unit is not None and not any(a.role in UNIT_ROLES and a.unit_id == unit.pk for a in staff.appointments_now()):
        raise NotAllowed("templates are shared within one's own unit")
    if template is not None and template.staff_id != staff.pk:
        raise NotAllowed("a template is changed by who wrote it")
    if template is None and ReplyTemplate.objects.filter(staff=staff).count() >= TEMPLATES_PER_PERSON:
        raise InvalidOrder("name", f"you have {TEMPLATES_PER_PERSON} templates; delete one first")
    row = template or ReplyTemplate(staff=staff)
    row.name, row.text = required(name, "name", at_most=40), required(text, "text", at_most=3000)
    row.unit, row.updated_at = unit, timezone.now()
    row.save()
    return row


def drop_template(*, staff: Staff, template: ReplyTemplate) -> None:
    """Delete a template of one's own. Raises NotAllowed."""
    if template.staff_id != staff.pk:
        raise NotAllowed("a template is deleted by who wrote it")
    template.delete()


def keep_typed(*, order: WorkOrder, staff: Staff, key: str, data: Mapping[str, str]) -> TypedDraft | None:
    """Keep what is typed so far; an empty form forgets it. Raises InvalidOrder for more than a form can hold."""
    words = {name: value for name, value in data.items() if value.strip()}
    if not words:
        forget_typed(order=order, staff=staff, key=key)
        return None
    body = json.dumps(words, ensure_ascii=False)
    if len(body) > DRAFT_CHARS:
        raise InvalidOrder("text", f"must have at most {DRAFT_CHARS} characters")
    draft, _new = TypedDraft.objects.update_or_create(
        order=order, staff=staff, key=key, defaults={"data": body, "updated_at": timezone.now()}
    )
    return draft


def forget_typed(*, order: WorkOrder, staff: Staff, key: str) -> None:
    """The form was sent, or the person does not want it any more."""
    TypedDraft.objects.filter(order=order, staff=staff, key=key).delete()


def forget_old_typed() -> int:
    """Forget what nobody touched for a month; returns how many."""
    old = TypedDraft.objects.filter(updated_at__lt=timezone.now() - timedelta(days=DRAFT_DAYS))
    return old.delete()[0]


def save_filter(*, staff: Staff, place: str, name: str, query: str) -> SavedFilter:
    """Keep a list's filters under a name; the same name again replaces them. Raises InvalidOrder."""
    name = required(name, "name", at_most=30)
    known = SavedFilter.objects.filter(staff=staff, place=place)
    if known.exclude(name=name).count() >= FILTERS_PER_LIST:
        raise InvalidOrder("name", f"you keep {FILTERS_PER_LIST} filters of this list; delete one first")
    row, _new = known.update_or_create(staff=staff, place=place, name=name, defaults={"query": query[:500]})
    return row


def drop_filter(*, staff: Staff, pk: int) -> None:
    """Delete a filter of one's own; one that is gone is no error."""
    SavedFilter.objects.filter(staff=staff, pk=pk).delete()
