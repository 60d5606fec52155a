"""Refusals of the structure's verbs. Each says what is wrong and what to do."""

from __future__ import annotations


class StructureError(Exception):
    """Something cannot be done to the structure as asked. `field` names the field that does not fit, where there is one."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class StructureForbidden(StructureError):
    """The person does not administer the units concerned (HTTP 403)."""
