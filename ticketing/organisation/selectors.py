"""Reading the organisation: who is responsible for an item in a place, regions upward, staff by role."""

from __future__ import annotations

from ticketing.organisation.models import DutyItem, Level, Region, Unit

LEVEL_ORDER = [Level.PROVINCE, Level.CITY, Level.DISTRICT, Level.STREET, Level.COMMUNITY]


def region_chain(region: Region | None) -> list[Region]:
    """The region and all above it, nearest first; one query."""
    if region is None:
        return []
    return list(reversed(region.ancestors(include_self=True)))


def responsible_unit(item: DutyItem, region: Region | None) -> Unit | None:
    """The unit that owes an act on `item` in `region`, by the duty list; None when the place is too coarse to tell.

    A city item belongs to its owner. A district item belongs to the owner's unit in the region's district (线 `line`).
    A street item belongs to the street office, since the duty list itself gave it to the streets.
    """
    if item.acts_at in (Level.PROVINCE, Level.CITY):
        return item.owner
    area = next((r for r in region_chain(region) if r.level == item.acts_at), None)
    if area is None:
        return None
    units = Unit.objects.filter(region=area, is_active=True, accepts_orders=True, level=item.acts_at)
    if item.acts_at == Level.DISTRICT:
        return units.filter(line_id=item.owner_id).first()
    return units.filter(kind=Unit.Kind.STREET if item.acts_at == Level.STREET else Unit.Kind.COMMUNITY).first()
