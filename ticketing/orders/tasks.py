"""Jobs of the orders room: adapters that take ids and call verbs."""

from typing import Any

from ticketing.orders.actions.marks import mark_clock
from ticketing.orders.actions.rounds import archive_finished, make_rounds
from ticketing.outbox.registry import handles, periodic


@handles("orders.clock")
def note_clock(payload: dict[str, Any]) -> None:
    """A clock of an order passed its warning or due moment."""
    mark_clock(number=payload["order"], clock=payload["clock"], what=payload["what"], due=payload["due"])


@periodic("orders.rounds", every_seconds=60)
def rounds() -> None:
    """What time alone brings about: parts that do not come, facts that never came, suspensions to be looked at."""
    make_rounds()


@periodic("orders.archive", crontab="20 3 * * *", slow=True)
def archive() -> None:
    """Freeze orders that have long been over."""
    archive_finished()
