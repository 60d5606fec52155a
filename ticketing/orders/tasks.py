"""Jobs of the orders room: adapters that take ids and call verbs."""

from typing import Any

from ticketing.clocks.models import PlanSwitch
from ticketing.exchange.models import ImportRun
from ticketing.orders import importing
from ticketing.orders.actions.marks import mark_clock
from ticketing.orders.actions.planning import replan_orders
from ticketing.orders.actions.rounds import archive_finished, make_rounds
from ticketing.orders.actions.writing import forget_old_typed
from ticketing.outbox.registry import handles, periodic


@handles("orders.clock")
def note_clock(payload: dict[str, Any]) -> None:
    """A clock of an order passed its warning or due moment."""
    mark_clock(ref=payload["order"], clock=payload["clock"], what=payload["what"], due=payload["due"])


@handles("orders.replan", max_attempts=5, lease_seconds=3600, slow=True)
def replan(payload: dict[str, Any]) -> None:
    """A plan was switched on or off: bring the clocks of the orders it concerns to what now applies."""
    replan_orders(switch=PlanSwitch.objects.select_related("plan").get(pk=payload["switch"]))


@handles("orders.import", max_attempts=3, lease_seconds=6 * 3600, slow=True)
def import_past(payload: dict[str, Any]) -> None:
    """Import an uploaded table, from where an earlier attempt stopped."""
    importing.run_kept(run=ImportRun.objects.get(pk=payload["run"]))


@periodic("orders.rounds", every_seconds=60)
def rounds() -> None:
    """What time alone brings about: parts that do not come, facts that never came, suspensions to be looked at."""
    make_rounds()


@periodic("orders.archive", crontab="20 3 * * *", slow=True)
def archive() -> None:
    """Freeze orders that have long been over."""
    archive_finished()


@periodic("orders.forget_typed", crontab="40 3 * * *")
def forget_typed() -> None:
    """Forget drafts that nobody touched for a month."""
    forget_old_typed()
