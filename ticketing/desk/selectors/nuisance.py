"""Malicious repeated callers, as the pages and the API list them."""

from __future__ import annotations

from django.db.models import Case, IntegerField, QuerySet, Value, When

from ticketing.citizens.selectors import find_by_phone
from ticketing.orders.actions.nuisance import REVIEWERS
from ticketing.orders.models import NuisanceCase, Secrecy
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role


def nuisance_list(*, words: str, status: str) -> QuerySet[NuisanceCase]:
    """Records, those that wait for a review first; by telephone (whole) or the beginning of an order number."""
    found = NuisanceCase.objects.select_related("citizen", "order", "recorded_by").exclude(order__secrecy=Secrecy.SEALED)
    if words:
        citizen = find_by_phone(words)
        by_number = found.filter(order__number__startswith="".join(words.split()))
        found = found.filter(citizen=citizen) | by_number if citizen else by_number
    if status in NuisanceCase.Status.values:
        found = found.filter(status=status)
    waiting = Case(When(status=NuisanceCase.Status.RECORDED, then=Value(0)), default=Value(1), output_field=IntegerField())
    return found.order_by(waiting, "-recorded_at")


def nuisance_steps(staff: Staff, case: NuisanceCase) -> dict[str, bool]:
    """Whether this person may review the record or hand it over now."""
    status = NuisanceCase.Status
    return {
        "may_review": case.status == status.RECORDED and staff.has_role(*REVIEWERS) and case.recorded_by_id != staff.pk,
        "may_hand_over": case.status == status.CONFIRMED and staff.has_role(Role.SUPERVISOR),
    }
