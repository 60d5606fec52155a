"""Handling by the unit: sign, tell the state of things, reply; and the review of the reply."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ticketing.clocks.actions import stop_clocks
from ticketing.clocks.models import ClockKind
from ticketing.orders.actions._step import Step, required, tell_unit, verb
from ticketing.orders.actions.dispatching import start_order_clock
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.impartial import may_sign
from ticketing.orders.models import OrderAssist, Reply, ReplyCheck
from ticketing.orders.workflow import Action, State
from ticketing.organisation.models import Staff, Unit
from ticketing.organisation.roles import UNIT_ROLES

REPLY_CHARS = 3000


@verb(Action.SIGN)
def sign_order(step: Step) -> None:
    """The unit takes the order on (签收). The handling clock has been running since dispatch."""
    step.order.signed_at = step.at
    stop_clocks(order_number=step.order.ref, kinds=[ClockKind.SIGN], at=step.at)
    step.record()


@verb(Action.SUB_DISPATCH)
def sub_dispatch(step: Step, *, to: str = "", unit: Unit | None = None, staff: Staff | None = None, note: str = "") -> None:
    """Hand the work on inside the unit: to a section below it, a person, or somebody in words. The unit stays answerable.

    Raises InvalidOrder where nobody is named, or where the section or the person is not the unit's own.
    """
    below = set(holder(step).descendants(include_self=True).values_list("pk", flat=True))
    if unit is not None and (unit.pk not in below or unit.pk == step.order.unit_id):
        raise InvalidOrder("unit", "is no section of this unit; choose one below it")
    if staff is not None and not any(a.role in UNIT_ROLES and a.unit_id in below for a in staff.appointments_now()):
        raise InvalidOrder("staff", "does not work in this unit; choose one of its people")
    names = [unit.name if unit else "", staff.display_name if staff else "", to.strip()]
    whom = required(" · ".join(name for name in names if name), "to", at_most=200)
    old = step.order.sub_unit
    step.order.sub_unit, step.order.assignee = unit, staff
    event = step.record(
        data={"to": whom, "sub_unit": unit.code if unit else "", "staff": staff.pk if staff else None},
        private={"note": note.strip()[:300]},
    )
    for section in {old, unit}:
        tell_unit(step.order, section, event)


@verb(Action.STAGE_REPLY)
def stage_reply(step: Step, *, public_text: str, contacted_at: datetime | None = None) -> None:
    """Tell the citizen how far things are without closing."""
    text = required(public_text, "public_text", at_most=REPLY_CHARS)
    Reply.objects.create(
        order=step.order,
        unit=holder(step),
        public_text=text,
        solved=False,
        is_stage=True,
        contacted_at=contacted_at,
        status=Reply.Status.APPROVED,
        created_at=step.at,
    )
    stop_clocks(order_number=step.order.ref, kinds=[ClockKind.CONTACT], at=step.at)
    step.record(private={"reply": text})


@verb(Action.SUBMIT_REPLY)
def submit_reply(
    step: Step, *, public_text: str, solved: bool, internal_text: str = "", contacted_at: datetime | None = None
) -> None:
    """The unit's answer: public words for the citizen, an internal note apart from them, and whether it is solved."""
    text = required(public_text, "public_text", at_most=REPLY_CHARS)
    if step.from_state == State.PROCESSING and step.order.assists.filter(status=OrderAssist.Status.ASKED).exists():
        raise InvalidOrder("assist", "not every assisting unit has replied yet; wait, or call the assistance off")
    if contacted_at is not None and contacted_at > step.at:
        raise InvalidOrder("contacted_at", "lies in the future; give the time you spoke with the citizen")
    Reply.objects.create(
        order=step.order,
        unit=holder(step),
        public_text=text,
        internal_text=internal_text.strip()[:REPLY_CHARS],
        solved=solved,
        contacted_at=contacted_at,
        endorsed=bool(may_sign(step.actor.staff_id, holder(step), step.order)),
        created_at=step.at,
    )
    step.order.replied_at = step.at
    stop_clocks(order_number=step.order.ref, kinds=[ClockKind.HANDLE, ClockKind.CONTACT], at=step.at)
    start_order_clock(step.order, ClockKind.REPLY_REVIEW, at=step.at)
    step.record(data={"solved": solved}, private={"reply": text, "internal": internal_text.strip()})


@verb(Action.ENDORSE_REPLY)
def endorse_reply(step: Step) -> None:
    """The unit's own reviewer stands by the reply."""
    reply = pending_reply(step)
    if may_sign(step.actor.staff_id, reply.unit, step.order) is False:
        raise NotAllowed("signing this unit's replies needs a written authority")
    reply.endorsed = True
    reply.save(update_fields=["endorsed"])
    step.record()


@verb(Action.APPROVE_REPLY)
def approve_reply(step: Step, *, checked: Sequence[str] = ()) -> None:
    """The hotline finds the reply fit to be given to the citizen; call-back follows.

    `checked`: codes of the checklist that were found in order. Raises InvalidOrder while a required one is not.
    """
    reply = pending_reply(step)
    lines = list(ReplyCheck.objects.filter(is_active=True))
    if not reply.endorsed and may_sign(None, reply.unit, step.order) is not None:
        raise InvalidOrder("reply", "is not signed by a person with the unit's written authority")
    missing = [line.code for line in lines if line.required and line.code not in checked]
    if missing:
        raise InvalidOrder("checked", f"is not complete: {', '.join(missing)}")
    found = {line.code: line.code in checked for line in lines}
    reply.status, reply.reviewed_at = Reply.Status.APPROVED, step.at
    reply.save(update_fields=["status", "reviewed_at"])
    stop_clocks(order_number=step.order.ref, kinds=[ClockKind.REPLY_REVIEW], at=step.at)
    start_order_clock(step.order, ClockKind.CALLBACK, at=step.at)
    step.record(data={"checks": found} if found else {})


@verb(Action.REJECT_REPLY)
def reject_reply(step: Step, *, reason: str) -> None:
    """The reply does not answer the citizen: back to the unit, whose handling clock runs on from where it stood."""
    reason = required(reason, "reason", at_most=300)
    reply = pending_reply(step)
    reply.status, reply.review_note, reply.reviewed_at = Reply.Status.REJECTED, reason, step.at
    reply.save(update_fields=["status", "review_note", "reviewed_at"])
    step.order.replied_at = None
    stop_clocks(order_number=step.order.ref, kinds=[ClockKind.REPLY_REVIEW], at=step.at)
    reopen_handling(step, until=step.order.due_at)
    step.record(private={"reason": reason})


def holder(step: Step) -> Unit:
    """The unit that has the order."""
    if step.order.unit is None:
        raise InvalidOrder("unit", "no unit has the order; dispatch it first")
    return step.order.unit


def pending_reply(step: Step) -> Reply:
    """The reply that is under review."""
    reply = step.order.replies.filter(status=Reply.Status.SUBMITTED, is_stage=False).order_by("-created_at").first()
    if reply is None:
        raise InvalidOrder("reply", "there is none under review")
    return reply


def reopen_handling(step: Step, *, until: datetime | None) -> None:
    """Run the handling clock again. `until` keeps the old due moment, else a new round gets its full limit."""
    started = start_order_clock(step.order, ClockKind.HANDLE, at=step.at)
    if not started:
        return
    clock = started[0]
    if until is not None and until > step.at:
        clock.due_at, clock.warn_at = until, min(clock.warn_at, until)
        clock.save(update_fields=["due_at", "warn_at"])
    step.order.due_at, step.order.warn_at = clock.due_at, clock.warn_at
