"""Extensions (延期): asked for before the limit ends, once a round, never longer than the first limit; the citizen is told."""

from __future__ import annotations

from ticketing.clocks.actions import extend_clock
from ticketing.clocks.models import Clock, ClockKind
from ticketing.orders.actions._step import Step, required, verb
from ticketing.orders.actions.handling import holder
from ticketing.orders.errors import InvalidOrder
from ticketing.orders.models import Extension
from ticketing.orders.workflow import Action


@verb(Action.REQUEST_EXTENSION)
def request_extension(step: Step, *, amount: int, reason: str) -> None:
    """The unit asks for `amount` more of what its handling clock counts in. Raises InvalidOrder."""
    order = step.order
    reason = required(reason, "reason", at_most=300)
    clock = Clock.objects.filter(order_number=order.ref, kind=ClockKind.HANDLE, stopped_at=None).order_by("-round").first()
    if clock is None:
        raise InvalidOrder("amount", "no handling clock is running")
    if step.at >= clock.due_at:
        raise InvalidOrder("amount", "the limit has ended; an extension is asked for before that")
    if not 1 <= amount <= clock.value:
        raise InvalidOrder("amount", f"must be 1 to {clock.value}, no longer than the first limit")
    if Extension.objects.filter(order=order, round=clock.round).exists():
        raise InvalidOrder("amount", "was asked for already; it is asked for once")
    Extension.objects.create(
        order=order,
        unit=holder(step),
        round=clock.round,
        amount=amount,
        measure=clock.measure,
        old_due=clock.due_at,
        asked_at=step.at,
    )
    step.record(data={"amount": amount, "measure": clock.measure}, private={"reason": reason})


@verb(Action.GRANT_EXTENSION)
def grant_extension(step: Step, *, note: str = "") -> None:
    """The handling clock gets the time that was asked for; the citizen is told with the unit's reason."""
    asked = pending_extension(step)
    clock = extend_clock(order_number=step.order.ref, kind=ClockKind.HANDLE, amount=asked.amount, at=step.at)
    if clock is not None:
        step.order.due_at, step.order.warn_at = clock.due_at, clock.warn_at
    decide(step, asked, Extension.Status.GRANTED)
    due = step.order.due_at.isoformat() if step.order.due_at else ""
    step.record(
        data={"amount": asked.amount, "measure": asked.measure, "due": due},
        private={"reason": reason_of(step), "note": note.strip()[:300]},
    )


@verb(Action.REFUSE_EXTENSION)
def refuse_extension(step: Step, *, reason: str) -> None:
    """The limit stays as it was."""
    decide(step, pending_extension(step), Extension.Status.REFUSED)
    step.record(private={"reason": required(reason, "reason", at_most=300)})


def pending_extension(step: Step) -> Extension:
    """The request that waits for a decision."""
    asked = step.order.extensions.filter(status=Extension.Status.ASKED).order_by("-round").first()
    if asked is None:
        raise InvalidOrder("amount", "no extension was asked for")
    return asked


def decide(step: Step, asked: Extension, status: str) -> None:
    """Keep the decision with the request."""
    asked.status, asked.decided_at, asked.new_due = status, step.at, step.order.due_at
    asked.save(update_fields=["status", "decided_at", "new_due"])


def reason_of(step: Step) -> str:
    """The unit's reason, as the citizen is told it."""
    event = step.order.events.filter(action=Action.REQUEST_EXTENSION).order_by("-seq").first()
    kept = event.commitments.filter(field="reason").first() if event else None
    return kept.value if kept else ""
