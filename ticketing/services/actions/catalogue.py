"""Changing the catalogue: drafts, files, publishing, rolling back, and what lower levels set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.organisation.actor import Actor
from ticketing.organisation.models import Region, Staff
from ticketing.organisation.roles import UNIT_ROLES, Role
from ticketing.services.catalogue_files import Rows, clean
from ticketing.services.catalogue_models import (
    CONTENT,
    INHERITED,
    LOCAL,
    CatalogueEntry,
    CatalogueEvent,
    CatalogueLink,
    CatalogueVersion,
    LocalEntry,
    content_hash,
)
from ticketing.services.errors import BadCatalogue, CatalogueError, CatalogueForbidden
from ticketing.services.models import EDITORS, PUBLISHERS

BATCH = 500
State = CatalogueVersion.State
What = CatalogueEvent.What


@dataclass(frozen=True, slots=True)
class CatalogueReport:
    """What bringing in a file did to the draft."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


def _allowed(actor: Actor, roles: frozenset[Role]) -> None:
    if actor.role not in roles | {Role.SYSTEM}:
        raise CatalogueForbidden(_("Your role may not do this with the catalogue."))


def _note(what: str, actor: Actor, *, number: int | None = None, text: str = "") -> None:
    CatalogueEvent.objects.create(
        what=what, number=number, text=text[:500], staff_id=actor.staff_id, name=actor.name[:60], role=actor.role
    )


def _locked_draft() -> CatalogueVersion:
    draft = CatalogueVersion.objects.select_for_update().filter(state=State.DRAFT).first()
    if draft is None:
        raise CatalogueError(_("There is no draft. Begin one first."))
    return draft


