"""Across the life of an order: supervision, flags, copies, whom it is about, cards and accountability."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ticketing.orders.actions._step import Step, covers, required, tell_unit, verb
from ticketing.orders.actions.handling import holder
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.impartial import check_impartial
from ticketing.orders.models import Accountability, Card, Contestable, Flag, OrderCopy, Secrecy, Supervision
from ticketing.orders.workflow import Action
from ticketing.organisation.models import Staff, Unit

Status = Contestable.Status


@verb(Action.SUPERVISE)
def supervise_order(step: Step, *, note: str, level: str = "general", due: datetime | None = None) -> None:
    """Take the order under watch (督办); the unit reports by `due`. Raises InvalidOrder."""
    note = required(note, "note", at_most=300)
    if level not in Supervision.Level.values:
        raise InvalidOrder("level", f"must be one of {', '.join(Supervision.Level.values)}")
    if due is not None and due <= step.at:
        raise InvalidOrder("due", "lies in the past")
    Supervision.objects.create(order=step.order, level=level, note=note, due_at=due, opened_by=step.actor.name, opened_at=step.at)
    step.order.supervised = True
    step.record(data={"level": level, "due": due.isoformat() if due else ""}, private={"note": note})


@verb(Action.ANSWER_SUPERVISION)
def answer_supervision(step: Step, *, text: str) -> None:
    """The unit reports on what is watched; the watch goes on until it is ended."""
    text = required(text, "text")
    watch = open_watch(step, reported=False)
    watch.report, watch.reported_at = text, step.at
    watch.save(update_fields=["report", "reported_at"])
    step.record(private={"internal": text})


@verb(Action.END_SUPERVISION)
def end_supervision(step: Step, *, note: str = "") -> None:
    """The matter needs no watching any more."""
    open_watch(step)
    step.order.supervisions.filter(closed_at=None).update(closed_at=step.at)
    step.order.supervised = False
    step.record(private={"note": note.strip()[:300]})


@verb(Action.FLAG)
def flag_order(step: Step, *, flags: Sequence[str]) -> None:
    """Set the order's flags to exactly these; `confidential` also hides the contact from the unit. Raises InvalidOrder."""
    unknown = set(flags) - set(Flag.values)
    if unknown:
        raise InvalidOrder("flags", f"does not know {', '.join(sorted(unknown))}; use {', '.join(Flag.values)}")
    before = set(step.order.flags)
    step.order.flags = [flag for flag in Flag.values if flag in flags]
    if Flag.CONFIDENTIAL in flags and step.order.secrecy == Secrecy.OPEN:
        step.order.secrecy = Secrecy.CONFIDENTIAL
    step.record(data={"flags": step.order.flags, "taken_off": sorted(before - set(flags))})


@verb(Action.COPY)
def copy_order(step: Step, *, unit: Unit, note: str = "") -> None:
    """Let a unit read the order without having to act (抄送). Raises InvalidOrder."""
    check_impartial(step.order, unit)
    if step.order.unit is not None and step.order.unit.pk == unit.pk:
        raise InvalidOrder("unit", "has the order already; choose another unit")
    OrderCopy.objects.get_or_create(order=step.order, unit=unit, defaults={"at": step.at})
    event = step.record(data={"unit": unit.code, "unit_name": unit.name}, private={"note": note.strip()[:300]})
    tell_unit(step.order, unit, event)


@verb(Action.NAME_SUBJECT)
def name_subject(step: Step, *, unit: Unit | None = None, staff: Staff | None = None) -> None:
    """Whom a complaint is about: it never goes to them. Both empty takes the mark off."""
    step.order.about_unit, step.order.about_staff = unit, staff
    step.record(data={"about_unit": unit.code if unit else "", "about_staff": staff.pk if staff else None})


