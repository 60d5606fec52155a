"""Cards and accountability records: what was held against units, with its appeal and ruling."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from ticketing.orders.models import Accountability, Card, Contestable, Secrecy
from ticketing.orders.selectors import unit_ids_of
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import CENTRE_ROLES, Role

KINDS: dict[str, type[Card] | type[Accountability]] = {"cards": Card, "findings": Accountability}


def held_list(staff: Staff, kind: str, *, words: str = "", status: str = "") -> QuerySet[Any]:
    """Cards or findings that the person may see, the last first: the centre all, a unit its own; by number, unit and words."""
    found = KINDS[kind].objects.select_related("order", "unit").exclude(order__secrecy=Secrecy.SEALED)
    if not staff.has_role(*CENTRE_ROLES, Role.INSPECTOR, Role.ADMIN):
        found = found.filter(unit_id__in=unit_ids_of(staff))
    found = found.exclude(order__about_staff=staff)
    for word in words.split()[:5]:
        found = found.filter(
            Q(order__number__startswith=word) | Q(unit__name__icontains=word) | Q(unit__code=word) | Q(reason__icontains=word)
        )
    if status in Contestable.Status.values:
        found = found.filter(status=status)
    return found.order_by("-issued_at", "-pk")
