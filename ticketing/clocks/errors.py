"""Refusals of the clocks room. Each says what is wrong and what to do."""

from __future__ import annotations


class PlanError(Exception):
    """A plan cannot be saved or switched as asked. `field` names the field that does not fit, where there is one."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class PlanConflict(PlanError):
    """The plan's state does not allow it: it is on already, or off already (HTTP 409)."""


class PlanForbidden(PlanError):
    """The role does not allow it (HTTP 403)."""
