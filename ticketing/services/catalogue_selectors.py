"""Reading the catalogue: lists, one entry as a region has it, differences between versions, drift."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from ticketing.organisation.models import Region
from ticketing.services.actions.catalogue import standard_hash
from ticketing.services.catalogue_models import (
    CONTENT,
    INHERITED,
    LOCAL,
    CatalogueEntry,
    CatalogueLink,
    CatalogueVersion,
    Listing,
    LocalEntry,
)

WORDS_MAX = 5
State = CatalogueVersion.State


def published() -> CatalogueVersion | None:
    """The version in force."""
    return CatalogueVersion.objects.filter(state=State.PUBLISHED).select_related("replaced").first()


def draft() -> CatalogueVersion | None:
    """The open draft."""
    return CatalogueVersion.objects.filter(state=State.DRAFT).first()


def version(number: int) -> CatalogueVersion | None:
    """A version by its number."""
    return CatalogueVersion.objects.filter(number=number).select_related("replaced").first()


def find_entries(shown: CatalogueVersion, *, words: str = "", listing: str = "", level: str = "") -> QuerySet[CatalogueEntry]:
    """Entries of a version by words in name, code or responsible body, by list and level."""
    found = shown.entries.all()
    for word in words.replace("\x00", "").split()[:WORDS_MAX]:
        found = found.filter(Q(name__icontains=word) | Q(code__istartswith=word) | Q(owner__icontains=word))
    if listing:
        found = found.filter(listing=listing)
    if level:
        found = found.filter(level=level)
    return found.order_by("listing", "code")


def list_counts(shown: CatalogueVersion) -> list[tuple[Listing, int]]:
    """How many entries each list has."""
    counted = dict(shown.entries.order_by().values_list("listing").annotate(n=Count("pk")))
    return [(listing, counted.get(listing.value, 0)) for listing in Listing]


def linked(entry: CatalogueEntry) -> tuple[list[CatalogueEntry], list[CatalogueEntry]]:
    """Entries of the same version that an entry links to, and those that link to it."""
    there = Q()
    for link in entry.links:
        listing, _sep, code = link.partition(":")
        there |= Q(listing=listing, code=code)
    same = CatalogueEntry.objects.filter(version=entry.version_id)
    back = CatalogueLink.objects.filter(listing=entry.listing, code=entry.code, entry__version=entry.version_id)
    return list(same.filter(there)) if entry.links else [], list(same.filter(pk__in=back.values("entry")))


def field_label(name: str) -> str:
    """A field of an entry as the page calls it."""
    return str(getattr(CatalogueEntry._meta.get_field(name), "verbose_name", name))


def _line(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that differs between two versions; `fields` holds (name, before, after) for a changed one."""

    kind: str  # added, removed, changed
    listing: str
    code: str
    name: str
    fields: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def list_label(self) -> str:
        """The list in words."""
        return str(Listing(self.listing).label)

    @property
    def shown(self) -> list[tuple[str, str, str]]:
        """The fields in the words of the page, lists in one line."""
        return [(field_label(name), _line(before), _line(after)) for name, before, after in self.fields]


@dataclass(slots=True)
class Diff:
    """Everything that differs between two versions."""

    counts: Counter[str] = field(default_factory=Counter)
    rows: list[Difference] = field(default_factory=list)


def diff(before: CatalogueVersion | None, after: CatalogueVersion) -> Diff:
    """What `after` adds, removes and changes against `before`. Contents are read only for entries whose hash differs."""
    old = {(x, c): (pk, h, n) for pk, x, c, h, n in _hashes(before)} if before else {}
    new = {(x, c): (pk, h, n) for pk, x, c, h, n in _hashes(after)}
    found = Diff()
    both = [key for key in new if key in old and new[key][1] != old[key][1]]
    contents = _contents([old[key][0] for key in both] + [new[key][0] for key in both])
    for key in both:
        one, other = contents[old[key][0]], contents[new[key][0]]
        fields = tuple((name, one[name], other[name]) for name in CONTENT if one[name] != other[name])
        found.rows.append(Difference("changed", *key, new[key][2], fields))
    found.rows += [Difference("added", *key, new[key][2]) for key in new if key not in old]
    found.rows += [Difference("removed", *key, old[key][2]) for key in old if key not in new]
    found.counts = Counter(row.kind for row in found.rows)
    found.rows.sort(key=lambda row: (row.listing, row.code))
    return found


def _hashes(shown: CatalogueVersion) -> Any:
    return shown.entries.order_by().values_list("pk", "listing", "code", "hash", "name").iterator(chunk_size=2000)


def _contents(keys: list[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(keys), 500):
        for entry in CatalogueEntry.objects.filter(pk__in=keys[start : start + 500]):
            found[entry.pk] = entry.content()
    return found


@dataclass(frozen=True, slots=True)
class Effective:
    """An entry as a region has it: the standard, with each local field and the region that set it ("" for the standard)."""

    entry: CatalogueEntry
    values: dict[str, tuple[str, str]]


def effective(entry: CatalogueEntry, region: Region | None) -> Effective:
    """Place, telephone and window as set nearest to the region, else as the standard has them."""
    chain = list(region.ancestors(include_self=True)) if region else []
    rows = {row.region_id: row for row in LocalEntry.objects.filter(listing=entry.listing, code=entry.code, region__in=chain)}
    values: dict[str, tuple[str, str]] = {}
    for name in LOCAL:
        values[name] = (getattr(entry, name), "")
        for above in chain:  # from the top down: the nearest one that says something wins
            row = rows.get(above.pk)
            if row is not None and getattr(row, name):
                values[name] = (getattr(row, name), above.name)
    return Effective(entry, values)


@dataclass(frozen=True, slots=True)
class Drift:
    """Where a lower level is apart from the standard."""

    kind: str  # gone, changed, declared
    local: LocalEntry
    name: str
    fields: tuple[tuple[str, Any, Any], ...] = ()  # name, the standard's value, the level's value

    @property
    def list_label(self) -> str:
        """The list in words."""
        return str(Listing(self.local.listing).label)

    @property
    def shown(self) -> list[tuple[str, str, str]]:
        """The fields in the words of the page, lists in one line."""
        return [(field_label(name), _line(before), _line(after)) for name, before, after in self.fields]


def drift(region: Region | None = None) -> list[Drift]:
    """Local entries whose standard is gone, has changed since they were set, or of which the level says something else."""
    rows = LocalEntry.objects.select_related("region").order_by("region__code", "listing", "code")
    if region is not None:
        rows = rows.filter(region__in=region.descendants(include_self=True))
    standard = {(e.listing, e.code): e for e in CatalogueEntry.objects.filter(version__state=State.PUBLISHED)} if rows else {}
    found = []
    for row in rows:
        entry = standard.get((row.listing, row.code))
        if entry is None:
            found.append(Drift("gone", row, row.code))
            continue
        if row.declared:
            fields = tuple((name, getattr(entry, name), row.declared[name]) for name in INHERITED if name in row.declared)
            found.append(Drift("declared", row, entry.name, fields))
        if row.standard_hash != standard_hash(entry):
            found.append(Drift("changed", row, entry.name))
    return found
