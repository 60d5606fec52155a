"""Lists that can be exported. Each room announces its own; this floor knows none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role


@dataclass(frozen=True, slots=True)
class Export:
    """One list: its name, who may take it out, and how its rows are read as a person may see them.

    `count` and `rows` get the person and the filters of the page; `rows` gives lists of values under `headings`, masked
    for that person.
    """

    kind: str
    label: Any
    roles: frozenset[Role]
    headings: Callable[[Staff], Sequence[str]]
    count: Callable[[Staff, dict[str, str]], int]
    rows: Callable[[Staff, dict[str, str]], Iterable[Sequence[Any]]]
    filters: Sequence[str] = field(default_factory=tuple)
    widths: Sequence[int] = field(default_factory=tuple)


_exports: dict[str, Export] = {}


def register(export: Export) -> None:
    """Announce a list (idempotent by its kind). Call it in the room's AppConfig.ready."""
    _exports[export.kind] = export


def find(kind: str) -> Export | None:
    """The list of that kind."""
    return _exports.get(kind)


def all_exports() -> list[Export]:
    """Every list that can be exported."""
    return list(_exports.values())
