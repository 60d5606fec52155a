"""Who may not act on a complaint because it is about them, and who may sign a unit's reply."""

from __future__ import annotations

from ticketing.orders.errors import InvalidOrder
from ticketing.orders.models import ReplyAuthority, WorkOrder
from ticketing.organisation.models import Unit
from ticketing.organisation.selectors import units_below


def barred_units(order: WorkOrder) -> set[int]:
    """Keys of the units that must not get the order: the one complained about and all below it; the person's own too."""
    about = [order.about_unit] if order.about_unit else []
    if order.about_staff is not None and order.about_staff.unit is not None:
        about.append(order.about_staff.unit)
    barred: set[int] = set()
    for unit in about:
        if unit.kind != Unit.Kind.HOTLINE:  # the hotline's own conduct is looked into by its supervisors
            barred |= units_below(unit.pk)
    return barred


def check_impartial(order: WorkOrder, unit: Unit) -> None:
    """Raises InvalidOrder when `unit` would judge a complaint about itself or one of its own people."""
    if (order.about_unit_id or order.about_staff_id) and unit.pk in barred_units(order):
        raise InvalidOrder("unit", "is the one the complaint is about; choose another unit")


def may_sign(staff_id: int | None, unit: Unit, order: WorkOrder) -> bool | None:
    """Whether the person has a written authority for this unit's reply; None where the unit keeps no authorities."""
    rows = list(ReplyAuthority.objects.filter(unit=unit, is_active=True).prefetch_related("order_types"))
    if not rows:
        return None
    return any(
        row.staff_id == staff_id and (not row.order_types.all() or order.order_type in row.order_types.all()) for row in rows
    )
