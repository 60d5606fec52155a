"""Rehearsing a draft: rules, duty list or model are replayed over past orders before anyone publishes them.

Nothing is written. Present setup and draft are asked the same question of every order, by what decides (rules, duty list) and
what advises by words and place; orders settled before say the same to both and are left out. Where an order ended up, and
which units gave it back, tells which answer was right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.utils import timezone

from ticketing.dispatch.actions.routing import MARGIN
from ticketing.dispatch.candidates import (
    CLASSIFIER_FLOOR,
    OrderFacts,
    Reason,
    classifier_reason,
    duty_reason,
    place_reason,
    rule_reason,
)
from ticketing.dispatch.classifier import MODEL, Router, Suggestion
from ticketing.dispatch.models import DispatchRule
from ticketing.dispatch.rules import BadRule, met, rules_from, subject_of
from ticketing.orders.models import OrderEvent, Secrecy, WorkOrder
from ticketing.orders.workflow import Action
from ticketing.organisation.models import DutyItem, Level, Region, Unit, Urgency
from ticketing.organisation.selectors import region_chain, responsible_unit

BATCH = 1000
WORDS_READ = 2000  # characters of an order the model reads here; more would not change its guess
EXAMPLES = 50
TO_A_PERSON = ""  # stands for "a dispatcher decides" where a unit's code is expected


class UnreadableDraft(ValueError):
    """The draft refers to something unknown or has another form; the message says which and what to do."""


@dataclass(slots=True)
class Setup:
    """What dispatch goes by: rules in order, items by code, the text model."""

    rules: list[DispatchRule]
    items: dict[str, DutyItem]
    router: Router

    @classmethod
    def present(cls) -> Setup:
        """What is in force now."""
        return cls(
            rules=list(
                DispatchRule.objects.filter(is_active=True).select_related("to_unit", "to_item__owner", "duty_item", "region")
            ),
            items={i.code: i for i in DutyItem.objects.filter(is_active=True).select_related("owner")},
            router=Router(Path(settings.MODELS_DIR) / "router"),
        )

    def draft(self, *, rules: Path | None = None, duty_list: Path | None = None, model: Path | None = None) -> Setup:
        """This setup with what the files change; rules replace all rules, the duty list changes or adds the items it names.

        Raises UnreadableDraft.
        """
        rule_rows = None if rules is None else _read(rules)
        item_rows = None if duty_list is None else _read(duty_list)
        try:
            return self.with_rows(rules=rule_rows, items=item_rows, model=model)
        except UnreadableDraft as error:
            named = rules if "rule" in str(error) else duty_list
            raise UnreadableDraft(f"{named.name}: {error}" if named else str(error)) from error

    def with_rows(
        self,
        *,
        rules: list[dict[str, Any]] | None = None,
        items: list[dict[str, Any]] | None = None,
        model: Path | None = None,
    ) -> Setup:
        """This setup with what the rows change, as `draft` does with files. Raises UnreadableDraft."""
        units = {u.code: u for u in Unit.objects.select_related("region")}
        known = self.items if items is None else self.items | _draft_items(items, self.items, units)
        drafted = _renewed(self.rules, known) if rules is None else _draft_rules(rules, known, units)
        router = self.router
        if model is not None:
            router = Router(model)
            if router.reason_degraded:
                raise UnreadableDraft(f"{model} holds no usable {MODEL}: {router.reason_degraded}.")
        return Setup(drafted, known, router)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The unit that would be named first (its code, or TO_A_PERSON), whether it would be sent there at once, and why."""

    unit: str
    automatic: bool
    reasons: tuple[Reason, ...] = ()


@dataclass(slots=True)
class OfUnit:
    """What a draft would change for one unit. Returns: orders it gave back, or would have to give back."""

    gets: int = 0
    loses: int = 0
    returns_saved: int = 0
    returns_caused: int = 0


@dataclass(slots=True)
class Outcome:
    """What a rehearsal found. `right_*`: orders whose first proposal is where they ended up."""

    orders: int = 0
    generated: int = 0
    moved: int = 0
    right_now: int = 0
    right_then: int = 0
    automatic_now: int = 0
    automatic_then: int = 0
    returns_saved: int = 0
    returns_caused: int = 0
    units: dict[str, OfUnit] = field(default_factory=lambda: defaultdict(OfUnit))
    examples: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Moved:
    """An order that the draft would have sent elsewhere, or to someone else. `effect`: saved, caused or empty."""

    order: int
    now: Proposal
    then: Proposal
    settled_by: str
    effect: str


