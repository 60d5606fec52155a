"""Which unit should have an order: ranked candidates, each with its reasons in words.

A score is the sum of the weights of the reasons, so that taking one fact away takes its reason away and changes the
score by just that. Rules and the duty list (派单目录) decide; similar orders and the classifier only advise; what a unit
gave back speaks against it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.dispatch import returns
from ticketing.dispatch.classifier import get_router
from ticketing.dispatch.models import DispatchRule
from ticketing.dispatch.rules import Fault, met, subject_of
from ticketing.orders.impartial import barred_units
from ticketing.orders.models import WorkOrder
from ticketing.orders.sealed import countable
from ticketing.orders.workflow import State
from ticketing.organisation.kept import kept
from ticketing.organisation.models import DutyItem, Level, Region, Unit
from ticketing.organisation.selectors import duty_item, region_chain, regions_below, responsible_unit, successor_of

WEIGHT_RULE = 100.0
WEIGHT_LATER_RULE = 50.0  # of a rule that holds too, but stands after one that held
WEIGHT_DUTY = 60.0
WEIGHT_PLACE = 15.0
WEIGHT_SIMILAR = 20.0
WEIGHT_CLASSIFIER = 30.0
WEIGHT_RETURNED = -40.0  # times the share that the unit gave back
SIMILAR_DAYS = 180
CLASSIFIER_FLOOR = 0.005


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `kind`: rule, duty, place, similar, classifier, or returned, which speaks against; `item`: the duty item it took the words for."""

    kind: str
    text: str
    weight: float
    item: str = ""


