"""Several actors drive one order through legal and illegal steps: it is never lost, nobody's, or in two hands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.cast import City, build_city, read_city
from tests.ticketing.orders.test_workflow import actor_as, verbs
from ticketing.clocks.models import Clock, ClockKind
from ticketing.orders import history
from ticketing.orders.errors import OrderError
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import WITH_UNIT, Action, State, actions_from
from ticketing.organisation.roles import Role

UNITLESS = {State.TRIAGE, State.NEED_INFO, State.DRAFT}
ROLES = [Role.CITIZEN, Role.SEAT, Role.DISPATCHER, Role.UNIT_CLERK, Role.SUPERVISOR, Role.CALLBACK, Role.SYSTEM]
SKIPPED = {Action.MERGE, Action.SAVE_DRAFT, Action.SUBMIT}


class Life(RuleBasedStateMachine):
    """One order, many hands."""

    city: City

    def __init__(self) -> None:
        super().__init__()
        self.order = self.city.order(duty_item=self.city.items["NOISE"])
        self.known = {o.pk for o in WorkOrder.objects.all()}

    @rule(
        role=st.sampled_from(ROLES),
        unit=st.sampled_from(["LIGHT", "HOUSE", "WEST-HOUSE"]),
        pick=st.integers(0, 200),
        legal=st.booleans(),
    )
    def act(self, role: Role, unit: str, pick: int, legal: bool) -> None:
        """Somebody does something; mostly what the state allows, sometimes anything at all."""
        fresh = WorkOrder.objects.get(pk=self.order.pk)
        may = [a for a in actions_from(State(fresh.state), role) if a not in SKIPPED]
        choice = may if legal and may else [a for a in Action if a not in SKIPPED]
        action = choice[pick % len(choice)]
        verb, arguments = verbs(self.city)[action]
        before = (fresh.state, fresh.version)
        try:
            after: Any = verb(order=fresh, actor=actor_as(self.city, role, unit), **arguments)
        except OrderError:
            now = WorkOrder.objects.get(pk=fresh.pk)
            assert (now.state, now.version) == before, "a refusal changes nothing"
        else:
            assert after.version > before[1]

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.known <= set(WorkOrder.objects.values_list("pk", flat=True))

    @invariant()
    def in_one_pair_of_hands(self) -> None:
        order = WorkOrder.objects.get(pk=self.order.pk)
        if order.state in WITH_UNIT:
            assert order.unit_id is not None, "with a unit, and nobody's"
        if order.state in UNITLESS:
            assert order.unit_id is None, "waits for dispatch, and still somebody's"

    @invariant()
    def history_verifies(self) -> None:
        assert not list(history.verify(number=self.order.number))

    @invariant()
    def clocks_recompute(self) -> None:
        order = WorkOrder.objects.get(pk=self.order.pk)
        running = Clock.objects.filter(order_number=order.number, kind=ClockKind.HANDLE, stopped_at=None)
        assert running.count() <= 1, "two handling clocks for one order"
        for clock in running:
            assert clock.started_at <= clock.warn_at <= clock.due_at
            if order.state in WITH_UNIT:
                assert order.due_at is not None and abs(order.due_at - clock.due_at) < timedelta(seconds=1)


class LifeOfAnOrder(TestCase):
    """Runs the machine in the test database, every example rolled back."""

    def test_several_actors(self) -> None:
        city = read_city() or build_city()  # a test with real transactions before this one leaves the tables empty
        machine = type("LifeInThisCity", (Life,), {"city": city})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), database=None
            ),
        )
