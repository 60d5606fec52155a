"""Orders on the same matter: the same place, a short time and like words; by the same person a repeat, by others a joint case.

Candidates come by index (place, item and region, or person) and are few; their words are compared by pairs of characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import cos, hypot, radians

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.citizens.models import Citizen
from ticketing.orders.models import Secrecy, WorkOrder
from ticketing.orders.workflow import OPEN, State
from ticketing.organisation.models import Place

NEAR_METRES = 300.0
METRES_PER_DEGREE = 111_320.0
CHARACTERS = 400  # of the text are compared
MOST_COMPARED = 150  # the newest so many by each way of looking
NEEDED = {"same": 0.2, "near": 0.3, "area": 0.5}  # likeness of the words, by how sure the place is
WITHOUT_ITEM, OTHER_ITEM = 0.1, 0.3  # so much more where the item is unknown, or another one
SURE = 0.5  # likeness at which the machine attaches a repeat by itself
NOISE = re.compile(r"[\W\d_]+")
COLUMNS = (
    "number", "title", "content", "state", "secrecy", "version", "citizen_id", "duty_item_id", "region_id", "place_id", "latitude",
    "longitude", "created_at", "unit__name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Matter:
    """What is compared of an order."""

    item: int | None
    region: int | None
    place: int | None
    point: tuple[float, float] | None
    pairs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An order on the same matter: how like its words are (0 to 1), how near its place, and whether it is the same person's."""

    order: WorkOrder
    likeness: float
    place: str  # same, near or area
    same_person: bool
    reasons: tuple[str, ...]


def pairs_of(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters of a text, without digits and signs."""
    bare = NOISE.sub("", text[:CHARACTERS])
    return frozenset(bare[n : n + 2] for n in range(len(bare) - 1))


def matter_of(order: WorkOrder) -> Matter:
    """What is compared of an order."""
    located = order.latitude is not None and order.longitude is not None
    point = (float(order.latitude or 0), float(order.longitude or 0)) if located else None
    return Matter(order.duty_item_id, order.region_id, order.place_id, point, pairs_of(order.content))


def likeness(one: Matter, other: Matter) -> float:
    """The share of pairs of characters that two texts have in common (Dice's coefficient)."""
    total = len(one.pairs) + len(other.pairs)
    return 2 * len(one.pairs & other.pairs) / total if total else 0.0


def _metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    return METRES_PER_DEGREE * hypot(one[0] - other[0], (one[1] - other[1]) * cos(radians(one[0])))


def where(one: Matter, other: Matter) -> str:
    """Whether two matters are at the same place, near each other, in one area as far as is known, or "" apart."""
    if one.place is not None and one.place == other.place:
        return "same"
    if one.point is not None and other.point is not None:
        return "near" if _metres(one.point, other.point) <= NEAR_METRES else ""
    unclear = one.place is None or other.place is None
    return "area" if unclear and one.region is not None and one.region == other.region else ""


def is_same(one: Matter, other: Matter) -> bool:
    """Whether two matters are one, by place, item and words."""
    place = where(one, other)
    if not place:
        return False
    needed = NEEDED[place]
    if one.item is None or other.item is None:
        needed += WITHOUT_ITEM
    elif one.item != other.item:
        needed += OTHER_ITEM
    return likeness(one, other) >= needed


def _fresh(states: Iterable[State], days: int) -> QuerySet[WorkOrder]:
    since = timezone.now() - timedelta(days=days)
    rows = WorkOrder.objects.filter(created_at__gte=since, state__in=list(states)).exclude(secrecy=Secrecy.SEALED)
    return rows.select_related("unit").only(*COLUMNS).order_by("-created_at")


def _candidates(order: WorkOrder, states: Iterable[State], days: int) -> dict[int, WorkOrder]:
    """The newest orders that share place, item and region, or the person; each way an index of its own."""
    fresh, ways = _fresh(states, days), []
    if order.place_id is not None:
        ways.append(fresh.filter(place_id=order.place_id))
    if order.region_id is not None and order.duty_item_id is not None:
        ways.append(fresh.filter(duty_item_id=order.duty_item_id, region_id=order.region_id))
    if order.citizen_id is not None:
        ways.append(fresh.filter(citizen_id=order.citizen_id))
    return {row.pk: row for way in ways for row in way[:MOST_COMPARED] if row.pk != order.pk}


def neighbours(order: WorkOrder, *, limit: int = 5) -> list[Neighbour]:
    """Open orders on the same matter, the same person's first, then by likeness. Never sealed reports, nor for one."""
    if order.secrecy == Secrecy.SEALED:
        return []
    mine, found = matter_of(order), []
    for other in _candidates(order, OPEN - {State.DRAFT}, settings.DISPATCH_REPEAT_DAYS).values():
        theirs = matter_of(other)
        if is_same(mine, theirs):
            same_person = order.citizen_id is not None and order.citizen_id == other.citizen_id
            like, place = likeness(mine, theirs), where(mine, theirs)
            found.append(Neighbour(other, like, place, same_person, _reasons(order, other, like, place)))
    return sorted(found, key=lambda n: (not n.same_person, -n.likeness, n.order.pk))[:limit]


def _reasons(order: WorkOrder, other: WorkOrder, like: float, place: str) -> tuple[str, ...]:
    places = {"same": _("same place"), "near": _("within 300 metres"), "area": _("same area")}
    hours = round(abs((order.created_at - other.created_at).total_seconds()) / 3600)
    apart = _("%(hours)d hours apart") % {"hours": hours} if hours < 48 else _("%(days)d days apart") % {"days": hours // 24}
    return places[place], apart, _("words %(share)d %% alike") % {"share": round(like * 100)}


def first_of_same_person(order: WorkOrder) -> WorkOrder | None:
    """The person's first open order on the same item at the same place in like words: what a repeat is attached to."""
    if order.citizen_id is None or order.duty_item_id is None or order.secrecy == Secrecy.SEALED:
        return None
    if order.about_unit_id or order.about_staff_id or order.return_count:
        return None
    mine = matter_of(order)
    earlier = _fresh(OPEN - {State.DRAFT}, settings.DISPATCH_REPEAT_DAYS).filter(
        citizen_id=order.citizen_id, duty_item_id=order.duty_item_id, created_at__lte=order.created_at, pk__lt=order.pk
    )
    for other in reversed(earlier[:MOST_COMPARED]):
        theirs = matter_of(other)
        place = where(mine, theirs)
        sure = place == "same" or (place == "near" and None in (mine.place, theirs.place))  # two named places are two
        if sure and likeness(mine, theirs) >= SURE:
            return other
    return None


def matter_of_person(*, citizen: Citizen, item_code: str, place: Place | None) -> WorkOrder | None:
    """The person's first open order on an item, at the place where it is known: what a seat is shown while they speak."""
    found = _fresh(OPEN - {State.DRAFT}, settings.DISPATCH_REPEAT_DAYS).filter(citizen=citizen, duty_item__code=item_code)
    if place is not None:
        found = found.filter(place=place)
    return found.order_by("created_at").first()
