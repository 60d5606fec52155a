"""Reading the organisation: who is responsible for an item in a place, regions upward."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.organisation.kept import SECONDS, kept
from ticketing.organisation.models import Appointment, DutyItem, DutyShift, Level, OrderType, Region, Staff, StandIn, Unit
from ticketing.organisation.roles import Role

Content = TypeVar("Content", OrderType, DutyItem, Region, Unit)
SOON = timedelta(seconds=2 * SECONDS)  # windows that open before what is kept is read anew
MANY = 300  # units that a statement names one by one
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
    chain = [content_row(Region, region_id)]
    while chain[-1].parent_id is not None:
        chain.append(content_row(Region, chain[-1].parent_id))
    return tuple(chain)


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


def scope_of(unit_ids: Iterable[int]) -> set[int] | RawSQL:
    """The units and all below them, for `unit__in`: as keys, or for a scope of very many as a query of its own.

    A statement with thousands of keys costs more to read than to answer.
    """
    roots = tuple(sorted(set(unit_ids)))
    covered = covered_by(roots)
    if len(covered) <= MANY or not roots:
        return set(covered)
    table = connection.ops.quote_name(Unit._meta.db_table)
    start = f"SELECT id FROM {table} WHERE id IN ({', '.join(['%s'] * len(roots))})"
    return RawSQL(BELOW.format(table=table).replace(f"SELECT id FROM {table} WHERE id = %s", start), roots)


def successor_of(unit: Unit) -> Unit:
    """The unit that took over from a merged one, else the unit itself."""
    seen = set()
    while unit.successor_id is not None and unit.pk not in seen:
        seen.add(unit.pk)
        unit = content_row(Unit, unit.successor_id)
    return unit


def covered_by(unit_ids: Iterable[int]) -> frozenset[int]:
    """The units and all below each of them."""
    found: frozenset[int] = frozenset()
    for unit_id in unit_ids:
        found = found if unit_id in found else found | units_below(unit_id)
    return found


BELOW = """
WITH RECURSIVE below(id) AS (
    SELECT id FROM {table} WHERE id = %s
    UNION ALL SELECT lower.id FROM {table} lower JOIN below ON lower.parent_id = below.id
) SELECT id FROM below
"""


def _below(model: type[Unit] | type[Region], pk: int) -> frozenset[int]:
    with connection.cursor() as cursor:
        cursor.execute(BELOW.format(table=connection.ops.quote_name(model._meta.db_table)), [pk])
        return frozenset(row[0] for row in cursor.fetchall())


@kept
def units_below(unit_id: int) -> frozenset[int]:
    """A unit and all below it. Walks the index of parents, so that a small branch of a great tree is cheap."""
    return _below(Unit, unit_id)


@kept
def regions_below(region_id: int) -> frozenset[int]:
    """A region and all below it."""
    return _below(Region, region_id)


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


@kept
def _stand_ins() -> tuple[StandIn, ...]:
    now = timezone.now()
    open_ones = StandIn.objects.filter(ends_at__gt=now, starts_at__lte=now + SOON).select_related("post", "absent")
    return tuple(open_ones.filter(absent__is_active=True, post__is_active=True))


@kept
def _shifts() -> tuple[DutyShift, ...]:
    now = timezone.now()
    return tuple(DutyShift.objects.filter(ends_at__gt=now, starts_at__lte=now + SOON).select_related("unit"))


def borrowed_appointments(staff: Staff, own: list[Appointment]) -> list[Appointment]:
    """The roles lent to a person now: those of whom they stand in for, in the unit of the post, and those of a duty shift.

    What is lent is not lent on, and the rights of an administrator of the whole platform are never lent.
    """
    now = timezone.now()
    held = {(a.role, a.unit_id) for a in own}
    lent: list[Appointment] = []

    def lend(role: str, unit: Unit, words: str) -> None:
        if (role, unit.pk) not in held and role != Role.ADMIN:
            held.add((role, unit.pk))
            row = Appointment(staff=staff, role=role, unit=unit)
            row.on_behalf_of = words
            lent.append(row)

    for window in _stand_ins():
        if window.substitute_id != staff.pk or not window.starts_at <= now < window.ends_at:
            continue
        words = _("acting for %(name)s") if window.kind == StandIn.Kind.ACTING else _("for %(name)s")
        covered = units_below(window.post.unit_id)
        for appointment in window.absent.appointments.select_related("unit").order_by("pk"):
            if appointment.unit_id in covered:
                lend(appointment.role, appointment.unit, words % {"name": window.absent.display_name})
    for shift in _shifts():
        if shift.staff_id == staff.pk and shift.starts_at <= now < shift.ends_at and shift.unit.is_active:
            lend(shift.role, shift.unit, _("on duty"))
    return lent


def administered_units(staff: Staff) -> frozenset[int] | None:
    """The units whose people, posts, hours and rosters a person manages; None for all of them."""
    held = staff.appointments_now()
    if any(a.role == Role.ADMIN for a in held):
        return None
    return covered_by(a.unit_id for a in held if a.role == Role.UNIT_ADMIN)


def administers(staff: Staff, unit: Unit) -> bool:
    """Whether a person manages this unit."""
    units = administered_units(staff)
    return units is None or unit.pk in units


def find_units(words: str) -> QuerySet[Unit]:
    """Units by code, name or short name; what has been merged away is found as well."""
    found = Unit.objects.select_related("parent", "region", "successor")
    if words:
        found = found.filter(Q(name__contains=words) | Q(short_name__contains=words) | Q(code__istartswith=words))
    return found.order_by("-is_active", "code")


def branch(parent: Unit | None) -> QuerySet[Unit]:
    """The units right below one, or at the top, each with how many stand below it (`below`)."""
    rows = Unit.objects.filter(parent=parent).select_related("successor")
    return rows.annotate(below=Count("children")).order_by("-is_active", "code")


def chain_of(unit: Unit) -> list[Unit]:
    """The units above one, from the top down."""
    return [content_row(Unit, pk) for pk in reversed(units_above(unit.pk)[1:])]
