"""Routing: decide, say why, and dispatch where the decision is sure; else leave three candidates for a dispatcher."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ticketing.dispatch import trust
from ticketing.dispatch.actions.alerting import switch_off_rule
from ticketing.dispatch.candidates import Candidate, facts_of, rank
from ticketing.dispatch.models import Decision, DispatchRule
from ticketing.dispatch.neighbours import first_of_same_person
from ticketing.dispatch.rules import Fault, rules_from
from ticketing.orders.actions import dispatch_order, lock_many, merge_orders
from ticketing.orders.models import Secrecy, WorkOrder
from ticketing.orders.workflow import State
from ticketing.organisation.actor import SYSTEM, Actor
from ticketing.organisation.models import DutyItem, Region, Unit, Urgency
from ticketing.organisation.selectors import duty_item

MARGIN = 20.0  # how far the best candidate must lie ahead of the next decisive one


def route_orders(*, order_ids: Iterable[int]) -> list[Decision]:
    """Decide on orders in triage, all in one transaction, and dispatch those where rules or the duty list are sure.

    Idempotent: an order that has left triage, or is gone, is left alone. Sealed reports and critical orders always wait
    for a person.
    """
    with translation.override("zh-hans"), transaction.atomic():
        orders = [order for order in lock_many(order_ids) if order.state == State.TRIAGE and not _attach_repeat(order)]
        found = [_decide(order) for order in orders]
        decisions = Decision.objects.bulk_create([decision for decision, _candidates in found])
        for order, decision, (_decision, candidates) in zip(orders, decisions, found, strict=True):
            if decision.automatic:
                best = candidates[0]
                reason = "；".join(r.text for r in best.reasons)[:300]
                dispatch_order(order=order, actor=SYSTEM, unit=best.unit, reason=reason, decision_id=decision.pk)
    return decisions


def _attach_repeat(order: WorkOrder) -> bool:
    """Attach an order to the same person's first one on the same matter; it then follows that one, and can be taken out."""
    first = first_of_same_person(order)
    if first is None:
        return False
    reason = _("The same citizen reported this matter before, in order %(number)s") % {"number": first.number}
    merge_orders(order=order, actor=SYSTEM, into=first, reason=reason)
    return True


def _decide(order: WorkOrder) -> tuple[Decision, list[Candidate]]:
    started = time.perf_counter()
    faults: list[Fault] = []
    candidates = rank(facts_of(order), faults=faults)
    for fault in faults:
        switch_off_rule(rule=fault.rule, error=fault.error)
    automatic, explanation = judge(order, candidates)
    decision = Decision(
        order=order,
        candidates=[c.as_json() for c in candidates],
        automatic=automatic,
        chosen_unit=candidates[0].unit if automatic else None,
        explanation=explanation[:300],
        duration_ms=(time.perf_counter() - started) * 1000,
        at=timezone.now(),
    )
    return decision, candidates


def judge(order: WorkOrder, candidates: list[Candidate]) -> tuple[bool, str]:
    """Whether to dispatch by machine, and why (not)."""
    if order.secrecy == Secrecy.SEALED:
        return False, "sealed reports are dispatched by a person"
    if order.about_unit_id or order.about_staff_id:
        return False, "complaints about a unit or a person are dispatched by a person"
    if order.urgency == Urgency.CRITICAL:
        return False, "critical orders are dispatched by a person"
    if order.return_count:
        return False, "returned orders are dispatched by a person"
    if not candidates:
        return False, "no unit was found"
    best = candidates[0]
    if not best.is_decisive:
        return _by_record(best)
    rivals = [c for c in candidates[1:] if c.is_decisive]
    if rivals and best.score - rivals[0].score < MARGIN:
        return False, "two units are named with like reason"
    return True, "named by rule or duty list"


def _by_record(best: Candidate) -> tuple[bool, str]:
    """The classifier alone: only in categories where people's decisions have shown that it may (see `trust`)."""
    guess = next((reason for reason in best.reasons if reason.kind == "classifier" and reason.item), None)
    item = duty_item(guess.item) if guess is not None else None
    if item is None:
        return False, "neither a rule nor the duty list names a unit"
    record = trust.record_of(item.category)
    return record.is_enough, record.working


def choose_unit(
    *, order: WorkOrder, unit: Unit, actor: Actor, reason: str, version: int | None = None, duty_item: DutyItem | None = None
) -> WorkOrder:
    """A dispatcher's choice: recorded beside the machine's candidates, then dispatched."""
    with transaction.atomic():
        last = order.decisions.order_by("-at").first()
        decision = Decision.objects.create(
            order=order,
            candidates=last.candidates if last else [],
            automatic=False,
            chosen_unit=unit,
            explanation="" if order.secrecy == Secrecy.SEALED else reason[:300],  # it stands, sealed, in the history
            at=timezone.now(),
        )
        return dispatch_order(
            order=order, actor=actor, unit=unit, reason=reason, decision_id=decision.pk, version=version, duty_item=duty_item
        )


def import_rules(rows: Iterable[dict[str, Any]]) -> int:
    """Upsert rules by name, with rows as in dispatch_rules.yml (see `rules.rules_from`).

    Raises ValueError naming the rule that refers to something unknown or whose condition does not read.
    """
    rules = rules_from(
        rows,
        units={u.code: u for u in Unit.objects.all()},
        items={i.code: i for i in DutyItem.objects.all()},
        regions={r.code: r for r in Region.objects.all()},
    )
    with transaction.atomic():
        for rule in rules:
            put_rule(rule)
    return len(rules)


def put_rule(rule: DispatchRule) -> None:
    """Save a rule in the place of the one of its name."""
    fields = {f.name: getattr(rule, f.name) for f in DispatchRule._meta.concrete_fields if f.name not in ("id", "name")}
    DispatchRule.objects.update_or_create(name=rule.name, defaults=fields)