@verb(Action.ISSUE_CARD)
def issue_card(step: Step, *, colour: str, reason: str) -> None:
    """A yellow or red card for the unit that has the order. Raises InvalidOrder."""
    if colour not in Card.Colour.values:
        raise InvalidOrder("colour", f"must be one of {', '.join(Card.Colour.values)}")
    reason = required(reason, "reason", at_most=1000)
    unit = holder(step)
    Card.objects.create(order=step.order, unit=unit, colour=colour, reason=reason, issued_by=step.actor.name, issued_at=step.at)
    step.record(data={"colour": colour, "unit": unit.code, "unit_name": unit.name}, private={"reason": reason})


@verb(Action.APPEAL_CARD)
def appeal_card(step: Step, *, text: str) -> None:
    """The unit says why the card is not just; once."""
    appeal(step, list(step.order.cards.filter(status=Status.ISSUED).select_related("unit")), text)


@verb(Action.DECIDE_CARD)
def decide_card(step: Step, *, upheld: bool, text: str) -> None:
    """Uphold the card, or revoke it; one that nobody appealed against can be revoked too."""
    decide(step, step.order.cards.exclude(status=Status.REVOKED).exclude(status=Status.UPHELD).last(), upheld, text)


@verb(Action.HOLD_ACCOUNTABLE)
def hold_accountable(step: Step, *, cause: str, reason: str) -> None:
    """Record the cause and the finding for the unit that has the order. Raises InvalidOrder."""
    if cause not in Accountability.Cause.values:
        raise InvalidOrder("cause", f"must be one of {', '.join(Accountability.Cause.values)}")
    reason = required(reason, "reason", at_most=1000)
    unit = holder(step)
    Accountability.objects.create(
        order=step.order, unit=unit, cause=cause, reason=reason, issued_by=step.actor.name, issued_at=step.at
    )
    step.record(data={"cause": cause, "unit": unit.code, "unit_name": unit.name}, private={"reason": reason})


@verb(Action.APPEAL_FINDING)
def appeal_finding(step: Step, *, text: str) -> None:
    """The unit says why the finding is not right; once."""
    appeal(step, list(step.order.findings.filter(status=Status.ISSUED).select_related("unit")), text)


@verb(Action.DECIDE_FINDING)
def decide_finding(step: Step, *, upheld: bool, text: str) -> None:
    """Uphold the finding, or revoke it."""
    decide(step, step.order.findings.exclude(status=Status.REVOKED).exclude(status=Status.UPHELD).last(), upheld, text)


def open_watch(step: Step, *, reported: bool = True) -> Supervision:
    """The last open supervision. Raises InvalidOrder where there is none."""
    open_ones = step.order.supervisions.filter(closed_at=None)
    watch = (open_ones if reported else open_ones.filter(reported_at=None)).order_by("-opened_at").first()
    if watch is None:
        raise InvalidOrder("supervision", "there is none that waits for this")
    return watch


def appeal(step: Step, held: Sequence[Card | Accountability], text: str) -> None:
    """Appeal against the last of `held` that is the actor's own. Raises NotAllowed, InvalidOrder."""
    text = required(text, "text")
    mine = [row for row in held if covers(step.actor.unit_id, row.unit)]
    if not mine:
        raise NotAllowed(f"nothing is held against unit {step.actor.unit_id} that it may appeal against")
    mine[-1].appeal, mine[-1].status = text, Status.APPEALED
    mine[-1].save(update_fields=["appeal", "status"])
    step.record(private={"internal": text})


def decide(step: Step, held: Card | Accountability | None, upheld: bool, text: str) -> None:
    """Keep the ruling with what was held against the unit. Raises InvalidOrder."""
    text = required(text, "text")
    if held is None:
        raise InvalidOrder("text", "there is nothing to decide on")
    held.status, held.ruling, held.decided_at = (Status.UPHELD if upheld else Status.REVOKED), text, step.at
    held.save(update_fields=["status", "ruling", "decided_at"])
    step.record(data={"upheld": upheld, "unit": held.unit.code, "unit_name": held.unit.name}, private={"reason": text})