@dataclass(frozen=True, slots=True)
class _Past:
    pk: int
    number: str
    origin: str
    facts: OrderFacts
    settled_by: str
    gave_back: frozenset[str]

    def is_wrong(self, proposal: Proposal) -> bool:
        """Whether a dispatch at once would have come back: the unit gave it back, or another one settled it."""
        return proposal.automatic and (proposal.unit in self.gave_back or proposal.unit != self.settled_by)

    def is_right(self, proposal: Proposal) -> bool:
        return proposal.unit == self.settled_by and proposal.unit not in self.gave_back


def rehearse(
    *,
    present: Setup,
    draft: Setup,
    days: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
    keep: Callable[[Moved], None] = lambda moved: None,
) -> Outcome:
    """Replay `draft` beside `present` over the orders of the last `days` days that reached a unit. Never sealed reports.

    `keep` is given each order that the draft would have sent elsewhere, as it is found.
    """
    outcome = Outcome()
    orders = WorkOrder.objects.filter(created_at__gte=timezone.now() - timedelta(days=days), unit__isnull=False)
    orders = orders.exclude(secrecy=Secrecy.SEALED)
    total = orders.count()
    for past in _past(orders):
        guesses = _suggest(present, past)
        now = propose(present, past, guesses)
        then = propose(draft, past, guesses if draft.router is present.router else _suggest(draft, past))
        _note(outcome, past, now, then, keep)
        if outcome.orders % 50 == 0:
            progress(outcome.orders, total)
    progress(total, total)
    outcome.units = dict(outcome.units)
    return outcome


def propose(setup: Setup, past: _Past, guesses: list[Suggestion]) -> Proposal:
    """Where `setup` would send an order, given what its model says of the words."""
    facts, chain = past.facts, region_chain(past.facts.region)
    reasons: dict[str, dict[str, Reason]] = defaultdict(dict)
    regions: dict[str, int | None] = {}

    def add(unit: Unit | None, reason: Reason) -> None:
        if unit is not None and unit.is_active and unit.accepts_orders:
            reasons[unit.code].setdefault(reason.kind, reason)
            regions[unit.code] = unit.region_id

    item = setup.items.get(facts.duty_item.code) if facts.duty_item else None
    subject = subject_of(text=facts.text, item=facts.duty_item, chain=chain, urgency=facts.urgency, order_type=facts.order_type)
    rules, _faults = met(setup.rules, subject)
    for rule in rules:
        item = item or rule.to_item
        unit = rule.to_unit or (responsible_unit(rule.to_item, facts.region) if rule.to_item else None)
        add(unit, rule_reason(rule, first=rules[0]))
    if item is not None:
        add(responsible_unit(item, facts.region), duty_reason(item))
    for guess in guesses:
        guessed = setup.items.get(guess.item_code)
        if guessed is not None and guess.probability >= CLASSIFIER_FLOOR:
            add(responsible_unit(guessed, facts.region) or guessed.owner, classifier_reason(guessed, guess.probability))
    fine = {r.pk: r.name for r in chain if r.level not in (Level.PROVINCE, Level.CITY)}
    for code, given in reasons.items():
        if (area := regions[code]) in fine:
            given["place"] = place_reason(fine[area])
    if not reasons:
        return Proposal(TO_A_PERSON, automatic=False)
    scores = {code: round(sum(r.weight for r in given.values()), 2) for code, given in reasons.items()}
    decisive = {code for code, given in reasons.items() if not given.keys().isdisjoint(("rule", "duty"))}
    ranked = sorted(scores, key=lambda code: (-scores[code], code))
    best = ranked[0]
    rivals = [code for code in ranked[1:] if code in decisive]
    ahead = not rivals or scores[best] - scores[rivals[0]] >= MARGIN
    automatic = best in decisive and ahead and facts.urgency != Urgency.CRITICAL
    return Proposal(best, automatic, tuple(reasons[best].values()))


def _suggest(setup: Setup, past: _Past) -> list[Suggestion]:
    return setup.router.suggest(past.facts.text[:WORDS_READ], limit=6)


