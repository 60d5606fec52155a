"""Dispatch: every candidate has reasons in words, every reason can be taken away, and the machine knows when to wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.cast import City
from ticketing.dispatch import actions, candidates, trust
from ticketing.dispatch.candidates import OrderFacts, rank
from ticketing.dispatch.classifier import Suggestion
from ticketing.dispatch.models import Decision, DispatchRule
from ticketing.orders import actions as orders
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import actor_for
from ticketing.orders.workflow import Action, State


class TrainedRouter:
    """Stands where the trained classifier stands: says what it is told to."""

    def __init__(self, *suggestions: Suggestion) -> None:
        self.suggestions = list(suggestions)

    def suggest(self, text: str, *, limit: int = 3) -> list[Suggestion]:
        return self.suggestions


@pytest.fixture(autouse=True)
def _router(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "get_router", lambda: TrainedRouter(Suggestion("NOISE", 0.8)))


@pytest.fixture
def facts(city: City) -> OrderFacts:
    """An order with every kind of fact: item, place, a rule's word, words for the classifier, settled orders before it."""
    for n in range(2):
        order = city.order(duty_item=city.items["NOISE"], content=f"旧{n}")
        past = {"state": State.CLOSED, "unit": city.units["EAST-HOUSE"], "closed_at": timezone.now() - timedelta(days=3)}
        WorkOrder.objects.filter(pk=order.pk).update(**past)
    DispatchRule.objects.create(name="夜间施工", any_keywords=["夜间施工"], to_unit=city.units["EAST-HOUSE"])
    return OrderFacts(text="中山路夜间施工很吵", duty_item=city.items["NOISE"], region=city.regions["east1"])


def kinds(facts: OrderFacts, unit: str = "EAST-HOUSE") -> dict[str, float]:
    found = next((c for c in rank(facts) if c.unit.code == unit), None)
    return {r.kind: r.weight for r in found.reasons} if found else {}


def test_every_kind_of_reason_is_given_in_words(facts: OrderFacts) -> None:
    best = rank(facts)[0]
    assert best.unit.code == "EAST-HOUSE"
    assert {r.kind for r in best.reasons} == {"rule", "duty", "place", "similar", "classifier"}
    assert all(len(r.text) > 4 for r in best.reasons)
    assert best.score == pytest.approx(sum(r.weight for r in best.reasons))


def without_rule(facts: OrderFacts) -> OrderFacts:
    return replace(facts, text="中山路很吵")


def without_item(facts: OrderFacts) -> OrderFacts:
    return replace(facts, duty_item=None)


def without_place(facts: OrderFacts) -> OrderFacts:
    return replace(facts, region=None)


@pytest.mark.parametrize(("gone", "take_away"), [("rule", without_rule), ("duty", without_item), ("place", without_place)])
def test_one_fact_less_is_one_reason_less(facts: OrderFacts, gone: str, take_away) -> None:
    before, after = kinds(facts), kinds(take_away(facts))
    assert gone in before
    assert gone not in after
    assert sum(after.values()) <= sum(before.values()) - before[gone] + 1e-6


def test_no_similar_orders_no_such_reason(facts: OrderFacts) -> None:
    WorkOrder.objects.all().update(state=State.TRIAGE)
    assert "similar" not in kinds(facts)


