"""Who does something: the frozen identity that verbs take and history keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ticketing.organisation.roles import Role

if TYPE_CHECKING:
    from ticketing.organisation.models import Staff


@dataclass(frozen=True, slots=True)
class Actor:
    """One doer of one act. `name` and `role` are frozen into history, so that a later rename does not rewrite it.

    `kind` is citizen, staff, bot or system. A citizen's `name` is never a personal name (see rule 8 of the design).
    """

    kind: str
    role: Role
    name: str
    staff_id: int | None = None
    unit_id: int | None = None
    request_id: str = ""
    channel: str = ""


SYSTEM = Actor(kind="system", role=Role.SYSTEM, name="system")
BOT = Actor(kind="bot", role=Role.BOT, name="bot")


def citizen_actor(*, channel: str, request_id: str = "") -> Actor:
    """The citizen, without a name: who it was is kept sealed with the order, not in its history."""
    return Actor(kind="citizen", role=Role.CITIZEN, name="citizen", request_id=request_id, channel=channel)


def staff_actor(staff: Staff, *, role: Role | None = None, request_id: str = "", channel: str = "desk") -> Actor:
    """The acting staff member in `role`, by default the first role the person holds."""
    appointment = staff.appointment(role)
    return Actor(
        kind="staff",
        role=Role(appointment.role) if appointment else Role.SYSTEM,
        name=staff.name_in(Role(appointment.role), appointment.unit_id) if appointment else staff.display_name,
        staff_id=staff.pk,
        unit_id=appointment.unit_id if appointment else staff.unit_id,
        request_id=request_id,
        channel=channel,
    )
