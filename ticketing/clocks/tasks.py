"""The clock sweep, run by the schedule."""

from ticketing.clocks import actions
from ticketing.outbox.registry import periodic


@periodic("clocks.sweep", every_seconds=30)
def sweep() -> None:
    """Mark what is due; a sweep that found a full batch is followed by the next half a minute later."""
    actions.sweep()
