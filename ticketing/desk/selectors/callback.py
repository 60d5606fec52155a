"""Whom to call back."""

from __future__ import annotations

from collections.abc import Iterable

from ticketing.desk.selectors.rows import Row
from ticketing.orders.models import Reply, WorkOrder


def callback_rows(found: Iterable[WorkOrder]) -> list[Row]:
    """Orders to be called about, each with the reply that was promised, in two queries."""
    rows = [Row(order) for order in found]
    replies = (
        Reply.objects.filter(order__in=[r.order for r in rows], status=Reply.Status.APPROVED)
        .select_related("unit")
        .order_by("created_at")
    )
    by_order = {reply.order_id: reply for reply in replies}
    for row in rows:
        row.reply = by_order.get(row.order.pk)
    return rows
