"""Short ways to an order in a state, by the verbs themselves."""

from __future__ import annotations

from typing import Any

from tests.cast import City
from ticketing.orders import actions
from ticketing.orders.models import WorkOrder
from ticketing.organisation.actor import Actor, staff_actor


def as_(city: City, username: str) -> Actor:
    """A person of the cast in the first role held."""
    return staff_actor(city.staff[username])


def unit_clerk(city: City) -> Actor:
    """The clerk of the lighting company."""
    return as_(city, "light")


def dispatched(city: City, unit: str = "LIGHT", *, item: str = "NOISE", **changes: Any) -> WorkOrder:
    """An order that waits for the signature of `unit`; its item promises nothing, so that five working days hold."""
    order = city.order(duty_item=city.items[item], **changes)
    return actions.dispatch_order(order=order, actor=as_(city, "dispatcher"), unit=city.units[unit], reason="职责所在")


def processing(city: City, unit: str = "LIGHT", clerk: str = "light", **changes: Any) -> WorkOrder:
    """An order that `unit` has signed."""
    return actions.sign_order(order=dispatched(city, unit, **changes), actor=as_(city, clerk))


def reply_review(city: City, **changes: Any) -> WorkOrder:
    """An order whose reply the hotline has to check."""
    return actions.submit_reply(order=processing(city, **changes), actor=unit_clerk(city), public_text="已修复", solved=True)


def callback(city: City, **changes: Any) -> WorkOrder:
    """An order whose citizen is to be called back."""
    return actions.approve_reply(order=reply_review(city, **changes), actor=as_(city, "dispatcher"))