@transaction.atomic
def open_draft(*, actor: Actor, note: str = "", empty: bool = False) -> CatalogueVersion:
    """Begin a draft: a copy of the published version, or nothing. Raises CatalogueError while another draft is open."""
    _allowed(actor, EDITORS)
    if CatalogueVersion.objects.filter(state=State.DRAFT).exists():
        raise CatalogueError(_("A draft is open already. Publish it or throw it away first."))
    number = (CatalogueVersion.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    draft = CatalogueVersion.objects.create(number=number, note=note[:300], created_by=actor.name[:60])
    published = None if empty else CatalogueVersion.objects.filter(state=State.PUBLISHED).first()
    if published is not None:
        copies = []
        for entry in published.entries.all().iterator(chunk_size=BATCH):
            entry.pk, entry.version = None, draft
            entry._state.adding = True
            copies.append(entry)
        _insert(copies)
        CatalogueVersion.objects.filter(pk=draft.pk).update(entry_count=len(copies))
        draft.entry_count = len(copies)
    _note(What.OPENED, actor, number=number, text=note)
    return draft


def _insert(entries: list[CatalogueEntry]) -> None:
    """Write entries with their links."""
    CatalogueEntry.objects.bulk_create(entries, batch_size=BATCH)
    _insert_links(entries)


def _insert_links(entries: Iterable[CatalogueEntry]) -> None:
    links = []
    for entry in entries:
        for link in entry.links:
            listing, _sep, code = link.partition(":")
            links.append(CatalogueLink(entry=entry, listing=listing, code=code))
    CatalogueLink.objects.bulk_create(links, batch_size=BATCH)


@transaction.atomic
def import_catalogue(*, rows: Rows, actor: Actor, keep_others: bool = False) -> CatalogueReport:
    """Make the draft say what a file says: entries of the file's lists are made, changed, and, where the file has them not,
    removed (kept with `keep_others`). Lists that the file does not have stay. Begins a draft where none is open.
    """
    _allowed(actor, EDITORS)
    if not CatalogueVersion.objects.filter(state=State.DRAFT).exists():
        open_draft(actor=actor)
    draft = _locked_draft()
    known = {(e.listing, e.code): e for e in draft.entries.filter(listing__in=list(rows))}
    new: list[CatalogueEntry] = []
    changed: list[CatalogueEntry] = []
    unchanged, named = 0, set()
    for listing, entries in rows.items():
        for _where, values in entries:
            key = (str(listing), values["code"])
            named.add(key)
            content = {name: values[name] for name in CONTENT}
            fingerprint, entry = content_hash(content), known.get(key)
            if entry is None:
                new.append(CatalogueEntry(version=draft, listing=listing, code=values["code"], hash=fingerprint, **content))
            elif entry.hash != fingerprint:
                for name, value in content.items():
                    setattr(entry, name, value)
                entry.hash = fingerprint
                changed.append(entry)
            else:
                unchanged += 1
    gone = [] if keep_others else [entry.pk for key, entry in known.items() if key not in named]
    _delete(CatalogueEntry, gone)
    _rewrite(changed)
    _insert(new)
    CatalogueVersion.objects.filter(pk=draft.pk).update(entry_count=draft.entries.count())
    report = CatalogueReport(len(new), len(changed), unchanged, len(gone))
    _note(What.IMPORTED, actor, number=draft.number, text=f"+{report.created} ~{report.changed} -{report.removed}")
    return report


def _delete(model: type[Model], keys: list[int]) -> None:
    for start in range(0, len(keys), BATCH):
        model._default_manager.filter(pk__in=keys[start : start + BATCH]).delete()


def _rewrite(changed: list[CatalogueEntry]) -> None:
    """Update entries in a few statements: an insert that meets the row is quicker by far than `bulk_update`."""
    if not changed:
        return
    keys = [entry.pk for entry in changed]
    for start in range(0, len(keys), BATCH):
        CatalogueLink.objects.filter(entry__in=keys[start : start + BATCH]).delete()
    CatalogueEntry.objects.bulk_create(
        changed, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=[*CONTENT, "hash"]
    )
    _insert_links(changed)


@transaction.atomic
def save_entry(*, listing: str, values: dict[str, Any], actor: Actor) -> CatalogueEntry:
    """Make or change one entry of the draft. Raises BadCatalogue for values that do not fit."""
    _allowed(actor, EDITORS)
    draft, values = _locked_draft(), clean(values)
    content = {name: values[name] for name in CONTENT}
    entry = draft.entries.filter(listing=listing, code=values["code"]).first()
    if entry is None:
        entry = CatalogueEntry(version=draft, listing=listing, code=values["code"])
    for name, value in content.items():
        setattr(entry, name, value)
    entry.hash = content_hash(content)
    entry.save()
    entry.outgoing.all().delete()
    _insert_links([entry])
    CatalogueVersion.objects.filter(pk=draft.pk).update(entry_count=draft.entries.count())
    _note(What.CHANGED, actor, number=draft.number, text=f"{entry.ref} {entry.name}")
    return entry


@transaction.atomic
def remove_entry(*, entry: CatalogueEntry, actor: Actor) -> None:
    """Take an entry out of the draft."""
    _allowed(actor, EDITORS)
    draft = _locked_draft()
    if entry.version_id != draft.pk:
        raise CatalogueError(_("Only entries of the draft can be changed."))
    _note(What.CHANGED, actor, number=draft.number, text=f"- {entry.ref} {entry.name}")
    entry.delete()
    CatalogueVersion.objects.filter(pk=draft.pk).update(entry_count=draft.entries.count())


@transaction.atomic
def discard_draft(*, actor: Actor) -> int:
    """Throw the draft away; returns its number."""
    _allowed(actor, EDITORS)
    draft = _locked_draft()
    number = draft.number
    CatalogueLink.objects.filter(entry__version=draft).delete()
    draft.entries.all()._raw_delete(draft.entries.db)
    draft.delete()
    _note(What.DISCARDED, actor, number=number)
    return number


@transaction.atomic
def publish(*, actor: Actor, note: str = "") -> CatalogueVersion:
    """Put the draft in force; the version before it stays for rolling back. Raises BadCatalogue for links to nothing."""
    _allowed(actor, PUBLISHERS)
    draft = _locked_draft()
    refs = {f"{listing}:{code}" for listing, code in draft.entries.values_list("listing", "code")}
    if not refs:
        raise CatalogueError(_("The draft is empty. An empty catalogue cannot be published."))
    loose = [
        f"{listing}:{code} -> {link}"
        for listing, code, links in draft.entries.exclude(links=[]).values_list("listing", "code", "links")
        for link in links
        if link not in refs
    ]
    if loose:
        raise BadCatalogue(_("%(count)d links lead to nothing; nothing was published.") % {"count": len(loose)}, loose[:200])
    now = timezone.now()
    before = CatalogueVersion.objects.select_for_update().filter(state=State.PUBLISHED).first()
    if before is not None:
        before.state = State.SUPERSEDED
        before.save(update_fields=["state"])
    draft.state, draft.published_at, draft.replaced = State.PUBLISHED, now, before
    draft.note = note[:300] or draft.note
    draft.save(update_fields=["state", "published_at", "replaced", "note"])
    _note(What.PUBLISHED, actor, number=draft.number, text=draft.note)
    return draft


@transaction.atomic
def roll_back(*, actor: Actor, reason: str) -> CatalogueVersion:
    """Put the version before the published one back in force, in one step. Raises CatalogueError where there is none."""
    _allowed(actor, PUBLISHERS)
    if len(reason.strip()) < 2:
        raise CatalogueError(_("Say in a few words why the catalogue is rolled back."))
    current = CatalogueVersion.objects.select_for_update().filter(state=State.PUBLISHED).select_related("replaced").first()
    if current is None or current.replaced is None:
        raise CatalogueError(_("There is no earlier version to go back to."))
    earlier = current.replaced
    current.state = State.SUPERSEDED
    current.save(update_fields=["state"])
    earlier.state, earlier.published_at = State.PUBLISHED, timezone.now()
    earlier.save(update_fields=["state", "published_at"])
    _note(What.ROLLED_BACK, actor, number=earlier.number, text=f"v{current.number} -> v{earlier.number}: {reason.strip()}")
    return earlier


# --- Lower levels ----------------------------------------------------------------------------------------------------


def may_set_local(staff: Staff, region: Region) -> bool:
    """Editors everywhere; people of a unit for their unit's own region and those below it."""
    if staff.has_role(*EDITORS):
        return True
    own = {a.unit.region_id for a in staff.appointments_now() if a.role in UNIT_ROLES}
    return bool(own & {r.pk for r in region.ancestors(include_self=True)})


def standard_hash(entry: CatalogueEntry) -> str:
    """Names that part of an entry which lower levels take over."""
    return content_hash({name: getattr(entry, name) for name in INHERITED})


def published_entry(listing: str, code: str) -> CatalogueEntry | None:
    """The entry in force."""
    return CatalogueEntry.objects.filter(version__state=State.PUBLISHED, listing=listing, code=code).first()


@transaction.atomic
def set_local(*, region: Region, listing: str, code: str, values: dict[str, Any], staff: Staff, actor: Actor) -> LocalEntry:
    """Set place, telephone and window of an entry for a region. Raises CatalogueError for anything else.

    Saving confirms the standard as it is now, so that the drift report is quiet about it until it changes again.
    """
    if not may_set_local(staff, region):
        raise CatalogueForbidden(_("You can set values only for the region of your own unit."))
    if unknown := set(values) - set(LOCAL):
        raise CatalogueError(
            _("A lower level sets only place, telephone and window, not: %(names)s.") % {"names": ", ".join(sorted(unknown))}
        )
    entry = published_entry(listing, code)
    if entry is None:
        raise CatalogueError(_("The catalogue in force has no such entry."))
    row, _made = LocalEntry.objects.get_or_create(
        region=region, listing=listing, code=code, defaults={"changed_by": actor.name[:60]}
    )
    for name in LOCAL:
        most = getattr(LocalEntry._meta.get_field(name), "max_length", None)
        setattr(row, name, str(values.get(name, getattr(row, name))).strip()[:most])
    row.standard_hash, row.declared, row.changed_by = standard_hash(entry), {}, actor.name[:60]
    row.save()
    _note(What.LOCAL, actor, text=f"{region.name} {entry.ref}")
    return row


@transaction.atomic
def import_local(*, region: Region, rows: Rows, staff: Staff, actor: Actor) -> dict[str, int]:
    """A lower level's own file: place, telephone and window are taken, what it says differently of the rest is kept as drift.

    Returns counts: taken, drifting, unknown (entries that the catalogue in force does not have; they are not taken).
    """
    if not may_set_local(staff, region):
        raise CatalogueForbidden(_("You can set values only for the region of your own unit."))
    standard = {(e.listing, e.code): e for e in CatalogueEntry.objects.filter(version__state=State.PUBLISHED)}
    made, counts = [], {"taken": 0, "drifting": 0, "unknown": 0}
    for listing, entries in rows.items():
        for _where, values in entries:
            entry = standard.get((str(listing), values["code"]))
            if entry is None:
                counts["unknown"] += 1
                continue
            declared = {name: values[name] for name in INHERITED if values[name] and values[name] != getattr(entry, name)}
            counts["taken"] += 1
            counts["drifting"] += bool(declared)
            local = {name: values[name] for name in LOCAL}
            fixed = {"declared": declared, "standard_hash": standard_hash(entry), "changed_by": actor.name[:60]}
            made.append(LocalEntry(region=region, listing=listing, code=values["code"], **local, **fixed))
    fields = [*LOCAL, "declared", "standard_hash", "changed_by", "changed_at"]
    LocalEntry.objects.bulk_create(
        made, batch_size=BATCH, update_conflicts=True, unique_fields=["region", "listing", "code"], update_fields=fields
    )
    _note(What.LOCAL, actor, text=f"{region.name} {counts}")
    return counts
