"""Whether the classifier may dispatch alone: only where people's decisions show that it is right often enough.

For each category of duty items the lower end of the Wilson score interval (E. B. Wilson, JASA 22, 1927) of its measured
precision must reach 0.95, over at least 50 orders of the last 90 days that people decided. Until then rules and the duty list
decide alone. Examples that were generated and orders brought over from another system never count: nobody decided them here
with the machine's guess on record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.dispatch.models import Decision
from ticketing.orders.models import OrderEvent, Secrecy, WorkOrder
from ticketing.orders.workflow import Action
from ticketing.organisation.models import DutyCategory, DutyItem, Unit

NEEDED_PRECISION = 0.95
FEWEST_ORDERS = 50
DAYS = 90
Z = 1.959963984540054  # 97.5 % of the standard normal distribution: both ends of the interval together leave 5 % out
CACHE_KEY = "dispatch.trust"
KEPT_SECONDS = 2 * 3600  # refreshed every hour by ticketing.dispatch.tasks
READ_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Record:
    """How the classifier did in one category: `right` of `decided` orders, and the lower bound of that share."""

    category: str
    decided: int = 0
    right: int = 0

    @property
    def bound(self) -> float:
        """Lower end of the Wilson interval at 95 %."""
        return wilson_lower(self.right, self.decided)

    @property
    def percent(self) -> float:
        """The measured precision, in percent."""
        return 100 * self.right / self.decided if self.decided else 0.0

    @property
    def bound_percent(self) -> float:
        """The lower end, in percent."""
        return 100 * self.bound

    @property
    def is_enough(self) -> bool:
        """Whether the classifier may dispatch alone in this category."""
        return self.decided >= FEWEST_ORDERS and self.bound >= NEEDED_PRECISION

    @property
    def working(self) -> str:
        """The reckoning in words, for whoever asks why."""
        return _(
            "The classifier was right in %(right)d of %(decided)d orders that people decided in %(days)d days: at least "
            "%(bound).1f %% (needed: %(needed)d %% and %(fewest)d orders)"
        ) % {
            "right": self.right,
            "decided": self.decided,
            "days": DAYS,
            "bound": self.bound * 100,
            "needed": round(NEEDED_PRECISION * 100),
            "fewest": FEWEST_ORDERS,
        }


def wilson_lower(right: int, n: int, *, z: float = Z) -> float:
    """Lower end of the Wilson score interval for `right` of `n`; 0 for no trials. Raises ValueError for an impossible count."""
    if not 0 <= right <= n:
        raise ValueError(f"{right} of {n} is no share")
    if n == 0:
        return 0.0
    share, squared = right / n, z * z
    middle = share + squared / (2 * n)
    reach = z * sqrt(share * (1 - share) / n + squared / (4 * n * n))
    return max(0.0, (middle - reach) / (1 + squared / n))


def may_dispatch_alone(category: DutyCategory | None) -> bool:
    """Whether the classifier may dispatch an order of this category without a rule, the duty list or a person."""
    return category is not None and record_of(category).is_enough


def record_of(category: DutyCategory) -> Record:
    """The classifier's record in a category; an empty one where nothing was decided."""
    return records().get(category.code, Record(category.code))


def records() -> dict[str, Record]:
    """All records by category code, as of the last hour or two."""
    known: dict[str, tuple[int, int]] | None = cache.get(CACHE_KEY)
    if known is None:
        return refresh()
    return {code: Record(code, *counts) for code, counts in known.items()}


def refresh() -> dict[str, Record]:
    """Count anew and keep the result."""
    found = count_records(now=timezone.now())
    cache.set(CACHE_KEY, {code: (r.decided, r.right) for code, r in found.items()}, KEPT_SECONDS)
    return found


@dataclass(slots=True)
class _Case:
    """One order: what the classifier said first, where people last sent it, which units gave it back."""

    item_category: str = ""
    guess: int | None = None
    guessed_item: str = ""
    sent_to: int | None = None
    sent_at: datetime | None = None
    gave_back: set[int] = field(default_factory=set)

    def send(self, unit: int | None, at: datetime) -> None:
        if unit is not None and (self.sent_at is None or at >= self.sent_at):
            self.sent_to, self.sent_at = unit, at

    @property
    def is_decided(self) -> bool:
        return self.guess is not None and (self.sent_to is not None or self.guess in self.gave_back)

    @property
    def is_right(self) -> bool:
        """The guess is where the order ended up, and that unit did not give it back."""
        return self.guess == self.sent_to and self.guess not in self.gave_back


def count_records(*, now: datetime) -> dict[str, Record]:
    """Records by category code over the DAYS before `now`. Four queries, whatever the number of orders."""
    since = now - timedelta(days=DAYS)
    chosen = Decision.objects.filter(order=OuterRef("pk"), automatic=False, chosen_unit__isnull=False, at__gte=since)
    overruled = OrderEvent.objects.filter(
        order=OuterRef("pk"), action__in=[Action.ACCEPT_RETURN, Action.REASSIGN], actor_kind="staff", at__gte=since
    )
    orders = WorkOrder.objects.filter(origin=WorkOrder.Origin.LIVE).exclude(secrecy=Secrecy.SEALED)
    orders = orders.filter(Q(Exists(chosen)) | Q(Exists(overruled)))
    cases = _read_cases(orders)
    categories = dict(DutyItem.objects.values_list("code", "category__code"))
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case in cases:
        category = categories.get(case.guessed_item) or case.item_category
        if category and case.is_decided:
            counts[category][0] += 1
            counts[category][1] += case.is_right
    return {code: Record(code, decided, right) for code, (decided, right) in counts.items()}


def _read_cases(orders: Any) -> Iterable[_Case]:
    cases: dict[int, _Case] = defaultdict(_Case)
    decisions = Decision.objects.filter(order__in=orders).order_by("at", "pk")
    rows = decisions.values_list(
        "order_id", "order__duty_item__category__code", "automatic", "chosen_unit_id", "at", "candidates"
    )
    for order, category, automatic, unit, at, candidates in rows.iterator(chunk_size=READ_AT_ONCE):
        case = cases[order]
        case.item_category = category or ""
        if case.guess is None:
            case.guess, case.guessed_item = classifiers_guess(candidates)
        if not automatic:
            case.send(unit, at)
    units = dict(Unit.objects.values_list("code", "pk"))
    events = OrderEvent.objects.filter(order__in=orders, actor_kind="staff", action__in=[Action.ACCEPT_RETURN, Action.REASSIGN])
    for order, action, at, data in events.values_list("order_id", "action", "at", "data").iterator(chunk_size=READ_AT_ONCE):
        if order not in cases:
            continue
        if action == Action.REASSIGN:
            cases[order].send(units.get(data.get("unit", "")), at)
        elif (giver := units.get(data.get("from_unit", ""))) is not None:
            cases[order].gave_back.add(giver)
    return cases.values()


def classifiers_guess(candidates: list[dict[str, Any]]) -> tuple[int | None, str]:
    """The unit for which the classifier spoke most, and the code of the item it took the words for ("" where not recorded)."""
    best: tuple[float, int | None, str] = (0.0, None, "")
    for candidate in candidates:
        for reason in candidate.get("reasons", []):
            if reason.get("kind") == "classifier" and reason.get("weight", 0.0) > best[0]:
                best = (reason["weight"], candidate["unit"], str(reason.get("item") or ""))
    return best[1], best[2]
