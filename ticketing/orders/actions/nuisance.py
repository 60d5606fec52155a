"""Malicious repeated callers: recorded by who took the call, reviewed by another one, then handed over to the police."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from ticketing.orders.actions._step import required
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.models import NuisanceCase, WorkOrder
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role

RECORDERS = frozenset({Role.SEAT, Role.SHIFT_LEADER, Role.DISPATCHER, Role.CALLBACK, Role.SUPERVISOR})
REVIEWERS = frozenset({Role.SHIFT_LEADER, Role.SUPERVISOR})
WINDOW = timedelta(days=30)
Status = NuisanceCase.Status


def record_nuisance(*, staff: Staff, order: WorkOrder, kind: str, note: str) -> NuisanceCase:
    """Record the citizen behind an order. Raises NotAllowed; InvalidOrder for an anonymous order or an open record."""
    if not staff.has_role(*RECORDERS):
        raise NotAllowed("only the hotline's own people record malicious callers")
    if order.citizen is None:
        raise InvalidOrder("order", "is anonymous: nobody can be recorded")
    if kind not in NuisanceCase.Kind.values:
        raise InvalidOrder("kind", f"must be one of {', '.join(NuisanceCase.Kind.values)}")
    since = timezone.now() - WINDOW
    contacts = WorkOrder.objects.filter(citizen=order.citizen, created_at__gte=since).count()
    try:
        with transaction.atomic():
            return NuisanceCase.objects.create(
                citizen=order.citizen,
                order=order,
                kind=kind,
                note=required(note, "note", at_most=1000),
                contacts=contacts,
                recorded_by=staff,
                recorded_at=timezone.now(),
            )
    except IntegrityError:
        raise InvalidOrder("order", "its citizen is recorded already and waits for the review") from None


@transaction.atomic
def review_nuisance(*, staff: Staff, case: NuisanceCase, confirmed: bool, reason: str) -> NuisanceCase:
    """Confirm or dismiss a record; never by who made it. Raises NotAllowed, InvalidOrder."""
    row = NuisanceCase.objects.select_for_update().get(pk=case.pk)
    if not staff.has_role(*REVIEWERS) or row.recorded_by_id == staff.pk:
        raise NotAllowed("a shift leader or supervisor who did not record it reviews it")
    if row.status != Status.RECORDED:
        raise InvalidOrder("status", "was reviewed already")
    row.status = Status.CONFIRMED if confirmed else Status.DISMISSED
    row.review = required(reason, "reason", at_most=500)
    row.reviewed_by, row.reviewed_at = staff.display_name, timezone.now()
    row.save()
    return row


@transaction.atomic
def hand_to_police(*, staff: Staff, case: NuisanceCase, station: str, receipt: str) -> NuisanceCase:
    """Note that a confirmed record went to the police, with their receipt. Raises NotAllowed, InvalidOrder."""
    row = NuisanceCase.objects.select_for_update().get(pk=case.pk)
    if not staff.has_role(Role.SUPERVISOR):
        raise NotAllowed("a supervisor hands over to the police")
    if row.status != Status.CONFIRMED:
        raise InvalidOrder("status", "must be confirmed by a review first")
    row.police_station = required(station, "station", at_most=80)
    row.police_receipt = required(receipt, "receipt", at_most=60)
    row.status, row.handed_over_by, row.handed_over_at = Status.HANDED_OVER, staff.display_name, timezone.now()
    row.save()
    return row
