"""Bulk upsert by code: read once, compare, write what differs. Twelve thousand rows cost a handful of statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from ticketing.organisation import kept

Row = Mapping[str, Any]
BATCH = 500
M = TypeVar("M", bound=models.Model)


class DirtyRow(ValueError):
    """A row that cannot be brought in. `number` counts rows from 1; `key` is the row's code where it has one."""

    def __init__(self, number: int, key: str, message: str) -> None:
        self.number, self.key, self.message = number, key, message
        super().__init__(_("row %(number)d (%(key)s): %(message)s") % {"number": number, "key": key or "?", "message": message})


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How many rows an import made, changed and found as they should be."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: ImportReport) -> ImportReport:
        return ImportReport(self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged)


class Reader:
    """One row with its number, read with complaints that say where."""

    def __init__(self, number: int, row: Row, key: str) -> None:
        self.number, self.row = number, row
        self.key = str(row.get(key) or "")

    def fail(self, message: str) -> DirtyRow:
        """The error to raise for this row."""
        return DirtyRow(self.number, self.key, message)

    def need(self, field: str) -> Any:
        """The value of a field that must be there."""
        value = self.row.get(field)
        if value is None or value == "" or value == []:
            raise self.fail(_("“%(field)s” is missing") % {"field": field})
        return value

    def lookup(self, field: str, known: Mapping[str, int], *, required: bool = True) -> int | None:
        """The primary key behind a code; None where an optional code is empty."""
        code = self.need(field) if required else self.row.get(field)
        if code is None or code == "":
            return None
        if str(code) not in known:
            raise self.fail(_("%(field)s “%(code)s” is not known") % {"field": field, "code": code})
        return known[str(code)]


def read_rows(rows: Iterable[Any], *, fields: Iterable[str], key: str = "code") -> Iterator[Reader]:
    """Rows one by one; raises DirtyRow for what is no mapping, an unknown field, an empty or a repeated key."""
    allowed = frozenset(fields)
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise DirtyRow(number, "", _("a mapping of fields is expected"))
        reader = Reader(number, row, key)
        unknown = set(row) - allowed
        if unknown:
            raise reader.fail(_("unknown fields: %(fields)s") % {"fields": ", ".join(sorted(map(str, unknown)))})
        reader.need(key)
        if reader.key in seen:
            raise reader.fail(_("“%(key)s” occurs twice") % {"key": reader.key})
        seen.add(reader.key)
        yield reader


def pk_by_code(model: type[models.Model], key: str = "code") -> dict[str, int]:
    """Every code of a table with its primary key; one query."""
    return dict(model._default_manager.values_list(key, "pk"))


def upsert(model: type[M], wanted: Iterable[tuple[Reader, dict[str, Any]]], *, key: str = "code") -> ImportReport:
    """Create rows that are new and update those that differ, found by `key`. Foreign keys are given as `<name>_id`.

    Raises DirtyRow where a value does not fit its field. Call it inside a transaction.
    """
    existing: dict[str, M] = {getattr(row, key): row for row in model._default_manager.all()}
    foreign = {field.name for field in model._meta.concrete_fields if field.is_relation}
    new, changed, touched, unchanged = [], [], set[str](), 0
    for reader, values in wanted:
        row = existing.get(reader.key)
        if row is None:
            row = model(**{key: reader.key}, **values)
            new.append(row)
        else:
            differing = {name for name, value in values.items() if getattr(row, name) != value}
            if not differing:
                unchanged += 1
                continue
            for name in differing:
                setattr(row, name, values[name])
            touched |= differing
            changed.append(row)
        try:
            row.clean_fields(exclude=foreign)
        except ValidationError as error:
            problems = "; ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())
            raise reader.fail(problems) from error
    model._default_manager.bulk_create(new, batch_size=BATCH)
    rewrite(model, changed, fields=touched, unique=[key])
    kept.forget()
    return ImportReport(len(new), len(changed), unchanged)


def rewrite(model: type[M], rows: list[M], *, fields: Iterable[str], unique: list[str]) -> None:
    """Update `fields` of many rows by their unique key in one statement per batch.

    An insert that meets the row is quicker by far than `bulk_update`, whose statement grows with rows times fields.
    """
    if not rows:
        return
    for row in rows:
        row.pk = None
    names = sorted({name.removesuffix("_id") for name in fields})
    model._default_manager.bulk_create(rows, batch_size=BATCH, update_conflicts=True, unique_fields=unique, update_fields=names)


def link_parents(model: type[models.Model], parents: Mapping[str, tuple[Reader, str | None]], field: str = "parent") -> int:
    """Set a self-reference from codes (row code -> (its reader, code of the other row or None)); returns how many changed.

    Raises DirtyRow for an unknown code or where the tree would bite its own tail.
    """
    column = f"{field}_id"
    rows: dict[str, Any] = {row.code: row for row in model._default_manager.all()}  # type: ignore[attr-defined]
    by_pk = {row.pk: row for row in rows.values()}
    changed = []
    for code, (reader, other) in parents.items():
        if other is not None and other not in rows:
            raise reader.fail(_("%(field)s “%(code)s” is not known") % {"field": field, "code": other})
        target = rows[other].pk if other is not None else None
        if getattr(rows[code], column) != target:
            setattr(rows[code], column, target)
            changed.append(rows[code])
    for code, (reader, _other) in parents.items():
        seen, row = {code}, by_pk.get(getattr(rows[code], column))
        while row is not None:
            if row.code in seen:
                raise reader.fail(_("%(field)s leads back to the row itself") % {"field": field})
            seen.add(row.code)
            row = by_pk.get(getattr(row, column))
    if changed:
        model._default_manager.bulk_update(changed, [field], batch_size=BATCH)
        kept.forget()
    return len(changed)
