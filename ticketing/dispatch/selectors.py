"""Reading decisions."""

from __future__ import annotations

from ticketing.dispatch.models import Decision
from ticketing.orders.models import WorkOrder


def latest_decision(order: WorkOrder) -> Decision | None:
    """The last decision on an order with its candidates, or None before routing has run."""
    return order.decisions.select_related("chosen_unit").order_by("-at").first()
