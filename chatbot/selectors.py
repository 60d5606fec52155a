"""What the chatbot reads of the city: names for the gazetteer, duty items for ranking."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from chatbot.nlu.duty import DutyEntry
from chatbot.nlu.gazetteer import Entry
from ticketing.organisation.models import DutyItem, Place, Region, Unit


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All names of the city with the fingerprint of their rows."""

    version: str
    entries: tuple[Entry, ...]
    duties: tuple[DutyEntry, ...]


def vocabulary() -> Vocabulary:
    """The names in the database now. Four queries."""
    places = Place.objects.order_by("pk").values_list("code", "name", "aliases", "region__name")
    regions = Region.objects.order_by("pk").values_list("code", "name", "parent__name")
    units = Unit.objects.filter(is_active=True).order_by("pk").values_list("code", "name", "short_name")
    items = (
        DutyItem.objects.filter(is_active=True)
        .order_by("pk")
        .values_list("code", "name", "keywords", "category__name", "order_type__code")
    )
    entries = [Entry("place", code, name, tuple(aliases or ()), region or "") for code, name, aliases, region in places]
    known = {entry.name for entry in entries}
    entries += [Entry("place", code, name, (), parent or "") for code, name, parent in regions if name not in known]
    entries += [Entry("unit", code, name, (short,) if short else ()) for code, name, short in units]
    duties = []
    for code, name, keywords, category, order_type in items:
        words = tuple(str(word) for word in keywords or ())
        duties.append(DutyEntry(code, name, words, category or "", order_type or ""))
        entries.append(Entry("duty_item", code, name, tuple(word for word in words if len(word) >= 2)))
    fingerprint = hashlib.sha256(
        json.dumps([[e.kind, e.code, e.name, e.aliases, e.region] for e in entries], ensure_ascii=False).encode()
    )
    return Vocabulary(fingerprint.hexdigest(), tuple(entries), tuple(duties))
