"""Reading the organisation: who is responsible for an item in a place, regions upward."""

from __future__ import annotations

from typing import TypeVar

from django.db import connection

from ticketing.organisation.kept import kept
from ticketing.organisation.models import DutyItem, Level, OrderType, Region, Unit

Content = TypeVar("Content", OrderType, DutyItem, Region, Unit)
LEVEL_ORDER = [Level.PROVINCE, Level.CITY, Level.DISTRICT, Level.STREET, Level.COMMUNITY]


@kept
def order_type(code: str) -> OrderType | None:
    """The kind of demand called `code`."""
    return OrderType.objects.filter(code=code).first()


@kept
def duty_item(code: str) -> DutyItem | None:
    """The duty item `code`, with its owner and category."""
    return DutyItem.objects.select_related("owner", "category").filter(code=code).first()


@kept
def content_row(model: type[Content], pk: int) -> Content:
    """A kind of demand, duty item, region or unit by its primary key, with its owner or region."""
    near = {DutyItem: "owner", Unit: "region"}.get(model)
    rows = model._default_manager.select_related(near) if near else model._default_manager.all()
    return rows.get(pk=pk)


@kept
def _chain(region_id: int) -> tuple[Region, ...]:
    return tuple(reversed(Region.objects.get(pk=region_id).ancestors(include_self=True)))


def region_chain(region: Region | None) -> list[Region]:
    """The region and all above it, nearest first."""
    return list(_chain(region.pk)) if region is not None else []


@kept
def units_above(unit_id: int) -> tuple[int, ...]:
    """A unit and all above it in its territory, itself first. Climbs by key: the size of the tree does not matter."""
    chain = [unit_id]
    while (above := content_row(Unit, chain[-1]).parent_id) is not None:
        chain.append(above)
    return tuple(chain)


BELOW = """
WITH RECURSIVE below(id) AS (
    SELECT id FROM organisation_unit WHERE id = %s
    UNION ALL SELECT unit.id FROM organisation_unit unit JOIN below ON unit.parent_id = below.id
) SELECT id FROM below
"""


@kept
def units_below(unit_id: int) -> frozenset[int]:
    """A unit and all below it. Walks the index of parents, so that a small branch of a great tree is cheap."""
    with connection.cursor() as cursor:
        cursor.execute(BELOW, [unit_id])
        return frozenset(row[0] for row in cursor.fetchall())


@kept
def _units_in(region_ids: tuple[int, ...]) -> tuple[Unit, ...]:
    active = Unit.objects.filter(is_active=True, accepts_orders=True, region__in=region_ids).select_related("region")
    return tuple(active.order_by("code"))


def responsible_unit(item: DutyItem, region: Region | None) -> Unit | None:
    """The unit that owes an act on `item` in `region`, by the duty list; None when the place is too coarse to tell.

    A city item belongs to its owner. A district item belongs to the owner's unit in the region's district (线 `line`).
    A street item belongs to the street office, since the duty list itself gave it to the streets. Where the area is
    known but has no such unit, the next one above acts (兜底): the owner's district unit, then the owner.
    """
    if item.acts_at in (Level.PROVINCE, Level.CITY):
        return item.owner
    areas = {area.level: area for area in region_chain(region)}
    if item.acts_at not in areas:
        return None
    units = _units_in(tuple(area.pk for area in areas.values()))
    if item.acts_at != Level.DISTRICT:
        kind = Unit.Kind.STREET if item.acts_at == Level.STREET else Unit.Kind.COMMUNITY
        nearest = next((u for u in units if u.kind == kind and u.level == item.acts_at), None)
        if nearest is not None:
            return nearest
    return next((u for u in units if u.level == Level.DISTRICT and u.line_id == item.owner_id), item.owner)
