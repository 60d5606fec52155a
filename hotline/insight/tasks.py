"""Who may follow the wall's stream."""

from __future__ import annotations

from ticketing.organisation.models import Staff
from ticketing.organisation.roles import CENTRE_ROLES, Role
from ticketing.outbox import registry

MAY_SEE = (*sorted(CENTRE_ROLES), Role.INSPECTOR, Role.ADMIN)


@registry.stream_rule("wall")
def may_follow_wall(user: Staff, stream: str) -> bool:
    """The centre, leaders, inspectors."""
    return user.has_role(*MAY_SEE)
