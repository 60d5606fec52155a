"""What a rule would have met: its condition is asked of the orders of the last month before anybody publishes it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from ticketing.dispatch.conditions import Condition
from ticketing.dispatch.rules import subject_of
from ticketing.orders.models import Secrecy
from ticketing.orders.selectors import visible_orders
from ticketing.organisation.models import DutyItem, Region, Staff
from ticketing.organisation.selectors import region_chain

DAYS = 30
MOST_READ = 20_000
EXAMPLES = 10
UNITS = 5


@dataclass(frozen=True, slots=True)
class Example:
    """An order that the condition meets, and who has it."""

    number: str
    title: str
    unit: str


@dataclass(slots=True)
class Preview:
    """Of `read` orders of DAYS days `count` were met; `units`: where most of these went. `cut`: only the newest were read."""

    read: int = 0
    count: int = 0
    cut: bool = False
    units: list[tuple[str, int]] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)


def preview(condition: Condition, *, staff: Staff) -> Preview:
    """Ask the newest MOST_READ orders of the last DAYS days that `staff` may see. Never sealed reports; three queries."""
    found, went = Preview(), Counter[str]()
    regions, items = Region.objects.in_bulk(), DutyItem.objects.in_bulk()
    orders = visible_orders(staff).exclude(secrecy=Secrecy.SEALED).select_related(None)
    orders = orders.filter(created_at__gte=timezone.now() - timedelta(days=DAYS)).order_by("-created_at")
    columns = ("number", "title", "content", "duty_item_id", "region_id", "urgency", "order_type__code", "unit__name")
    rows = orders.values_list(*columns)[: MOST_READ + 1]
    for number, title, content, item, region, urgency, kind, unit in rows.iterator(chunk_size=1000):
        if found.read == MOST_READ:
            found.cut = True
            break
        found.read += 1
        subject = subject_of(
            text=f"{title}\n{content}",
            item=items.get(item) if item else None,
            chain=region_chain(regions.get(region)) if region else [],
            urgency=urgency,
            order_type=kind,
        )
        if condition(subject):
            found.count += 1
            went[unit or ""] += 1
            if len(found.examples) < EXAMPLES:
                found.examples.append(Example(number, title, unit or ""))
    found.units = went.most_common(UNITS)
    return found
