"""Sealed reports (举报): a permission domain of its own. Who is not named, one by one, sees nothing of them, not even counts."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from ticketing.orders.models import LIST_FIELDS, SealedHandler, Secrecy, WorkOrder
from ticketing.orders.workflow import WITH_UNIT, State
from ticketing.organisation.models import Staff, Unit
from ticketing.organisation.roles import UNIT_ROLES, Role

# A handler of the hotline stands for all its offices, so that the circle stays small.
OFFICES = (Role.DISPATCHER, Role.SUPERVISOR, Role.CALLBACK)
UNIT_SEES = WITH_UNIT | {State.CALLBACK, State.DISSATISFIED, State.CLOSED, State.ARCHIVED}


def handlers() -> QuerySet[SealedHandler]:
    """Who is named now, the hotline's first."""
    return SealedHandler.objects.filter(ended_at=None).select_related("staff", "unit").order_by("unit__code", "staff__username")


def ended_namings() -> QuerySet[SealedHandler]:
    """Namings that are over, the last first."""
    return SealedHandler.objects.exclude(ended_at=None).select_related("staff", "unit").order_by("-ended_at")


def namings_of(staff: Staff) -> list[SealedHandler]:
    """The person's namings in force, read once per object."""
    if not hasattr(staff, "_sealed_namings"):
        staff._sealed_namings = list(SealedHandler.objects.filter(staff=staff, ended_at=None).select_related("unit"))  # type: ignore[attr-defined]
    return staff._sealed_namings  # type: ignore[attr-defined]


def handles_sealed(staff: Staff) -> bool:
    """Whether the person is named for sealed reports at all."""
    return bool(namings_of(staff))


def is_central(staff: Staff) -> bool:
    """Whether the person is named for all sealed reports and not only for those with one unit."""
    return any(naming.unit_id is None for naming in namings_of(staff))


def offices_of(staff: Staff) -> list[tuple[Role, int | None]]:
    """Each role, with its unit, in which the person acts on sealed reports."""
    offices: list[tuple[Role, int | None]] = []
    for naming in namings_of(staff):
        roles = OFFICES if naming.unit_id is None else sorted(UNIT_ROLES)
        offices += [(role, naming.unit_id or staff.unit_id) for role in roles]
    return offices


def sealed_orders(staff: Staff) -> QuerySet[WorkOrder]:
    """The sealed reports that the person was named for; never one about the person."""
    found = WorkOrder.objects.select_related(*LIST_FIELDS).filter(secrecy=Secrecy.SEALED).exclude(state=State.DRAFT)
    if not handles_sealed(staff):
        return found.none()
    found = found.exclude(pk__in=WorkOrder.objects.filter(about_staff=staff).values("pk"))
    if is_central(staff):
        return found
    units: set[int] = set()
    for naming in namings_of(staff):
        units.update(naming.unit.descendants(include_self=True).values_list("pk", flat=True) if naming.unit else [])
    return found.filter(Q(unit_id__in=units, state__in=UNIT_SEES))


def unit_is_ready(unit: Unit) -> bool:
    """Whether somebody is named for sealed reports with the unit or one above it."""
    return handlers().filter(unit__in=unit.ancestors(include_self=True)).exists()


def countable() -> QuerySet[WorkOrder]:
    """The orders that figures may be made of: sealed reports are in none."""
    return WorkOrder.objects.exclude(secrecy=Secrecy.SEALED)


def open_number(number: str) -> str:
    """The number, for a row of another room to keep; empty for a sealed report, whose number stands with the order alone."""
    return "" if WorkOrder.objects.filter(number=number, secrecy=Secrecy.SEALED).exists() else number


def by_ref(ref: str) -> WorkOrder | None:
    """The order behind what other rooms call it (`WorkOrder.ref`), or None."""
    if ref.startswith(WorkOrder.SEALED_REF):
        found = WorkOrder.objects.filter(secrecy=Secrecy.SEALED, query_code_index__startswith=ref[1:])
        return found.first()
    return WorkOrder.objects.filter(number=ref).first()


def conversation_is_sealed(reference: str) -> bool:
    """Whether a sealed report came of the conversation: then only those named may read or hear it once it is over."""
    return WorkOrder.objects.filter(conversation_ref=reference, secrecy=Secrecy.SEALED).exists()


def may_follow_conversation(staff: Staff, reference: str) -> bool:
    """Whether the person may read and hear a conversation that is over."""
    return not conversation_is_sealed(reference) or sealed_orders(staff).filter(conversation_ref=reference).exists()
