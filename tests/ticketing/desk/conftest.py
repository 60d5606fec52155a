"""Orders in the states that the desks work on, and signed-in people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from tests.cast import City
from ticketing.orders import actions
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import actor_for
from ticketing.orders.workflow import Action

REPLY = "您好，路灯已于今日上午修复，如再有问题请联系照明所。"


@dataclass
class Desk:
    """The city, clients of its people, and orders brought to a state by verbs."""

    city: City

    def client(self, username: str) -> Client:
        """A browser in which this person is signed in."""
        client = Client()
        client.force_login(self.city.staff[username])
        return client

    def do(self, verb: Callable[..., WorkOrder], action: Action, username: str, order: WorkOrder, **values: Any) -> WorkOrder:
        """Call a verb as this person."""
        return verb(order=order, actor=actor_for(self.city.staff[username], order, action), **values)

    def triage(self, **changes: Any) -> WorkOrder:
        return self.city.order(**changes)

    def dispatched(self, **changes: Any) -> WorkOrder:
        order = self.triage(**changes)
        return self.do(
            actions.dispatch_order, Action.DISPATCH, "dispatcher", order, unit=self.city.units["LIGHT"], reason="照明所负责路灯"
        )

    def processing(self, **changes: Any) -> WorkOrder:
        return self.do(actions.sign_order, Action.SIGN, "light", self.dispatched(**changes))

    def reply_review(self, **changes: Any) -> WorkOrder:
        order = self.processing(**changes)
        return self.do(
            actions.submit_reply, Action.SUBMIT_REPLY, "light", order, public_text=REPLY, internal_text="内部情况", solved=True
        )

    def callback(self, **changes: Any) -> WorkOrder:
        return self.do(actions.approve_reply, Action.APPROVE_REPLY, "dispatcher", self.reply_review(**changes))


@pytest.fixture
def desk(city: City) -> Desk:
    """The desks of the small test city."""
    return Desk(city)
