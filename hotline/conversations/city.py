"""Lookups in the city's content that the pages of the front door share: places by name, duty items for a text."""

from __future__ import annotations

from chatbot.nlu.service import get_understander
from ticketing.organisation.models import DutyItem, Place


def places_named_like(text: str, *, limit: int = 8) -> list[Place]:
    """Places by part of their name, or by another name people use, best first."""
    text = "".join(text.split())[:40]
    if not text:
        return []
    found = list(Place.objects.filter(name__icontains=text).select_related("region")[: limit * 3])
    if len(found) < limit:
        known = {place.pk for place in found}
        others = Place.objects.exclude(aliases=[]).values_list("pk", "aliases")
        also = [pk for pk, aliases in others if pk not in known and any(text in alias for alias in aliases)][:limit]
        found += list(Place.objects.filter(pk__in=also).select_related("region"))
    return sorted(found, key=lambda place: (not place.name.startswith(text), len(place.name), place.name))[:limit]


def place_named(text: str) -> Place | None:
    """The one place of exactly this name; None when there is none or several."""
    found = Place.objects.filter(name=text.strip()).select_related("region")[:2]
    return found[0] if len(found) == 1 else None


def duty_items_for(text: str, *, limit: int = 5) -> list[DutyItem]:
    """Active duty items that a text may be about, best first, ranked as the bot ranks them."""
    if len(text.strip()) < 2:
        return []
    codes = [row.entry.code for row in get_understander().city.names().duties.rank(text[:1000])][: limit * 2]
    found = (
        DutyItem.objects.filter(code__in=codes, is_active=True)
        .select_related("category", "order_type")
        .in_bulk(field_name="code")
    )
    return [found[code] for code in codes if code in found][:limit]