def _note(outcome: Outcome, past: _Past, now: Proposal, then: Proposal, keep: Callable[[Moved], None]) -> None:
    outcome.orders += 1
    outcome.generated += past.origin == WorkOrder.Origin.GENERATED
    outcome.right_now += past.is_right(now)
    outcome.right_then += past.is_right(then)
    outcome.automatic_now += now.automatic
    outcome.automatic_then += then.automatic
    effect = ""
    if past.is_wrong(now) and not past.is_wrong(then):
        effect = "saved"
        outcome.returns_saved += 1
        outcome.units[now.unit].returns_saved += 1
    if past.is_wrong(then) and not past.is_wrong(now):
        effect = "caused"
        outcome.returns_caused += 1
        outcome.units[then.unit].returns_caused += 1
    if now.unit == then.unit and now.automatic == then.automatic:
        return
    outcome.moved += 1
    keep(Moved(past.pk, now, then, past.settled_by, effect))
    if now.unit != then.unit:
        outcome.units[now.unit].loses += 1
        outcome.units[then.unit].gets += 1
    if len(outcome.examples) < EXAMPLES:
        row = {"order": past.number, "now": now.unit, "draft": then.unit, "settled_by": past.settled_by}
        outcome.examples.append(row | {"by_machine_now": str(now.automatic), "by_machine_draft": str(then.automatic)})


def _past(orders: Any) -> Iterator[_Past]:
    """The orders with what became of them; two queries a batch, whatever their number."""
    regions, items = Region.objects.in_bulk(), DutyItem.objects.select_related("owner").in_bulk()
    facts = ("title", "content", "duty_item_id", "region_id", "unit__code", "urgency", "order_type__code")
    columns = ("pk", "number", "origin", *facts)
    batch: list[tuple[Any, ...]] = []
    for row in orders.order_by("pk").values_list(*columns).iterator(chunk_size=BATCH):
        batch.append(row)
        if len(batch) == BATCH:
            yield from _with_returns(batch, regions, items)
            batch = []
    yield from _with_returns(batch, regions, items)


def _with_returns(rows: list[tuple[Any, ...]], regions: dict[int, Region], items: dict[int, DutyItem]) -> Iterable[_Past]:
    returns: dict[int, set[str]] = defaultdict(set)
    events = OrderEvent.objects.filter(order__in=[row[0] for row in rows], action=Action.ACCEPT_RETURN)
    for order, data in events.values_list("order_id", "data"):
        returns[order].add(str(data.get("from_unit", "")))
    for pk, number, origin, title, content, item, region, unit, urgency, kind in rows:
        facts = OrderFacts(
            text=f"{title}\n{content}",
            duty_item=items.get(item),
            region=regions.get(region),
            urgency=urgency,
            order_type=kind,
        )
        yield _Past(pk, number, origin, facts, unit, frozenset(returns.get(pk, ())))


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except FileNotFoundError:
        raise UnreadableDraft(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UnreadableDraft(f"{path.name} is not readable YAML: {' '.join(str(error).split())[:200]}.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableDraft(f"{path.name} must be a list of entries, as in the city's own file.")
    return rows


def _draft_items(rows: list[dict[str, Any]], known: dict[str, DutyItem], units: dict[str, Unit]) -> dict[str, DutyItem]:
    found = {}
    for row in rows:
        code = str(row.get("code") or "")
        old = known.get(code)
        owner = units.get(str(row["owner"])) if row.get("owner") else (old.owner if old else None)
        if not code or owner is None:
            raise UnreadableDraft(f"item {code or '(no code)'} has no owner that is a unit here ({row.get('owner')}).")
        acts_at = str(row.get("acts_at") or (old.acts_at if old else Level.CITY))
        if acts_at not in Level.values:
            raise UnreadableDraft(f"item {code} acts at {acts_at!r}; one of {', '.join(Level.values)} is needed.")
        item = DutyItem(pk=old.pk if old else None, code=code, name=str(row.get("name") or (old.name if old else code)))
        item.owner, item.acts_at, item.legal_basis = owner, acts_at, old.legal_basis if old else []
        found[code] = item
    return found


def _draft_rules(rows: list[dict[str, Any]], items: dict[str, DutyItem], units: dict[str, Unit]) -> list[DispatchRule]:
    regions = {r.code: r for r in Region.objects.all()}
    try:
        rules = rules_from([row for row in rows if row.get("active") is not False], units=units, items=items, regions=regions)
    except BadRule as error:
        raise UnreadableDraft(f"{error}.") from error
    return sorted(rules, key=lambda rule: rule.position)


def _renewed(rules: list[DispatchRule], items: dict[str, DutyItem]) -> list[DispatchRule]:
    """The rules as they are, pointing at the items of a drafted duty list."""
    renewed = []
    for rule in rules:
        copy = DispatchRule(**{f.attname: getattr(rule, f.attname) for f in DispatchRule._meta.concrete_fields})
        copy.to_unit, copy.duty_item, copy.region = rule.to_unit, rule.duty_item, rule.region
        copy.to_item = items.get(rule.to_item.code, rule.to_item) if rule.to_item else None
        renewed.append(copy)
    return renewed
