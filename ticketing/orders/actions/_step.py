"""The one way a state changes: lock, check the edge, apply, append to history, tell the others after the commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.db import connection, transaction
from django.db.models import OuterRef
from django.utils import timezone

from ticketing.orders import history
from ticketing.orders.errors import IllegalTransition, InvalidOrder, NotAllowed, StaleOrder
from ticketing.orders.models import OrderEvent, Secrecy, WorkOrder
from ticketing.orders.workflow import Action, Edge, State, actions_from, edge
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import DutyItem, OrderType, Region, Unit
from ticketing.organisation.roles import UNIT_ROLES, Role
from ticketing.organisation.selectors import content_row, units_above
from ticketing.outbox import feeds
from ticketing.outbox.actions import enqueue_all

P = ParamSpec("P")


class Step:
    """One verb at work on one locked order. `record` writes the event and saves the order."""

    def __init__(self, order: WorkOrder, actor: Actor, edge: Edge) -> None:
        self.order, self.actor, self.edge = order, actor, edge
        self.at: datetime = timezone.now()
        self.from_state = order.state
        self._before = _columns(order)

    def record(self, *, data: dict[str, Any] | None = None, private: dict[str, str] | None = None) -> OrderEvent:
        """Move the order along the edge, append the event, save, and announce."""
        self.order.state = self.edge.target
        event = history.append(
            order=self.order,
            action=self.edge.action,
            actor=self.actor,
            from_state=self.from_state,
            at=self.at,
            data=data,
            private=private,
        )
        self.save()
        announce(order=self.order, event=event)
        return event

    def save(self) -> None:
        """Write the columns of the order that this step has changed."""
        self.order.updated_at = self.at
        now = _columns(self.order)
        self.order.save(update_fields=[name for name, value in now.items() if value != self._before[name]])
        self._before = now


def _columns(order: WorkOrder) -> dict[str, Any]:
    return {field.attname: getattr(order, field.attname) for field in order._meta.concrete_fields}


def verb(
    action: Action,
) -> Callable[[Callable[Concatenate[Step, P], Any]], Callable[..., WorkOrder]]:
    """Turn `def f(step, *, ...)` into a verb `f(*, order, actor, version=None, ...) -> WorkOrder` for `action`.

    The verb runs in one transaction on a freshly locked row and returns that row. It raises IllegalTransition (the state
    has no such edge), NotAllowed (the role or the unit does not fit), StaleOrder (`version` is given and has passed).
    """

    def decorate(body: Callable[Concatenate[Step, P], Any]) -> Callable[..., WorkOrder]:
        @wraps(body)
        def run(*, order: WorkOrder, actor: Actor, version: int | None = None, **kwargs: Any) -> WorkOrder:
            with transaction.atomic():
                locked = order if is_locked(order) else lock(order)
                step = Step(locked, actor, permitted_edge(locked, action, actor))
                if version is not None and version != locked.version:
                    raise StaleOrder(locked.version)
                try:
                    body(step, **kwargs)  # type: ignore[call-arg]
                except BaseException:
                    # What the verb had changed in memory is not in the row: whoever goes on reads it anew.
                    locked.locked_in = None  # type: ignore[attr-defined]
                    raise
            return locked

        run.action = action  # type: ignore[attr-defined]
        return run

    return decorate


def lock(order: WorkOrder) -> WorkOrder:
    """The order's row, read afresh and locked until the transaction ends, with what verbs look at."""
    rows = lock_many([order.pk])
    if not rows:
        raise WorkOrder.DoesNotExist(f"There is no order with the key {order.pk}.")
    return rows[0]


def lock_many(keys: Iterable[int]) -> list[WorkOrder]:
    """Those of the orders that exist, as `lock` gives one; always locked in the order of their keys, so that nobody waits
    in a circle."""
    rows = WorkOrder.objects.select_for_update().filter(pk__in=list(keys)).order_by("pk")
    locked: list[WorkOrder] = list(rows.annotate(head_hash=history.head_of(OuterRef("pk"))))
    for row in locked:
        # What stands around the order is content that the process keeps: a join of five tables costs more than the rest.
        row.order_type = content_row(OrderType, row.order_type_id)
        row.duty_item = content_row(DutyItem, row.duty_item_id) if row.duty_item_id else None
        row.region = content_row(Region, row.region_id) if row.region_id else None
        row.unit = content_row(Unit, row.unit_id) if row.unit_id else None
        row.locked_in = connection.atomic_blocks[0]  # type: ignore[attr-defined]
    return locked


