"""Reading citizens: by blind index, masked unless a reveal was asked for."""

from __future__ import annotations

from ticketing.citizens.models import Citizen
from ticketing.citizens.sealing import blind_index


def find_by_phone(phone: str) -> Citizen | None:
    """The citizen who last used this telephone number, or None."""
    index = blind_index(phone, "phone")
    if not index:
        return None
    return Citizen.objects.filter(phone_index=index, erased_at=None).order_by("-pk").first()


def mask(kind: str, value: str) -> str:
    """`value` with its shape kept and its meaning hidden: 138****5678, 王**, 4401**********1234."""
    if not value:
        return ""
    if kind == "name":
        return value[0] + "*" * max(1, len(value) - 1)
    if kind == "phone":
        return value[:3] + "*" * max(4, len(value) - 7) + value[-4:] if len(value) >= 7 else "*" * len(value)
    if kind == "id_number":
        return value[:4] + "*" * max(4, len(value) - 8) + value[-4:] if len(value) >= 8 else "*" * len(value)
    if kind == "address":
        return value[:6] + "****" if len(value) > 6 else "****"
    return "****"


def masked_contact(citizen: Citizen | None) -> dict[str, str]:
    """Name and telephone of a citizen as any staff member may see them."""
    if citizen is None:
        return {"name": "", "phone": ""}
    return {"name": mask("name", citizen.name), "phone": mask("phone", citizen.phone)}
