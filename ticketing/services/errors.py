"""What the catalogue refuses, with words that say what to do."""

from __future__ import annotations


class CatalogueError(Exception):
    """The step cannot be taken; the message says why."""


class CatalogueForbidden(CatalogueError):
    """The person's roles do not allow it."""


class BadCatalogue(CatalogueError):
    """A file cannot come in; `faults` names sheet, row and reason."""

    def __init__(self, message: str, faults: list[str] | None = None) -> None:
        self.faults = faults or []
        super().__init__(message)
