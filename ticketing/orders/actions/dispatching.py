"""Dispatch: to a unit, back from it, to another, into another order."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from ticketing.clocks.actions import pause_clocks, resume_clocks, start_clocks, stop_clocks
from ticketing.clocks.models import Clock, ClockKind
from ticketing.orders import history
from ticketing.orders.actions._step import Step, announce, lock, required, tell_unit, verb
from ticketing.orders.errors import IllegalTransition, InvalidOrder
from ticketing.orders.impartial import check_impartial
from ticketing.orders.models import ReturnReason, Secrecy, WorkOrder
from ticketing.orders.sealed import unit_is_ready
from ticketing.orders.workflow import TERMINAL, Action, State, actions_from
from ticketing.organisation.actor import SYSTEM, Actor
from ticketing.organisation.models import DutyItem, Unit
from ticketing.outbox.actions import enqueue

UNDO_WINDOW = timedelta(seconds=30)
RETURN_LIMIT = 2  # after so many accepted returns the next request goes to a dispute ruling


def start_order_clock(order: WorkOrder, *kinds: str, at: datetime, anew: bool = False) -> list[Clock]:
    """Start clocks of `order`; a repeated kind gets the next round. `anew` stops first whatever runs."""
    return start_clocks(
        order_number=order.ref,
        kinds=kinds,
        started_at=at,
        anew=anew,
        order_type=order.order_type,
        urgency=order.urgency,
        unit=order.unit,
        duty_item=order.duty_item,
    )


def refresh_due(order: WorkOrder) -> None:
    """Copy due and warning of the running handling clock onto the order, where lists sort by them."""
    clock = Clock.objects.filter(order_number=order.ref, kind=ClockKind.HANDLE, stopped_at=None).order_by("-round").first()
    order.due_at, order.warn_at = (clock.due_at, clock.warn_at) if clock else (order.due_at, order.warn_at)


def _send_to(step: Step, unit: Unit) -> None:
    if not (unit.is_active and unit.accepts_orders):
        raise InvalidOrder("unit", "does not take work orders; choose another unit")
    check_impartial(step.order, unit)
    if step.order.secrecy == Secrecy.SEALED and not unit_is_ready(unit):
        raise InvalidOrder("unit", "has nobody named to handle sealed reports; have someone named, or choose another unit")
    order = step.order
    order.unit, order.dispatched_at, order.signed_at, order.replied_at = unit, step.at, None, None
    order.sub_unit, order.assignee = None, None
    # The handling clock runs from dispatch, so that a late signature cannot stretch it.
    clocks = start_order_clock(order, ClockKind.SIGN, ClockKind.CONTACT, ClockKind.HANDLE, at=step.at, anew=True)
    for clock in clocks:
        if clock.kind == ClockKind.HANDLE:
            order.due_at, order.warn_at = clock.due_at, clock.warn_at


@verb(Action.DISPATCH)
def dispatch_order(
    step: Step, *, unit: Unit, reason: str, decision_id: int | None = None, duty_item: DutyItem | None = None
) -> None:
    """Send the order to `unit` with the reason in words; clocks start now."""
    if duty_item is not None:
        step.order.duty_item = duty_item
    _send_to(step, unit)
    step.record(
        data={
            "unit": unit.code,
            "unit_name": unit.name,
            "decision": decision_id,
            "item": _item(step.order),
            "due": _due(step.order),
        },
        private={"reason": required(reason, "reason", at_most=300)},
    )


@verb(Action.REASSIGN)
def reassign_order(step: Step, *, unit: Unit, reason: str) -> None:
    """Take the order from its unit and give it to another (改派)."""
    old = step.order.unit
    if old is not None and old.pk == unit.pk:
        raise InvalidOrder("unit", "already has the order; choose another unit")
    _send_to(step, unit)
    event = step.record(
        data={"unit": unit.code, "unit_name": unit.name, "from_unit": old.code if old else "", "due": _due(step.order)},
        private={"reason": required(reason, "reason", at_most=300)},
    )
    tell_unit(step.order, old, event)


@transaction.atomic
def request_return(
    *,
    order: WorkOrder,
    actor: Actor,
    reason: str,
    proposed_unit: Unit | None = None,
    ground: str = "",
    version: int | None = None,
) -> WorkOrder:
    """The unit says the order is not its own. After the last return that is allowed, a ruling decides at once.

    Raises InvalidOrder where a ruling named this unit, or where the ground demands a unit that should act instead.
    """
    asked = _request_return(order=order, actor=actor, version=version, reason=reason, proposed_unit=proposed_unit, ground=ground)
    if asked.return_count < RETURN_LIMIT:
        return asked
    return refer_dispute(order=asked, actor=SYSTEM, note=str(_("It was returned as often as is allowed; a ruling decides.")))


@verb(Action.REQUEST_RETURN)
def _request_return(step: Step, *, reason: str, proposed_unit: Unit | None, ground: str) -> None:
    if step.order.final_unit:
        raise InvalidOrder("return", "was ruled out: this unit was named by a ruling and must act")
    known = ReturnReason.objects.filter(code=ground, is_active=True).first() if ground else None
    if known is not None and known.needs_unit and proposed_unit is None:
        raise InvalidOrder("proposed_unit", "must be named for this ground")
    step.record(
        data={"proposed_unit": proposed_unit.code if proposed_unit else "", "ground": ground},
        private={"reason": required(reason, "reason", at_most=300)},
    )
    start_order_clock(step.order, ClockKind.RETURN, at=step.at)


@verb(Action.ACCEPT_RETURN)
def accept_return(step: Step, *, note: str = "") -> None:
    """The order comes back to be dispatched anew."""
    if step.order.return_count >= RETURN_LIMIT:
        raise InvalidOrder("return", "was accepted too often; refer the order to a dispute ruling")
    old = step.order.unit
    stop_clocks(order_number=step.order.ref, at=step.at)
    step.order.return_count += 1
    step.order.unit, step.order.due_at, step.order.warn_at = None, None, None
    event = step.record(data={"from_unit": old.code if old else ""}, private={"note": note.strip()[:300]})
    tell_unit(step.order, old, event)
    enqueue(kind="dispatch.route", payload={"order": step.order.pk}, key=str(step.order.pk))


@verb(Action.REFUSE_RETURN)
def refuse_return(step: Step, *, note: str) -> None:
    """The order stays with its unit."""
    stop_clocks(order_number=step.order.ref, kinds=[ClockKind.RETURN], at=step.at)
    step.record(private={"note": required(note, "note", at_most=300)})


@verb(Action.DISPUTE)
def refer_dispute(step: Step, *, note: str) -> None:
    """Units keep passing the order on: a ruling decides."""
    stop_clocks(order_number=step.order.ref, kinds=[ClockKind.RETURN], at=step.at)
    step.record(private={"note": required(note, "note", at_most=300)})


@verb(Action.RULE)
def rule_dispute(step: Step, *, unit: Unit, reason: str) -> None:
    """Name the unit that must act; it cannot ask to return again."""
    step.order.return_count = max(step.order.return_count, RETURN_LIMIT)
    step.order.final_unit = True
    _send_to(step, unit)
    step.record(data={"unit": unit.code, "unit_name": unit.name}, private={"reason": required(reason, "reason", at_most=300)})


@verb(Action.MERGE)
def merge_orders(step: Step, *, into: WorkOrder, reason: str) -> None:
    """Fold this order into another; it then follows that one's progress and can be taken out again."""
    other = lock(into)
    if other.pk == step.order.pk:
        raise InvalidOrder("into", "is this very order; choose another one")
    if other.state in TERMINAL:
        raise InvalidOrder("into", "is no longer open; choose an open order")
    if Secrecy.SEALED in (step.order.secrecy, other.secrecy):
        raise InvalidOrder("into", "a sealed report stays on its own")
    step.order.merged_into = other
    stop_clocks(order_number=step.order.ref, at=step.at)
    step.record(data={"into": other.number}, private={"reason": required(reason, "reason", at_most=300)})
    event = history.append(
        order=other, action="merged_in", actor=step.actor, from_state=other.state, at=step.at, data={"number": step.order.number}
    )
    other.updated_at = step.at
    other.save()
    announce(order=other, event=event)


