"""The share first dispatched right (一次派准率), by month, category and unit, counted from the history of orders.

An order counts in the month of its first dispatch, for the unit it went to, once that unit has signed it or it has come back.
It was right unless a return was accepted, it was reassigned, or a ruling gave it to another unit. A dispatch that was undone at
once does not count as one. Generated, imported and sealed orders never count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from django.core.cache import cache
from django.utils import timezone

from ticketing.orders.models import OrderEvent, Secrecy, WorkOrder
from ticketing.orders.workflow import Action

MONTHS = 12
CACHE_KEY = "dispatch.accuracy"
KEPT_SECONDS = 2 * 3600
AWAY = frozenset({Action.ACCEPT_RETURN, Action.REASSIGN})
READ = [Action.DISPATCH, Action.UNDO_DISPATCH, Action.SIGN, Action.RULE, *AWAY]


class Cell(NamedTuple):
    """Orders of one month, category and unit: `sent` first there, `right` of them, and how many of both by the machine."""

    month: str
    category: str
    unit: str
    sent: int
    right: int
    machine_sent: int
    machine_right: int


@dataclass(frozen=True, slots=True)
class Share:
    """One row of the table: the figures of a month, a category or a unit."""

    key: str
    sent: int = 0
    right: int = 0
    machine_sent: int = 0
    machine_right: int = 0

    @property
    def share(self) -> float | None:
        """The share first dispatched right, in percent."""
        return 100 * self.right / self.sent if self.sent else None

    @property
    def machine_share(self) -> float | None:
        """The same of those that the machine dispatched."""
        return 100 * self.machine_right / self.machine_sent if self.machine_sent else None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """All cells, and when they were counted."""

    cells: list[Cell]
    counted_at: datetime

    @property
    def months(self) -> list[str]:
        """The months that have figures, newest first."""
        return sorted({cell.month for cell in self.cells}, reverse=True)

    def by(self, group: str, *, month: str = "") -> list[Share]:
        """The figures by month, category or unit, of one month or of all: most orders first, months newest first."""
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for cell in self.cells:
            if not month or cell.month == month:
                total = sums[getattr(cell, group)]
                for n, value in enumerate(cell[3:]):
                    total[n] += value
        rows = [Share(key, *values) for key, values in sums.items()]
        return (
            sorted(rows, key=lambda r: r.key, reverse=True) if group == "month" else sorted(rows, key=lambda r: (-r.sent, r.key))
        )

    def whole(self, *, month: str = "") -> Share:
        """The figures of one month, or of all, in one row."""
        rows = self.by("month", month=month)
        return Share("", *(sum(values) for values in zip(*(list(_figures(r)) for r in rows), strict=True)))


def _figures(row: Share) -> Iterator[int]:
    yield from (row.sent, row.right, row.machine_sent, row.machine_right)


def known() -> Accuracy:
    """The figures as of the last hour or two."""
    kept: tuple[list[tuple[Any, ...]], datetime] | None = cache.get(CACHE_KEY)
    return refresh() if kept is None else Accuracy([Cell(*row) for row in kept[0]], kept[1])


def refresh() -> Accuracy:
    """Count anew and keep the result."""
    now = timezone.now()
    found = Accuracy(count(now=now), now)
    cache.set(CACHE_KEY, ([tuple(cell) for cell in found.cells], now), KEPT_SECONDS)
    return found


def count(*, now: datetime) -> list[Cell]:
    """The cells of the last MONTHS months. One query, read in order of the orders."""
    since = now - timedelta(days=31 * MONTHS)
    events = OrderEvent.objects.filter(action__in=READ, at__gte=since, order__origin=WorkOrder.Origin.LIVE)
    events = events.exclude(order__secrecy=Secrecy.SEALED).order_by("order_id", "seq")
    columns = ("order_id", "action", "at", "actor_kind", "data__unit", "order__duty_item__category__code")
    sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    rows = events.values_list(*columns).iterator(chunk_size=5000)
    for _order, story in groupby(rows, key=lambda row: row[0]):
        first: tuple[str, str, str] | None = None
        machine = signed = away = False
        for _pk, action, at, kind, unit, category in story:
            if action == Action.DISPATCH and first is None:
                first = (timezone.localtime(at).strftime("%Y-%m"), category or "", unit or "")
                machine = kind == "system"
            elif action == Action.UNDO_DISPATCH and not signed:
                first = None
            elif action == Action.SIGN:
                signed = True
            elif action in AWAY or (action == Action.RULE and first is not None and unit and unit != first[2]):
                away = True
        if first is not None and (signed or away):
            right = int(not away)
            for n, value in enumerate((1, right, int(machine), right * int(machine))):
                sums[first][n] += value
    return [Cell(*key, *values) for key, values in sorted(sums.items())]
