"""Joint handling (会办): the lead unit stays answerable, others reply for their part, the lead merges into one reply."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from ticketing.clocks.actions import plan_clock, stop_clocks
from ticketing.clocks.models import ClockKind
from ticketing.orders.actions._step import Step, covers, required, tell_unit, verb
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.impartial import check_impartial
from ticketing.orders.models import OrderAssist, WorkOrder
from ticketing.orders.workflow import Action, State
from ticketing.organisation.actor import SYSTEM, Actor
from ticketing.organisation.models import Unit

ASSIST_CHARS = 3000
Status = OrderAssist.Status


@verb(Action.ASK_ASSIST)
def ask_assist(step: Step, *, unit: Unit, task: str, due: datetime | None = None) -> None:
    """Ask `unit` to do its part. Its clock ends with its own limit, with `due`, or with the lead unit's: the earliest.

    Raises InvalidOrder.
    """
    order = step.order
    task = required(task, "task", at_most=1000)
    if not (unit.is_active and unit.accepts_orders):
        raise InvalidOrder("unit", "does not take work orders; choose another unit")
    check_impartial(order, unit)
    if order.unit is not None and order.unit.pk == unit.pk:
        raise InvalidOrder("unit", "is the lead unit itself; choose another unit")
    if order.assists.filter(unit=unit, status=Status.ASKED).exists():
        raise InvalidOrder("unit", "was asked already and has not replied yet")
    if due is not None and due <= step.at:
        raise InvalidOrder("due", "lies in the past")
    turn = order.assists.count() + 1
    clock = plan_clock(
        order_number=order.ref,
        kind=ClockKind.ASSIST,
        started_at=step.at,
        order_type=order.order_type,
        urgency=order.urgency,
        unit=unit,
        duty_item=order.duty_item,
        round=turn,
    )
    ends = [moment for moment in (due, clock.due_at if clock else None, order.due_at) if moment is not None and moment > step.at]
    if clock is not None:
        clock.due_at = min(ends)
        clock.warn_at = min(clock.warn_at, clock.due_at)
        clock.save()
    OrderAssist.objects.create(
        order=order,
        unit=unit,
        round=turn,
        task=task,
        asked_by=step.actor.name,
        started_at=step.at,
        due_at=min(ends, default=None),
    )
    event = step.record(data={"unit": unit.code, "unit_name": unit.name, "assist": turn}, private={"task": task})
    tell_unit(order, unit, event)


@verb(Action.CANCEL_ASSIST)
def _cancel_assist(step: Step, *, unit: Unit, reason: str) -> None:
    assist = step.order.assists.filter(unit=unit, status=Status.ASKED).order_by("-round").first()
    if assist is None:
        raise InvalidOrder("unit", "was not asked, or has replied already")
    end(step, assist, Status.CANCELLED)
    event = step.record(
        data={"unit": unit.code, "unit_name": unit.name}, private={"reason": required(reason, "reason", at_most=300)}
    )
    tell_unit(step.order, unit, event)


@verb(Action.ASSIST_REPLY)
def _assist_reply(step: Step, *, text: str) -> None:
    assist = own_assist(step)
    assist.text = required(text, "text", at_most=ASSIST_CHARS)
    end(step, assist, Status.REPLIED)
    step.record(data={"assist": assist.round}, private={"internal": assist.text})


@verb(Action.ASSIST_DECLINE)
def _assist_decline(step: Step, *, reason: str) -> None:
    assist = own_assist(step)
    assist.text = required(reason, "reason", at_most=300)
    end(step, assist, Status.DECLINED)
    step.record(data={"assist": assist.round}, private={"reason": assist.text})


@transaction.atomic
def cancel_assist(*, order: WorkOrder, actor: Actor, unit: Unit, reason: str, version: int | None = None) -> WorkOrder:
    """Call off what was asked of `unit`."""
    return gather_if_ready(_cancel_assist(order=order, actor=actor, version=version, unit=unit, reason=reason))


@transaction.atomic
def reply_assist(*, order: WorkOrder, actor: Actor, text: str, version: int | None = None) -> WorkOrder:
    """The assisting unit's part, for the lead unit; the last one in moves the order on to the merged reply."""
    return gather_if_ready(_assist_reply(order=order, actor=actor, version=version, text=text))


@transaction.atomic
def decline_assist(*, order: WorkOrder, actor: Actor, reason: str, version: int | None = None) -> WorkOrder:
    """The unit has no part in the matter, and says why."""
    return gather_if_ready(_assist_decline(order=order, actor=actor, version=version, reason=reason))


@verb(Action.GATHER)
def gather(step: Step) -> None:
    """Every part is in or its time is up: the lead unit merges them into one reply. Raises InvalidOrder before that."""
    if open_assists(step.order, step.at).exists() or not step.order.assists.filter(gathered=False).exists():
        raise InvalidOrder("assist", "not every assisting unit has replied yet")
    late = step.order.assists.filter(status=Status.ASKED)
    for assist in late:
        end(step, assist, Status.LAPSED)
    counts = {s.value: step.order.assists.filter(gathered=False, status=s).count() for s in Status}
    step.order.assists.update(gathered=True)
    step.record(data={"parts": {name: n for name, n in counts.items() if n}})


def gather_if_ready(order: WorkOrder) -> WorkOrder:
    """Gather when the order is with the lead unit and nobody is waited for any more; else leave it as it is."""
    waited = open_assists(order, timezone.now()).exists()
    answered = order.assists.filter(gathered=False).exclude(status=Status.CANCELLED).exists()
    ready = order.state == State.PROCESSING and answered and not waited
    return gather(order=order, actor=SYSTEM) if ready else order


def open_assists(order: WorkOrder, now: datetime) -> QuerySet[OrderAssist]:
    """Parts that are still waited for."""
    return order.assists.filter(Q(due_at=None) | Q(due_at__gt=now), status=Status.ASKED)


def own_assist(step: Step) -> OrderAssist:
    """The part that the actor's unit was asked for. Raises NotAllowed where it was asked for none."""
    for assist in step.order.assists.filter(status=Status.ASKED).select_related("unit").order_by("-round"):
        if covers(step.actor.unit_id, assist.unit):
            return assist
    raise NotAllowed(f"unit {step.actor.unit_id} was not asked to assist")


def end(step: Step, assist: OrderAssist, status: str) -> None:
    """Close one part and its clock."""
    assist.status, assist.replied_at = status, step.at
    assist.save(update_fields=["status", "text", "replied_at"])
    stop_clocks(order_number=step.order.ref, kinds=[ClockKind.ASSIST], round=assist.round, at=step.at)
