"""Call-back, rating, closing, redo, reopening, archive; and what may happen to any open order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from ticketing.clocks.actions import stop_clocks
from ticketing.orders.actions._step import Step, required, verb
from ticketing.orders.actions.handling import reopen_handling
from ticketing.orders.errors import IllegalTransition, InvalidOrder
from ticketing.orders.models import Callback, Rating, WorkOrder
from ticketing.orders.workflow import Action, State, actions_from
from ticketing.organisation.actor import Actor
from ticketing.outbox.actions import enqueue


def record_callback(
    *,
    order: WorkOrder,
    actor: Actor,
    reached: bool,
    solved: bool | None = None,
    satisfaction: int | None = None,
    reasons: Sequence[str] = (),
    note: str = "",
    version: int | None = None,
) -> WorkOrder:
    """One call-back: its outcome decides whether the order closes, waits for another attempt, or is reviewed.

    Solved or satisfied (3 to 5) closes; unsolved and dissatisfied goes to review. When nobody was reached on
    CALLBACK_DAYS different days the order closes without a rating, or waits for the answer to a text message
    (CALLBACK_THEN).
    """
    if not reached:
        tried_out = settings.CALLBACK_THEN == "close" and days_tried(order) >= settings.CALLBACK_DAYS
        outcome = _close_unrated if tried_out else _note_unreached
        return outcome(order=order, actor=actor, version=version, note=note)
    if satisfaction is not None and not 1 <= satisfaction <= 5:
        raise InvalidOrder("satisfaction", "must be 1 to 5")
    if solved is None and satisfaction is None:
        raise InvalidOrder("solved", "say whether it is solved, or how satisfied the citizen is")
    content = solved is True or (satisfaction or 0) >= 3
    outcome = _close if content else _note_dissatisfied
    return outcome(
        order=order, actor=actor, version=version, solved=solved, satisfaction=satisfaction, reasons=list(reasons), note=note
    )


def days_tried(order: WorkOrder) -> int:
    """On how many different days of the city nobody was reached, today counted in; since the last redo."""
    tried = order.callbacks.filter(reached=False)
    if order.replied_at is not None:
        tried = tried.filter(at__gte=order.replied_at)
    return len({timezone.localdate(at) for at in tried.values_list("at", flat=True)} | {timezone.localdate()})


def give_up_callback(*, order: WorkOrder, actor: Actor, note: str) -> WorkOrder:
    """Close an order that was tried in vain and whose text message nobody answered; without a rating."""
    return _close_unrated(order=order, actor=actor, note=note)


def _callback(step: Step, **fields: object) -> None:
    Callback.objects.create(order=step.order, channel=step.actor.channel, at=step.at, **fields)


@verb(Action.NOTE_UNREACHED)
def _note_unreached(step: Step, *, note: str) -> None:
    step.order.unreached_count += 1
    _callback(step, reached=False, note=note[:300])
    step.record(data={"attempt": step.order.unreached_count})


@verb(Action.CLOSE_UNRATED)
def _close_unrated(step: Step, *, note: str) -> None:
    step.order.unreached_count += 1
    _callback(step, reached=False, note=note[:300])
    _finish(step)
    step.record(data={"attempt": step.order.unreached_count})


@verb(Action.CLOSE)
def _close(step: Step, *, solved: bool | None, satisfaction: int | None, reasons: list[str], note: str) -> None:
    _callback(step, reached=True, solved=solved, satisfaction=satisfaction, reasons=reasons, note=note[:300])
    if satisfaction is not None:
        _rate(step, Rating.Kind.ORDER, satisfaction, "")
    _finish(step)
    step.record(data={"solved": solved, "satisfaction": satisfaction, "reasons": reasons})


@verb(Action.NOTE_DISSATISFIED)
def _note_dissatisfied(step: Step, *, solved: bool | None, satisfaction: int | None, reasons: list[str], note: str) -> None:
    _callback(step, reached=True, solved=solved, satisfaction=satisfaction, reasons=reasons, note=note[:300])
    if satisfaction is not None:
        _rate(step, Rating.Kind.ORDER, satisfaction, "")
    stop_clocks(order_number=step.order.ref, at=step.at)
    step.record(data={"solved": solved, "satisfaction": satisfaction, "reasons": reasons}, private={"note": note})


def _finish(step: Step) -> None:
    step.order.closed_at = step.at
    stop_clocks(order_number=step.order.ref, at=step.at)


@verb(Action.REDO)
def redo_order(step: Step, *, reason: str) -> None:
    """Back to the unit for another try, with a full new handling limit."""
    step.order.redo_count += 1
    step.order.replied_at = None
    reopen_handling(step, until=None)
    step.record(data={"round": step.order.redo_count}, private={"reason": required(reason, "reason", at_most=300)})


@verb(Action.ACCEPT_CLOSING)
def accept_closing(step: Step, *, reason: str) -> None:
    """The unit did what it could: close although the citizen is not satisfied (认定合理办结)."""
    _finish(step)
    step.record(private={"reason": required(reason, "reason", at_most=300)})


@verb(Action.REOPEN)
def reopen_order(step: Step, *, reason: str) -> None:
    """The citizen says it is not solved after all; possible for REOPEN_DAYS days after closing."""
    closed = step.order.closed_at
    if closed is not None and timezone.now() - closed > timedelta(days=settings.REOPEN_DAYS):
        raise IllegalTransition(Action.REOPEN, step.order.state, actions_from(State(step.order.state), step.actor.role))
    step.order.closed_at, step.order.unit, step.order.due_at, step.order.warn_at = None, None, None, None
    step.order.final_unit = False
    step.record(private={"reason": required(reason, "reason", at_most=300)})
    enqueue(kind="dispatch.route", payload={"order": step.order.pk}, key=str(step.order.pk))


@verb(Action.ARCHIVE)
def archive_order(step: Step) -> None:
    """Freeze a finished order."""
    step.record()


@verb(Action.RATE)
def rate_order(step: Step, *, kind: str, score: int, note: str = "") -> None:
    """The citizen's rating of the call, the handling or the service; each once. Raises InvalidOrder."""
    _rate(step, kind, score, note)
    step.record(data={"kind": kind, "score": score}, private={"note": note.strip()[:300]})


def _rate(step: Step, kind: str, score: int, note: str) -> None:
    if kind not in Rating.Kind.values:
        raise InvalidOrder("kind", f"must be one of {', '.join(Rating.Kind.values)}")
    if not 1 <= score <= 5:
        raise InvalidOrder("score", "must be 1 to 5")
    try:
        with transaction.atomic():
            Rating.objects.create(
                order=step.order, kind=kind, score=score, note=note.strip()[:300], channel=step.actor.channel, at=step.at
            )
    except IntegrityError:
        if step.edge.action == Action.RATE:
            raise InvalidOrder("kind", "was rated already; a rating is given once") from None
        Rating.objects.filter(order=step.order, kind=kind).update(score=score, channel=step.actor.channel, at=step.at)


@verb(Action.URGE)
def urge_order(step: Step, *, note: str = "") -> None:
    """The citizen asks how much longer (催办): counted and shown to the unit."""
    step.order.urge_count += 1
    step.record(data={"count": step.order.urge_count}, private={"note": note.strip()[:300]})
