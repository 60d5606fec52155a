"""Jobs of the orders room: adapters that take ids and call verbs."""

from typing import Any

from ticketing.orders.actions.marks import mark_clock
from ticketing.outbox.registry import handles


@handles("orders.clock")
def note_clock(payload: dict[str, Any]) -> None:
    """A clock of an order passed its warning or due moment."""
    mark_clock(number=payload["order"], clock=payload["clock"], what=payload["what"], due=payload["due"])
