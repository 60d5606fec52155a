"""People of a unit, managed by its own administrator: accounts and roles in the subtree, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ticketing.organisation.actions.structure import What, check_administers, note
from ticketing.organisation.actor import Actor
from ticketing.organisation.errors import StructureError, StructureForbidden
from ticketing.organisation.models import Appointment, Staff, Unit
from ticketing.organisation.roles import DELEGABLE_ROLES, Role
from ticketing.organisation.selectors import units_below


@transaction.atomic
def save_person(
    *, unit: Unit, username: str, name: str, roles: Iterable[str], actor: Actor, employee_number: str = "", active: bool = True
) -> Staff:
    """Add a person to a unit or change one: name, the roles held in that unit, whether the account is open.

    Roles held elsewhere, passwords and the rights of the whole platform are not touched. A new account has no password
    until an administrator sets one. Raises StructureForbidden, StructureError.
    """
    check_administers(actor, unit)
    wanted = {str(role) for role in roles}
    if not wanted <= set(DELEGABLE_ROLES):
        raise StructureForbidden(_("These roles are given by the administrator of the platform."))
    username, name = username.strip(), name.strip()
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError as error:
        raise StructureError(" ".join(error.messages), "username") from error
    if not name:
        raise StructureError(_("Write the person's name."), "name")
    person = Staff.objects.select_for_update().filter(username=username).first()
    if person is None:
        person = Staff(username=username, unit=unit)
        person.set_unusable_password()
    elif person.unit_id not in units_below(unit.pk) or person.is_superuser:
        raise StructureForbidden(_("“%(name)s” belongs to another unit; its administrator must act.") % {"name": username})
    person.display_name, person.employee_number, person.is_active = name[:60], employee_number.strip()[:20], active
    person.unit = unit
    person.save()
    held = {a.role: a for a in Appointment.objects.filter(staff=person, unit=unit, role__in=DELEGABLE_ROLES)}
    if person.pk == actor.staff_id and Role.UNIT_ADMIN in held and Role.UNIT_ADMIN not in wanted:
        raise StructureError(_("You cannot take this role away from yourself."), "roles")
    for role, appointment in held.items():
        if role not in wanted:
            appointment.delete()
    Appointment.objects.bulk_create([Appointment(staff=person, role=r, unit=unit) for r in sorted(wanted - set(held))])
    labels = "、".join(str(Role(role).label) for role in sorted(wanted))
    note(unit, What.PERSON, actor, f"{person} ({username}): {labels or '–'}", staff=person.pk, active=active)
    return person