@dataclass(slots=True)
class Candidate:
    """A unit with the reasons that speak for it."""

    unit: Unit
    reasons: list[Reason] = field(default_factory=list)

    @property
    def score(self) -> float:
        return round(sum(r.weight for r in self.reasons), 2)

    @property
    def is_decisive(self) -> bool:
        """Whether a rule or the duty list names this unit; the classifier and past orders never suffice."""
        return any(r.kind in ("rule", "duty") for r in self.reasons)

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit.pk,
            "unit_name": self.unit.name,
            "score": self.score,
            "reasons": [asdict(r) for r in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What dispatch looks at. Leave one out to see what it was worth."""

    text: str
    duty_item: DutyItem | None = None
    region: Region | None = None
    urgency: str = ""
    order_type: str = ""  # its code
    exclude_units: frozenset[int] = frozenset()  # those that gave the order back, and those it complains about


def facts_of(order: WorkOrder) -> OrderFacts:
    """The facts of an order as it stands. Units that gave it back, or that it is about, are not proposed."""
    returned = order.events.filter(action="accept_return").values_list("data__from_unit", flat=True)
    gave_back = (
        Unit.objects.filter(code__in=[c for c in returned if c]).values_list("pk", flat=True) if order.return_count else []
    )
    return OrderFacts(
        text=f"{order.title}\n{order.content}",
        duty_item=order.duty_item,
        region=order.region,
        urgency=order.urgency,
        order_type=order.order_type.code,
        exclude_units=frozenset(gave_back) | barred_units(order),
    )


def rank(facts: OrderFacts, *, limit: int = 5, faults: list[Fault] | None = None) -> list[Candidate]:
    """Candidates for an order, best first. Rules that raised an error are passed over and added to `faults`."""
    found: dict[int, Candidate] = {}

    def add(unit: Unit | None, reason: Reason) -> None:
        unit = successor_of(unit) if unit is not None else None  # rules and past orders may name a unit that was merged
        if unit is None or not (unit.is_active and unit.accepts_orders) or unit.pk in facts.exclude_units:
            return
        candidate = found.setdefault(unit.pk, Candidate(unit))
        if reason.kind not in {r.kind for r in candidate.reasons}:
            candidate.reasons.append(reason)

    chain = region_chain(facts.region)
    item = facts.duty_item
    subject = subject_of(text=facts.text, item=item, chain=chain, urgency=facts.urgency, order_type=facts.order_type)
    rules, broken = met(_active_rules(), subject)
    if faults is not None:
        faults += broken
    for rule in rules:
        item = item or rule.to_item
        unit = rule.to_unit or (responsible_unit(rule.to_item, facts.region) if rule.to_item else None)
        add(unit, rule_reason(rule, first=rules[0]))
    suggestions = get_router().suggest(facts.text, limit=6) if facts.text.strip() else []
    items = {s.item_code: known for s in suggestions if (known := duty_item(s.item_code)) is not None}
    if item is not None:
        add(responsible_unit(item, facts.region), duty_reason(item))
    for suggestion in suggestions:
        guessed = items.get(suggestion.item_code)
        if guessed is None or suggestion.probability < CLASSIFIER_FLOOR:
            continue
        add(
            responsible_unit(guessed, facts.region) or _coarse_owner(guessed),
            classifier_reason(guessed, suggestion.probability),
        )
    likely = item or next(iter(items.values()), None)
    for unit, share, count in _similar(likely, chain):
        text = _("%(count)d similar orders here were settled by this unit (%(share)d %%)") % {
            "count": count,
            "share": round(share * 100),
        }
        add(unit, Reason("similar", text, round(WEIGHT_SIMILAR * share, 2)))
    _add_place_reasons(found, chain)
    if item is not None:
        for candidate in found.values():
            if (record := returns.of(item.pk, candidate.unit.pk)) is not None:
                candidate.reasons.append(returned_reason(record))
    if not found and chain:
        for unit in _territorial_units(chain):
            add(unit, place_reason(unit.region.name))
    return sorted(found.values(), key=lambda c: (-c.score, c.unit.code))[:limit]


def rule_reason(rule: DispatchRule, *, first: DispatchRule) -> Reason:
    """That a rule names the unit; a rule further down than the first that held weighs less."""
    weight = WEIGHT_RULE if rule.position <= first.position else WEIGHT_LATER_RULE
    return Reason("rule", _("Rule “%(rule)s” names this unit") % {"rule": rule.name}, weight)


def duty_reason(item: DutyItem) -> Reason:
    """That the duty list gives the item to the unit, with the law it rests on."""
    basis = "; ".join(f"{b.get('law', '')}{b.get('article', '')}" for b in item.legal_basis[:1])
    text = _("The duty list gives “%(item)s” to this unit") % {"item": item.name}
    return Reason("duty", f"{text} ({basis})" if basis else text, WEIGHT_DUTY)


def classifier_reason(item: DutyItem, probability: float) -> Reason:
    """That the classifier takes the words for an item of the unit."""
    values = {"item": item.name, "share": round(probability * 100)}
    text = _("The words resemble “%(item)s” (%(share)d %%)") % values
    return Reason("classifier", text, round(WEIGHT_CLASSIFIER * probability, 2), item.code)


def place_reason(name: str) -> Reason:
    """That the place lies in the unit's area."""
    return Reason("place", _("The place lies in %(region)s") % {"region": name}, WEIGHT_PLACE)


def returned_reason(record: returns.Returns) -> Reason:
    """That the unit gave back orders like this one."""
    values = {"returned": record.returned, "sent": record.sent, "days": returns.DAYS}
    text = _("This unit gave back %(returned)d of %(sent)d such orders in %(days)d days") % values
    return Reason("returned", text, round(WEIGHT_RETURNED * record.share, 2))


@kept
def _active_rules() -> tuple[DispatchRule, ...]:
    active = DispatchRule.objects.filter(is_active=True)
    return tuple(active.select_related("to_unit", "to_item__owner", "duty_item", "region"))


def _coarse_owner(item: DutyItem) -> Unit | None:
    """Without a place that is fine enough the owner's own city office is the nearest guess."""
    return item.owner


def _similar(item: DutyItem | None, chain: list[Region]) -> list[tuple[Unit, float, int]]:
    """Units that settled orders on the same item in the same district lately, with their share."""
    if item is None:
        return []
    district = next((r for r in chain if r.level == Level.DISTRICT), None)
    return list(_settled_by(item.pk, district.pk if district else None))


@kept
def _settled_by(item_id: int, district_id: int | None) -> tuple[tuple[Unit, float, int], ...]:
    since = timezone.now() - timedelta(days=SIMILAR_DAYS)
    settled = countable().filter(
        duty_item=item_id, state__in=[State.CLOSED, State.ARCHIVED], closed_at__gte=since, unit__isnull=False
    )
    if district_id is not None:
        settled = settled.filter(region_id__in=regions_below(district_id))
    rows = list(settled.values("unit_id").annotate(n=Count("pk")).order_by("-n")[:3])
    total = sum(row["n"] for row in rows)
    units = Unit.objects.select_related("region").in_bulk([row["unit_id"] for row in rows])
    return tuple((units[row["unit_id"]], row["n"] / total, row["n"]) for row in rows)


def _add_place_reasons(found: dict[int, Candidate], chain: list[Region]) -> None:
    areas = defaultdict(str, {r.pk: r.name for r in chain if r.level not in (Level.PROVINCE, Level.CITY)})
    for candidate in found.values():
        if candidate.unit.region_id in areas:
            candidate.reasons.append(place_reason(areas[candidate.unit.region_id]))


def _territorial_units(chain: list[Region]) -> list[Unit]:
    """The street office and the district government of a place: the backstop where nothing else is known (兜底)."""
    regions = [r.pk for r in chain if r.level in (Level.STREET, Level.DISTRICT)]
    kinds = [Unit.Kind.STREET, Unit.Kind.GOVERNMENT]
    return list(Unit.objects.filter(region_id__in=regions, kind__in=kinds, is_active=True).select_related("region"))