def is_locked(order: WorkOrder) -> bool:
    """Whether this very row was locked in the transaction that is open now, so that it is fresh and ours."""
    blocks = connection.atomic_blocks
    return bool(blocks) and getattr(order, "locked_in", None) is blocks[0]


def permitted_edge(order: WorkOrder, action: Action, actor: Actor) -> Edge:
    """The edge the actor may walk. Raises IllegalTransition or NotAllowed."""
    found = edge(action, State(order.state))
    if found is None:
        raise IllegalTransition(action, order.state, actions_from(State(order.state), actor.role))
    if actor.role not in found.roles:
        raise NotAllowed(f"{actor.role} may not {action}")
    if found.own_unit and actor.role in UNIT_ROLES and not in_hands_of(actor.unit_id, order):
        raise NotAllowed(f"the order is not with unit {actor.unit_id}")
    return found


def covers(unit_id: int | None, unit: Unit | None) -> bool:
    """Whether a role held in `unit_id` reaches `unit`: itself or anything below it."""
    if unit is None or unit_id is None:
        return False
    return unit_id in units_above(unit.pk)


def in_hands_of(unit_id: int | None, order: WorkOrder) -> bool:
    """Whether a role held in `unit_id` reaches the unit that holds the order, or the section it was handed on to."""
    return covers(unit_id, order.unit) or (order.sub_unit_id is not None and covers(unit_id, order.sub_unit))


def announce(*, order: WorkOrder, event: OrderEvent, more: Iterable[tuple[str, dict[str, Any]]] = ()) -> None:
    """Tell desks and notices, each through a row: feeds are numbered, jobs are kept until done. `more`: further jobs."""
    tell(order, event, *streams_of(order, event))
    enqueue_all([("notices.order_event", {"event": event.pk}), *more])


def tell(order: WorkOrder, event: OrderEvent, *streams: str) -> None:
    """Put the event into live streams; pages fetch what they may show of it."""
    payload = {"number": order.ref, "action": event.action, "state": order.state, "version": order.version}
    feeds.publish_to(streams=streams, kind="order", payload=payload)


def tell_unit(order: WorkOrder, unit: Unit | None, event: OrderEvent) -> None:
    """Tell the desk of a unit that does not, or no longer, hold the order."""
    if unit is not None:
        tell(order, event, f"sealed:{unit.pk}" if order.secrecy == Secrecy.SEALED else f"unit:{unit.pk}")


def stream_of(order: WorkOrder) -> str:
    """The live stream of one order."""
    return f"order:{order.ref}"


def streams_of(order: WorkOrder, event: OrderEvent) -> list[str]:
    """Those who look at the order, and the desks whose list changed by this event."""
    if order.secrecy == Secrecy.SEALED:  # nobody but those named hears that anything happened
        return ["sealed", stream_of(order), *([f"sealed:{order.unit_id}"] if order.unit_id else [])]
    touched = {event.from_state, event.to_state}
    streams = [stream_of(order), "wall"]
    if touched & {State.TRIAGE, State.RETURN_REVIEW, State.DISPUTE, State.REPLY_REVIEW, State.EXTENSION_REVIEW}:
        streams.append("inbox")
    if touched & {State.CALLBACK, State.DISSATISFIED}:
        streams.append("callback")
    if order.unit_id:
        streams.append(f"unit:{order.unit_id}")
    return streams


def required(value: str, field: str, *, at_most: int = 2000) -> str:
    """A stripped text that must not be empty. Raises InvalidOrder."""
    value = (value or "").strip()
    if not value:
        raise InvalidOrder(field, "must not be empty")
    if len(value) > at_most:
        raise InvalidOrder(field, f"must have at most {at_most} characters")
    return value


def is_system(actor: Actor) -> bool:
    """Whether no person acts."""
    return actor.role in (Role.SYSTEM, Role.BOT)
