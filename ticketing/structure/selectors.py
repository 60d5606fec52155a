"""What the pages and the API of the units show."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ticketing.organisation.models import DutyShift, Staff, StandIn, Unit
from ticketing.organisation.selectors import branch, chain_of, successor_of

MOST = 200  # rows of one branch shown at once; beyond that the search narrows


def unit_by_code(code: str) -> Unit | None:
    """One unit with what stands around it."""
    return Unit.objects.select_related("parent", "line", "region", "calendar", "successor").filter(code=code).first()


def branch_rows(parent: Unit | None) -> list[Unit]:
    """The units right below one (or at the top), at most MOST and one more to tell that there are others."""
    return list(branch(parent)[: MOST + 1])


def detail(unit: Unit, staff: Staff, *, sees_people: bool) -> dict[str, Any]:
    """All that a unit's page shows besides its forms. People, posts and rosters are for those of the house."""
    now = timezone.now()
    context: dict[str, Any] = {"unit": unit, "chain": chain_of(unit), "rows": branch_rows(unit), "most": MOST}
    context["successor"] = successor_of(unit) if unit.successor_id else None
    if sees_people:
        people = Staff.objects.filter(unit=unit).prefetch_related("appointments").order_by("-is_active", "display_name")
        context["people"] = list(people[:MOST])
        context["posts"] = list(unit.posts.filter(is_active=True).select_related("holder", "substitute"))
        stand_ins = StandIn.objects.filter(post__unit=unit).select_related("post", "absent", "substitute")
        context["stand_ins"] = list(stand_ins.filter(ends_at__gt=now)[:MOST])
        context["past_stand_ins"] = list(stand_ins.filter(ends_at__lte=now)[:20])
        context["shifts"] = list(DutyShift.objects.filter(unit=unit, ends_at__gt=now).select_related("staff")[:MOST])
        context["events"] = list(unit.unit_events.all()[:30])
    context["now"] = now
    return context


def unit_out(unit: Unit) -> dict[str, Any]:
    """A unit for programs."""
    return {
        "code": unit.code,
        "name": unit.name,
        "short_name": unit.short_name,
        "level": unit.level,
        "kind": unit.kind,
        "parent": unit.parent.code if unit.parent else None,
        "region": unit.region.code,
        "accepts_orders": unit.accepts_orders,
        "active": unit.is_active,
        "successor": unit.successor.code if unit.successor else None,
    }
