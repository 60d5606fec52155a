"""What can be done with a unit: one table for the page, the API and the rights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from ticketing.organisation import actions
from ticketing.organisation.actor import Actor, staff_actor
from ticketing.organisation.errors import StructureForbidden
from ticketing.organisation.models import Staff, Unit
from ticketing.organisation.roles import Role
from ticketing.organisation.selectors import administers, units_below
from ticketing.structure import forms


@dataclass(frozen=True, slots=True)
class Doing:
    """One verb on a unit: `key` is its address, `consequence` what follows, in words."""

    key: str
    label: Any
    form: type[forms.UnitForm]
    verb: Callable[..., Any]
    consequence: Any
    danger: bool = False
    of_unit: bool = True  # whether the verb takes the unit


DOINGS = {
    doing.key: doing
    for doing in (
        Doing("person", _("Add or change a person"), forms.PersonForm, actions.save_person,
              _("A new account has no password until an administrator of the platform sets one.")),
        Doing("post", _("Write down a post"), forms.PostForm, actions.save_post,
              _("A holds the post; B may do what A may while A is away.")),
        Doing("absence", _("Note an absence"), forms.AbsenceForm, actions.note_absence,
              _("In that time the substitute of each of the person's posts stands in; history names both."), of_unit=False),
        Doing("acting", _("Name an acting head"), forms.ActingForm, actions.appoint_acting_head,
              _("In that time the acting head may do what the head may; history names both.")),
        Doing("shift", _("Enter a duty shift"), forms.ShiftForm, actions.enter_shift,
              _("In that time the person holds the role in this unit.")),
        Doing("hours", _("Set working hours"), forms.HoursForm, actions.set_hours,
              _("Clocks that start from now on count by this calendar, also in units below that have none of their own.")),
        Doing("move", _("Move under another unit"), forms.MoveForm, actions.move_unit,
              _("All below goes along; orders stay with their units."), danger=True),
        Doing("merge", _("Merge into another unit"), forms.MergeForm, actions.merge_units,
              _("Units below, duty items, people, posts and open orders go to the successor; closed orders keep the old name."),
              danger=True),
    )
}  # fmt: skip


def actor_for(staff: Staff, unit: Unit, *, request_id: str = "", channel: str = "desk") -> Actor:
    """The person as administrator of the platform, or of a unit that covers `unit`. Raises StructureForbidden."""
    for appointment in staff.appointments_now():
        role = Role(appointment.role)
        if role == Role.ADMIN or (role == Role.UNIT_ADMIN and unit.pk in units_below(appointment.unit_id)):
            name = staff.name_in(role, appointment.unit_id)
            return Actor("staff", role, name, staff.pk, appointment.unit_id, request_id, channel)
    actor = staff_actor(staff, request_id=request_id, channel=channel)
    if staff.unit_id != unit.pk:
        raise StructureForbidden(str(_("Only administrators of the unit may do this.")))
    return actor  # the verbs let people note their own absence, and refuse the rest


def possible(staff: Staff, unit: Unit) -> list[Doing]:
    """What the person may do with the unit; nothing with one that was merged away."""
    if unit.successor_id is not None:
        return []
    if administers(staff, unit):
        return list(DOINGS.values())
    return [DOINGS["absence"]] if staff.unit_id == unit.pk else []


def perform(doing: Doing, *, unit: Unit, actor: Actor, values: dict[str, Any]) -> Any:
    """Call the verb with the form's values. Raises StructureError."""
    return doing.verb(**({"unit": unit} if doing.of_unit else {}), **values, actor=actor)