def test_no_classifier_no_such_reason(facts: OrderFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kinds(facts)
    monkeypatch.setattr(candidates, "get_router", TrainedRouter)
    after = kinds(facts)
    assert before.keys() - after.keys() == {"classifier"}


def routed(order: WorkOrder) -> Decision:
    [decision] = actions.route_orders(order_ids=[order.pk])
    assert decision is not None
    order.refresh_from_db()
    return decision


def test_the_duty_list_dispatches_by_itself_and_says_why(city: City) -> None:
    order = city.order(duty_item=city.items["LAMP"])
    decision = routed(order)
    assert decision.automatic
    assert (order.state, order.unit.code) == (State.DISPATCHED, "LIGHT")
    event = order.events.get(action="dispatch")
    assert event.actor_kind == "system"
    assert event.data["decision"] == decision.pk
    assert "路灯不亮" in event.commitments.get(field="reason").value


def test_the_classifier_alone_never_dispatches(city: City) -> None:
    order = city.order()
    decision = routed(order)
    assert not decision.automatic
    assert order.state == State.TRIAGE
    assert decision.candidates[0]["reasons"][0]["kind"] == "classifier"


@pytest.mark.parametrize(("right", "alone"), [(85, True), (72, False)])
def test_a_proven_record_lets_the_classifier_dispatch_alone(city: City, right: int, alone: bool) -> None:
    category = city.items["NOISE"].category.code
    cache.set(trust.CACHE_KEY, {category: (85, right)})
    order = city.order()
    decision = routed(order)
    assert decision.automatic is alone
    assert order.state == (State.DISPATCHED if alone else State.TRIAGE)
    assert "85" in decision.explanation  # the working is kept with the decision, whichever way it went


@pytest.mark.parametrize("changes", [{"secrecy": "sealed"}, {"urgency": "critical"}])
def test_sealed_and_critical_orders_wait_for_a_person(city: City, changes: dict) -> None:
    order = city.order(duty_item=city.items["LAMP"], **changes)
    assert not routed(order).automatic
    assert order.state == State.TRIAGE


def test_two_units_named_alike_wait_for_a_person(city: City) -> None:
    DispatchRule.objects.create(name="甲", any_keywords=["路灯"], to_unit=city.units["HOUSE"])
    DispatchRule.objects.create(name="乙", any_keywords=["路灯"], to_unit=city.units["LIGHT"])
    assert not routed(city.order()).automatic


def test_a_district_item_goes_to_the_district_of_the_place(city: City) -> None:
    east, west = (
        city.order(duty_item=city.items["NOISE"], place=city.places[place], content="工地") for place in ("中山路", "人民路")
    )
    routed(east)
    routed(west)
    assert (east.unit.code, west.unit.code) == ("EAST-HOUSE", "WEST-HOUSE")


def test_a_district_item_without_a_place_waits(city: City) -> None:
    order = city.order(duty_item=city.items["NOISE"], place=None, content="工地很吵")
    assert not routed(order).automatic


def test_a_unit_that_gave_the_order_back_is_not_proposed_again(city: City) -> None:
    order = city.order(duty_item=city.items["LAMP"])
    routed(order)
    order = orders.request_return(
        order=order, actor=actor_for(city.staff["light"], order, Action.REQUEST_RETURN), reason="非本单位"
    )
    order = orders.accept_return(order=order, actor=actor_for(city.staff["dispatcher"], order, Action.ACCEPT_RETURN))
    decision = routed(order)
    assert not decision.automatic
    assert city.units["LIGHT"].pk not in [c["unit"] for c in decision.candidates]


def test_routing_twice_or_too_late_changes_nothing(city: City) -> None:
    order = city.order(duty_item=city.items["LAMP"])
    routed(order)
    assert actions.route_orders(order_ids=[order.pk, 0]) == []
    assert order.events.filter(action="dispatch").count() == 1


def test_a_dispatchers_choice_keeps_the_machines_candidates_beside_it(city: City) -> None:
    order = city.order()
    machine = routed(order)
    actor = actor_for(city.staff["dispatcher"], order, Action.DISPATCH)
    order = actions.choose_unit(order=order, unit=city.units["HOUSE"], actor=actor, reason="市级统筹")
    chosen = order.decisions.order_by("-pk").first()
    assert (chosen.chosen_unit.code, chosen.candidates) == ("HOUSE", machine.candidates)


def test_rules_are_imported_by_name_and_a_wrong_reference_is_named(city: City) -> None:
    rule = {"name": "路灯", "when": {"any_keywords": ["路灯"]}, "then": {"unit": "LIGHT"}}
    assert actions.import_rules([rule]) == 1
    assert actions.import_rules([{**rule, "then": {"unit": "HOUSE"}}]) == 1
    assert DispatchRule.objects.get().to_unit == city.units["HOUSE"]
    with pytest.raises(ValueError, match="NOWHERE"):
        actions.import_rules([{**rule, "then": {"unit": "NOWHERE"}}])
