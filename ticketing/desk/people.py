"""Who looks at a page, and the logins of the demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.http import HttpRequest

from ticketing.desk import places
from ticketing.orders.sealed import handles_sealed
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role
from ticketing.ui.nav import DemoLogin, Viewer


def viewer_of(request: HttpRequest) -> Viewer:
    """The signed-in person in the words of the page."""
    staff: Any = request.user
    appointments = staff.appointments_now()
    first = appointments[0] if appointments else None
    return Viewer(
        name=staff.display_name or staff.get_username(),
        role=str(Role(first.role).label) if first else "",
        unit=first.unit.name if first else "",
        roles=frozenset(a.role for a in appointments) | (places.SEALED.roles if handles_sealed(staff) else frozenset()),
    )


def demo_logins() -> list[DemoLogin]:
    """One login for each role and, for units, the first few clerks, as the city's cast file names them."""
    path = Path(settings.CITY_DIR) / "cast.yml"
    if not path.exists():
        return []
    cast = yaml.safe_load(path.read_text(encoding="utf-8"))
    wanted: dict[str, str] = {}
    for person in cast.get("staff", []):
        for appointment in person["roles"]:
            wanted.setdefault(appointment["role"], person["username"])
    people = {s.username: s for s in Staff.objects.filter(username__in=wanted.values(), is_active=True).select_related("unit")}
    return [
        DemoLogin(
            role=str(Role(role).label),
            name=people[username].display_name,
            unit=str(people[username].unit or ""),
            username=username,
            password=cast.get("password", ""),
        )
        for role in Role
        if (username := wanted.get(role.value, "")) in people
    ]
