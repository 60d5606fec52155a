"""Units: moved under another, merged into another, given other hours. History and open orders stay whole."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ticketing.organisation import kept, succession
from ticketing.organisation.actor import Actor
from ticketing.organisation.errors import StructureError, StructureForbidden
from ticketing.organisation.models import Appointment, DutyItem, DutyShift, Post, Staff, Unit, UnitEvent, WorkCalendar
from ticketing.organisation.roles import Role
from ticketing.organisation.selectors import units_below

What = UnitEvent.What


def note(unit: Unit, what: str, actor: Actor, text: str = "", **data: Any) -> UnitEvent:
    """Append one event to the history of a unit."""
    return UnitEvent.objects.create(
        unit=unit, what=what, text=text[:300], data=data, actor_name=actor.name, actor_role=actor.role, actor_staff=actor.staff_id
    )


def check_administers(actor: Actor, *units: Unit) -> None:
    """Refuse whoever does not administer all of `units`. Raises StructureForbidden."""
    if actor.role == Role.ADMIN:
        return
    if actor.role != Role.UNIT_ADMIN or actor.unit_id is None:
        raise StructureForbidden(_("Only administrators of the unit may do this."))
    covered = units_below(actor.unit_id)
    for unit in units:
        if unit.pk not in covered:
            raise StructureForbidden(_("“%(unit)s” is not among the units that you administer.") % {"unit": unit})


def _reason(reason: str) -> str:
    if not reason.strip():
        raise StructureError(_("Say why: the reason stays in the history."), "reason")
    return reason.strip()


def _locked(unit: Unit) -> Unit:
    row = Unit.objects.select_for_update().get(pk=unit.pk)
    if row.successor_id is not None:
        raise StructureError(_("“%(unit)s” was merged into another unit; work with that one.") % {"unit": row})
    return row


@transaction.atomic
def move_unit(*, unit: Unit, parent: Unit, actor: Actor, reason: str) -> Unit:
    """Put a unit, with all below it, under another. Orders stay with it; who covers it follows the tree.

    An administrator of units moves only what is below their own unit, and only within it. Raises StructureForbidden, or
    StructureError where the tree would bite its own tail.
    """
    reason, unit = _reason(reason), _locked(unit)
    check_administers(actor, unit, parent)
    if actor.role == Role.UNIT_ADMIN and unit.pk == actor.unit_id:
        raise StructureForbidden(_("Your own unit is moved by those above it."))
    if parent.pk in units_below(unit.pk):
        raise StructureError(
            _("“%(parent)s” stands below “%(unit)s”: choose another unit.") % {"parent": parent, "unit": unit}, "parent"
        )
    if not parent.is_active:
        raise StructureError(_("“%(unit)s” is no longer active: choose another unit.") % {"unit": parent}, "parent")
    before = unit.parent
    unit.parent = parent
    unit.save(update_fields=["parent"])
    kept.forget()
    words = _("from %(before)s to %(after)s: %(reason)s") % {"before": before or "–", "after": parent, "reason": reason}
    note(unit, What.MOVED, actor, words, before=before.code if before else "", after=parent.code)
    return unit


@transaction.atomic
def merge_units(*, unit: Unit, into: Unit, actor: Actor, reason: str) -> dict[str, int]:
    """Let `into` take over all that `unit` has: units below it, duty items, people and their roles, posts, rosters, and what
    other rooms have registered (open orders). Returns how much of each went.

    The old unit stays below its successor, without taking orders, so that closed orders keep its name and its history is
    read by those who took over. Raises StructureForbidden, StructureError.
    """
    reason, unit = _reason(reason), _locked(unit)
    into = _locked(into)
    check_administers(actor, unit, into)
    if actor.role == Role.UNIT_ADMIN and unit.pk == actor.unit_id:
        raise StructureForbidden(_("Your own unit is merged by those above it."))
    if into.pk in units_below(unit.pk):
        raise StructureError(
            _("“%(parent)s” stands below “%(unit)s”: choose another unit.") % {"parent": into, "unit": unit}, "into"
        )
    if not (into.is_active and into.accepts_orders):
        raise StructureError(_("“%(unit)s” takes no orders: choose a unit that does.") % {"unit": into}, "into")
    counts = {
        "units": Unit.objects.filter(parent=unit).exclude(pk=into.pk).update(parent=into),
        "lines": Unit.objects.filter(line=unit).exclude(pk=into.pk).update(line=into),
        "duty_items": DutyItem.objects.filter(owner=unit).update(owner=into),
        "staff": Staff.objects.filter(unit=unit).update(unit=into),
        "shifts": DutyShift.objects.filter(unit=unit).update(unit=into),
    }
    Unit.objects.filter(pk=into.pk, line=unit).update(line=None)
    held = set(Appointment.objects.filter(unit=into).values_list("staff_id", "role"))
    roles = Appointment.objects.filter(unit=unit)
    counts["appointments"] = roles.count()
    roles.filter(pk__in=[a.pk for a in roles if (a.staff_id, a.role) in held]).delete()
    Appointment.objects.filter(unit=unit).update(unit=into)
    taken = set(Post.objects.filter(unit=into, is_active=True).values_list("name", flat=True))
    for post in Post.objects.filter(unit=unit):
        post.unit, post.is_head = into, False
        post.name = f"{post.name}（{unit.short_name or unit.name}）"[:60] if post.name in taken else post.name
        post.save(update_fields=["unit", "is_head", "name"])
    unit.is_active, unit.accepts_orders, unit.successor, unit.parent, unit.line = False, False, into, into, None
    unit.save(update_fields=["is_active", "accepts_orders", "successor", "parent", "line"])
    kept.forget()
    counts |= succession.follow_all(unit, into, actor)
    words = _("%(unit)s into %(into)s: %(reason)s") % {"unit": unit, "into": into, "reason": reason}
    for concerned in (unit, into):
        note(concerned, What.MERGED, actor, words, old=unit.code, into=into.code, counts=counts)
    return counts


@transaction.atomic
def set_hours(*, unit: Unit, calendar: WorkCalendar | None, actor: Actor) -> Unit:
    """Let a unit and those below it that have none of their own work by a calendar; None for that of the unit above.

    Clocks that run already keep the calendar they were started with. Raises StructureForbidden.
    """
    unit = _locked(unit)
    check_administers(actor, unit)
    unit.calendar = calendar
    unit.save(update_fields=["calendar"])
    kept.forget()
    note(unit, What.HOURS, actor, str(calendar or _("hours of the unit above")), calendar=calendar.code if calendar else "")
    return unit
