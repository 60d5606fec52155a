"""Staff and their appointments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from ticketing.organisation.actions.upsert import BATCH, ImportReport, Reader, Row, pk_by_code, read_rows, upsert
from ticketing.organisation.models import Appointment, Staff, Unit
from ticketing.organisation.roles import STAFF_ROLES, Role

STAFF_FIELDS = ("username", "name", "unit", "roles", "skills", "employee_number", "active")
ROLE_VALUES = frozenset(role.value for role in STAFF_ROLES)


@transaction.atomic
def import_staff(*, rows: Iterable[Row], password: str | None = None) -> ImportReport:
    """Upsert staff by username with the roles they hold; roles not named are taken away. Raises DirtyRow.

    New accounts get `password`, or none that opens: an administrator then sets one. Existing passwords are never touched.
    """
    units = pk_by_code(Unit)
    known = set(Staff.objects.values_list("username", flat=True))
    first_password = make_password(password)  # hashed once: argon2 is slow on purpose
    appointments: dict[str, set[tuple[str, int]]] = {}

    def wanted() -> Iterator[tuple[Reader, dict[str, Any]]]:
        for reader in read_rows(rows, fields=STAFF_FIELDS, key="username"):
            held = appointments[reader.key] = _roles(reader, units)
            administrator = any(role == Role.ADMIN for role, _unit in held)
            values = {
                "display_name": reader.need("name"),
                "unit_id": reader.lookup("unit", units),
                "employee_number": str(reader.row.get("employee_number") or ""),
                "skills": list(reader.row.get("skills") or []),
                "is_active": bool(reader.row.get("active", True)),
                "is_staff": administrator,
                "is_superuser": administrator,
            }
            if reader.key not in known:
                values["password"] = first_password
            yield reader, values

    report = upsert(Staff, wanted(), key="username")
    _write_appointments(appointments)
    return report


def _roles(reader: Reader, units: dict[str, int]) -> set[tuple[str, int]]:
    held = set()
    for entry in reader.need("roles"):
        if not isinstance(entry, dict) or set(entry) != {"role", "unit"}:
            raise reader.fail(_("each role needs role and unit"))
        if entry["role"] not in ROLE_VALUES:
            raise reader.fail(
                _("role “%(role)s” is not one of %(roles)s") % {"role": entry["role"], "roles": ", ".join(sorted(ROLE_VALUES))}
            )
        if str(entry["unit"]) not in units:
            raise reader.fail(_("%(field)s “%(code)s” is not known") % {"field": "unit", "code": entry["unit"]})
        held.add((str(entry["role"]), units[str(entry["unit"])]))
    return held


def _write_appointments(wanted: dict[str, set[tuple[str, int]]]) -> None:
    staff = pk_by_code(Staff, "username")
    concerned = {staff[name] for name in wanted}
    existing = {(a.staff_id, a.role, a.unit_id): a.pk for a in Appointment.objects.all() if a.staff_id in concerned}
    target = {(staff[name], role, unit) for name, held in wanted.items() for role, unit in held}
    Appointment.objects.filter(pk__in=[pk for place, pk in existing.items() if place not in target]).delete()
    new = [Appointment(staff_id=s, role=role, unit_id=unit) for s, role, unit in sorted(target - set(existing))]
    Appointment.objects.bulk_create(new, batch_size=BATCH)
