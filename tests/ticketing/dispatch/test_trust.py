"""The classifier may dispatch alone only where people's own decisions prove it right."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import City
from ticketing.dispatch import trust
from ticketing.dispatch.models import Decision
from ticketing.dispatch.trust import Record, wilson_lower
from ticketing.orders.models import OrderEvent, WorkOrder


@pytest.mark.parametrize(
    ("right", "n", "bound"),
    [
        # Lower ends as published: Wilson 95 %, without continuity correction.
        (81, 263, 0.2553),  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (15, 148, 0.0624),
        (0, 20, 0.0),
        (1, 29, 0.0061),
        (10, 10, 0.7225),  # n / (n + z squared)
        (73, 73, 0.9500),
    ],
)
def test_the_bound_is_the_published_one(right: int, n: int, bound: float) -> None:
    assert wilson_lower(right, n) == pytest.approx(bound, abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_the_bound_solves_the_score_equation(case: tuple[int, int]) -> None:
    """At the bound p the observed share lies just z standard errors of p above it: the definition, in exact fractions."""
    right, n = case
    p, z = Fraction(wilson_lower(right, n)), Fraction(trust.Z)
    share = Fraction(right, n)
    assert p <= share
    assert float((share - p) ** 2) == pytest.approx(float(z * z * p * (1 - p) / n), rel=1e-6, abs=1e-12)


@given(st.integers(0, 400), st.integers(0, 400))
def test_the_bound_rises_with_what_is_right_and_with_experience(right: int, wrong: int) -> None:
    n = right + wrong
    assert 0 <= wilson_lower(right, n) <= (right / n if n else 0) + 1e-12
    assert wilson_lower(right + 1, n + 1) > wilson_lower(right, n)
    assert wilson_lower(right, n + 1) <= wilson_lower(right, n)
    if right:
        assert wilson_lower(2 * right, 2 * n) > wilson_lower(right, n)


@pytest.mark.parametrize(("right", "n"), [(2, 1), (-1, 5)])
def test_an_impossible_count_is_refused(right: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson_lower(right, n)


@pytest.mark.parametrize(
    ("decided", "right", "enough"),
    [(0, 0, False), (49, 49, False), (50, 50, False), (72, 72, False), (73, 73, True), (500, 484, False), (500, 485, True)],
)
def test_fifty_orders_and_a_bound_of_95_percent_are_needed(decided: int, right: int, enough: bool) -> None:
    assert Record("x", decided, right).is_enough == enough


def decided(city: City, *, guess: str, sent_to: str, days_ago: float = 1, item: str | None = None, **changes: Any) -> WorkOrder:
    """An order for which the classifier named one unit and a dispatcher chose another, or the same."""
    order = city.order(duty_item=city.items["LAMP"], content=f"第{WorkOrder.objects.count()}件")
    WorkOrder.objects.filter(pk=order.pk).update(**changes)
    reason = {"kind": "classifier", "text": "", "weight": 20.0} | ({"item": item} if item else {})
    other = {"unit": city.units["HOUSE"].pk, "reasons": [{"kind": "duty", "text": "", "weight": 60.0}]}
    candidates = [other, {"unit": city.units[guess].pk, "reasons": [reason]}]
    at = timezone.now() - timedelta(days=days_ago)
    Decision.objects.create(order=order, candidates=candidates, automatic=False, at=at)
    Decision.objects.create(order=order, candidates=[], automatic=False, chosen_unit=city.units[sent_to], at=at)
    return order


def staff_event(order: WorkOrder, action: str, **data: Any) -> None:
    OrderEvent.objects.create(
        order=order, seq=90, action=action, at=timezone.now(), to_state="triage", actor_kind="staff", actor_role="dispatcher",
        actor_name="派单员", data=data, hash="-",
    )  # fmt: skip


def count(city: City, item: str = "LAMP") -> tuple[int, int]:
    record = trust.count_records(now=timezone.now()).get(city.items[item].category.code, Record(""))
    return record.decided, record.right


def test_what_people_decided_is_counted_by_category(city: City) -> None:
    decided(city, guess="LIGHT", sent_to="LIGHT")
    decided(city, guess="LIGHT", sent_to="HOUSE")
    assert count(city) == (2, 1)


@pytest.mark.parametrize("changes", [{"origin": "generated"}, {"origin": "import"}, {"secrecy": "sealed"}])
def test_generated_imported_and_sealed_orders_never_count(city: City, changes: dict[str, str]) -> None:
    decided(city, guess="LIGHT", sent_to="LIGHT", **changes)
    assert count(city) == (0, 0)


def test_what_is_older_than_ninety_days_does_not_count(city: City) -> None:
    decided(city, guess="LIGHT", sent_to="LIGHT", days_ago=91)
    assert count(city) == (0, 0)


def test_an_automatic_decision_is_no_human_one(city: City) -> None:
    order = decided(city, guess="LIGHT", sent_to="LIGHT")
    order.decisions.update(automatic=True)
    assert count(city) == (0, 0)


def test_an_accepted_return_counts_against_the_classifier(city: City) -> None:
    order = decided(city, guess="LIGHT", sent_to="LIGHT")
    staff_event(order, "accept_return", from_unit="LIGHT")
    machine_alone = decided(city, guess="LIGHT", sent_to="LIGHT")
    machine_alone.decisions.update(automatic=True)
    staff_event(machine_alone, "accept_return", from_unit="LIGHT")
    assert count(city) == (2, 0)


def test_a_later_reassignment_is_the_decision_that_counts(city: City) -> None:
    order = decided(city, guess="LIGHT", sent_to="HOUSE")
    staff_event(order, "reassign", unit="LIGHT", from_unit="HOUSE")
    assert count(city) == (1, 1)


def test_the_category_is_that_of_the_guess_where_it_was_recorded(city: City) -> None:
    decided(city, guess="EAST-HOUSE", sent_to="EAST-HOUSE", item="NOISE")
    assert count(city, "NOISE") == (1, 1)
    if city.items["NOISE"].category != city.items["LAMP"].category:
        assert count(city, "LAMP") == (0, 0)


def test_the_number_of_queries_does_not_grow(city: City, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        decided(city, guess="LIGHT", sent_to="LIGHT")
    with django_assert_num_queries(4):
        trust.count_records(now=timezone.now())


def test_enough_right_decisions_let_the_classifier_dispatch_and_the_working_says_why(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "FEWEST_ORDERS", 3)
    monkeypatch.setattr(trust, "NEEDED_PRECISION", 0.4)
    category = city.items["LAMP"].category
    assert not trust.may_dispatch_alone(category)
    for _ in range(3):
        decided(city, guess="LIGHT", sent_to="LIGHT")
    trust.refresh()
    assert trust.may_dispatch_alone(category)
    assert not trust.may_dispatch_alone(None)
    working = trust.record_of(category).working
    assert "3" in working
    assert "43.9" in working
