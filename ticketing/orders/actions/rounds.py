"""What time alone brings about on orders. The periodic job makes these rounds; each order is its own transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ticketing.orders import history
from ticketing.orders.actions._step import announce, lock, tell
from ticketing.orders.actions.assisting import gather_if_ready
from ticketing.orders.actions.closing import archive_order
from ticketing.orders.actions.dispatching import resume_order
from ticketing.orders.actions.intake import lapse
from ticketing.orders.errors import OrderError
from ticketing.orders.models import OrderAssist, WorkOrder
from ticketing.orders.workflow import EDGES, Action, State
from ticketing.organisation.actor import SYSTEM

BATCH = 200  # orders of one kind in one round; the next round goes on
log = structlog.get_logger(__name__)


def make_rounds(*, now: datetime | None = None) -> dict[str, int]:
    """Do what is due by `now`; returns how many orders were touched, by kind of work."""
    now = now or timezone.now()
    silent = now - timedelta(days=settings.NEED_INFO_DAYS)
    unanswered = WorkOrder.objects.filter(state=State.NEED_INFO, updated_at__lte=silent)
    review = WorkOrder.objects.filter(state=State.SUSPENDED, review_at__lte=now).order_by("review_at")
    return {
        "gathered": each(gather_if_ready, waiting_for_parts(now)),
        "lapsed": each(lambda order: lapse(order=order, actor=SYSTEM), unanswered.order_by("pk")[:BATCH]),
        "resumed": each(lambda order: resume_order(order=order, actor=SYSTEM), review.filter(resumes=True)[:BATCH]),
        "reminded": each(remind_of_review, review.filter(resumes=False)[:BATCH]),
    }


def archive_finished(*, now: datetime | None = None, most: int = 5000) -> int:
    """Freeze what has been over for ARCHIVE_AFTER_DAYS days; returns how many orders."""
    before = (now or timezone.now()) - timedelta(days=settings.ARCHIVE_AFTER_DAYS)
    states = [edge.source for edge in EDGES if edge.action == Action.ARCHIVE]
    over = WorkOrder.objects.filter(state__in=states, closed_at__lte=before).order_by("pk")
    return each(lambda order: archive_order(order=order, actor=SYSTEM), over[:most].iterator(chunk_size=BATCH))


@transaction.atomic
def remind_of_review(order: WorkOrder) -> None:
    """The date at which a suspension is to be looked at has come: say so once, in the history and at the inbox."""
    order = lock(order)
    if order.state != State.SUSPENDED or order.review_at is None:
        return
    now, order.review_at = timezone.now(), None
    event = history.append(order=order, action="review_due", actor=SYSTEM, from_state=order.state, at=now)
    order.updated_at = now
    order.save(update_fields=["version", "updated_at", "review_at"])
    announce(order=order, event=event)
    tell(order, event, "inbox")


def each(step: Callable[[WorkOrder], object], orders: Iterable[WorkOrder]) -> int:
    """Take a step with each order; one that somebody else moved on meanwhile is passed over."""
    done = 0
    for order in orders:
        try:
            step(order)
        except OrderError as error:
            log.info("orders.rounds.passed_over", order=order.ref, why=str(error))
        else:
            done += 1
    return done


def waiting_for_parts(now: datetime) -> Iterable[WorkOrder]:
    """Orders in process whose last part is overdue."""
    late = OrderAssist.objects.filter(status=OrderAssist.Status.ASKED, due_at__lte=now).values("order")
    return WorkOrder.objects.filter(state=State.PROCESSING, pk__in=late).order_by("pk")[:BATCH]