@verb(Action.UNMERGE)
def unmerge_order(step: Step, *, reason: str) -> None:
    """Take the order out again; it waits for dispatch on its own."""
    into = step.order.merged_into
    step.order.merged_into, step.order.unit = None, None
    step.record(data={"from": into.number if into else ""}, private={"reason": required(reason, "reason", at_most=300)})
    enqueue(kind="dispatch.route", payload={"order": step.order.pk}, key=str(step.order.pk))


@verb(Action.SUSPEND)
def suspend_order(step: Step, *, reason: str, review_at: datetime | None = None, resumes: bool = False) -> None:
    """Hold the clocks while nothing can be done (lawsuit, planned works).

    At `review_at` the order resumes by itself (`resumes`), or the hotline is reminded to look at it. Raises InvalidOrder.
    """
    reason = required(reason, "reason", at_most=200)
    if review_at is not None and review_at <= step.at:
        raise InvalidOrder("review_at", "lies in the past")
    if resumes and review_at is None:
        raise InvalidOrder("review_at", "must be given, so that the order can resume by itself")
    pause_clocks(order_number=step.order.ref, reason=reason, at=step.at)
    step.order.review_at, step.order.resumes = review_at, resumes
    step.record(data={"review": review_at.isoformat() if review_at else "", "resumes": resumes}, private={"reason": reason})


@verb(Action.RESUME)
def resume_order(step: Step) -> None:
    """Let the clocks run on; what was paused does not count."""
    resume_clocks(order_number=step.order.ref, at=step.at)
    refresh_due(step.order)
    step.order.review_at, step.order.resumes = None, False
    step.record(data={"due": _due(step.order)})


@verb(Action.UNDO_DISPATCH)
def undo_dispatch(step: Step) -> None:
    """Take back one's own dispatch within half a minute, before anyone signed. Raises IllegalTransition when too late."""
    order = step.order
    last = order.events.order_by("-seq").first()
    mine = last is not None and last.action == Action.DISPATCH and last.actor_staff_id == step.actor.staff_id
    if last is None or not mine or step.at - last.at > UNDO_WINDOW:
        raise IllegalTransition(Action.UNDO_DISPATCH, order.state, actions_from(State(order.state), step.actor.role))
    old = order.unit
    stop_clocks(order_number=order.ref, at=step.at)
    order.unit, order.dispatched_at, order.due_at, order.warn_at = None, None, None, None
    event = step.record(data={"from_unit": old.code if old else "", "undone": last.seq})
    tell_unit(order, old, event)


def _item(order: WorkOrder) -> str:
    return order.duty_item.code if order.duty_item else ""


def _due(order: WorkOrder) -> str:
    return order.due_at.isoformat() if order.due_at else ""
