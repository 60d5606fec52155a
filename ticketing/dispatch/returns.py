"""What units gave back: an accepted return lowers the path by which the order had come, for a while.

Counted every hour over the last DAYS days by item and unit, and kept, because every order that is ranked asks for it.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import Count
from django.utils import timezone

from ticketing.orders.models import OrderEvent, Secrecy, WorkOrder
from ticketing.orders.workflow import Action
from ticketing.organisation.kept import kept
from ticketing.organisation.models import DutyItem, Unit

DAYS = 90
CACHE_KEY = "dispatch.returns"
KEPT_SECONDS = 2 * 3600


class Returns(NamedTuple):
    """How many orders of an item a unit gave back, of how many it was sent."""

    returned: int
    sent: int

    @property
    def share(self) -> float:
        return self.returned / self.sent


def of(item_id: int, unit_id: int) -> Returns | None:
    """What a unit gave back of an item; None where it gave nothing back."""
    return _kept().get((item_id, unit_id))


@kept
def _kept() -> dict[tuple[int, int], Returns]:
    known: dict[tuple[int, int], tuple[int, int]] | None = cache.get(CACHE_KEY)
    return refresh() if known is None else {pair: Returns(*counts) for pair, counts in known.items()}


def refresh() -> dict[tuple[int, int], Returns]:
    """Count anew and keep the result. Generated and sealed orders never count."""
    since = timezone.now() - timedelta(days=DAYS)
    units, items = dict(Unit.objects.values_list("code", "pk")), dict(DutyItem.objects.values_list("code", "pk"))
    back = OrderEvent.objects.filter(action=Action.ACCEPT_RETURN, at__gte=since)
    back = back.exclude(order__origin=WorkOrder.Origin.GENERATED).exclude(order__secrecy=Secrecy.SEALED)
    story = OrderEvent.objects.filter(order__in=back.values("order"), action__in=[Action.DISPATCH, Action.ACCEPT_RETURN])
    returned: Counter[tuple[int, int]] = Counter()
    sent_as: dict[int, str] = {}  # what an order was dispatched as; a dispatcher may have changed it since
    for order, action, at, data in story.order_by("order_id", "seq").values_list("order_id", "action", "at", "data"):
        if action == Action.DISPATCH:
            sent_as[order] = str(data.get("item") or "")
        elif at >= since and (item := items.get(sent_as.get(order, ""))) and (unit := units.get(data.get("from_unit", ""))):
            returned[item, unit] += 1
    held = WorkOrder.objects.filter(
        dispatched_at__gte=since, duty_item__in={item for item, _unit in returned}, unit__isnull=False
    )
    held = held.exclude(origin=WorkOrder.Origin.GENERATED).exclude(secrecy=Secrecy.SEALED)
    kept_now = {
        (i, u): n for i, u, n in held.order_by().values_list("duty_item_id", "unit_id").annotate(n=Count("pk")) if i and u
    }
    found = {pair: Returns(n, n + kept_now.get(pair, 0)) for pair, n in returned.items()}
    cache.set(CACHE_KEY, {pair: tuple(counts) for pair, counts in found.items()}, KEPT_SECONDS)
    return found
