"""Jobs of the inspection room."""

from ticketing.inspection import actions
from ticketing.outbox.registry import periodic


@periodic("inspection.alerts", every_seconds=600)
def alerts() -> None:
    """Look through the orders by the watch's rules."""
    actions.raise_alerts()
