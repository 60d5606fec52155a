"""The one bulk verb: imports and generators write the same rows, events, hashes and clocks as the single verbs do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from ticketing.clocks.actions import plan_clock
from ticketing.clocks.models import Clock, ClockKind
from ticketing.orders import history, numbers
from ticketing.orders.actions.intake import TITLE_CHARS, creation_facts, query_index
from ticketing.orders.errors import IllegalTransition
from ticketing.orders.models import Callback, Commitment, OrderEvent, Rating, Reply, WorkOrder
from ticketing.orders.privacy import mask_numbers
from ticketing.orders.workflow import TERMINAL, Action, State, edge
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import DutyItem, OrderType, Place, Region, Unit
from ticketing.outbox.actions import enqueue_all

BATCH = 500


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of an order's past. `unit` with DISPATCH; reply, callback and rating texts with theirs."""

    action: Action
    at: datetime
    actor: Actor
    unit: Unit | None = None
    text: str = ""
    solved: bool | None = None
    satisfaction: int | None = None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order with its past, ready to be loaded. `key` makes loading twice harmless."""

    key: str
    order_type: OrderType
    title: str
    content: str
    channel: str
    created_at: datetime
    actor: Actor
    duty_item: DutyItem | None = None
    region: Region | None = None
    place: Place | None = None
    place_text: str = ""
    wish: str = ""
    urgency: str = "normal"
    secrecy: str = "open"
    origin: str = WorkOrder.Origin.IMPORT
    citizen_id: int | None = None
    steps: Sequence[StepRow] = field(default_factory=tuple)


@dataclass(slots=True)
class _Loaded:
    """What one batch will write."""

    orders: list[WorkOrder] = field(default_factory=list)
    events: list[OrderEvent] = field(default_factory=list)
    salts: list[tuple[OrderEvent, list[Commitment]]] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)


def load_orders(rows: Iterable[OrderRow], *, progress: Callable[[int], None] = lambda n: None) -> int:
    """Load orders in batches, each in a transaction of its own; returns how many were new.

    A row whose key is known is passed over, so a broken load can simply be started again. Raises IllegalTransition for a
    past that the workflow does not allow; the batch it is in is not written.
    """
    loaded, stream = 0, iter(rows)
    while batch := list(islice(stream, BATCH)):
        loaded += _load_batch(batch)
        progress(len(batch))
    return loaded


@transaction.atomic
def _load_batch(rows: list[OrderRow]) -> int:
    known = set(WorkOrder.objects.filter(idempotency_key__in=[r.key for r in rows]).values_list("idempotency_key", flat=True))
    fresh = list({row.key: row for row in rows if row.key not in known}.values())
    by_day: dict[date, list[OrderRow]] = defaultdict(list)
    for row in fresh:
        by_day[timezone.localdate(row.created_at)].append(row)
    loaded = _Loaded()
    for day, group in sorted(by_day.items()):
        for number, row in zip(numbers.take_numbers(day, len(group)), group, strict=True):
            _play(row, number, loaded)
    _write(loaded)
    return len(fresh)


def _play(row: OrderRow, number: str, loaded: _Loaded) -> None:
    """Walk the row's past over the workflow's edges, collecting what it leaves behind."""
    code = numbers.new_query_code()
    order = WorkOrder(
        number=number,
        query_code=code,
        query_code_index=query_index(number, code),
        state=State.TRIAGE,
        order_type=row.order_type,
        duty_item=row.duty_item,
        urgency=row.urgency,
        secrecy=row.secrecy,
        title=mask_numbers(row.title or row.content)[:TITLE_CHARS],
        content=mask_numbers(row.content),
        wish=mask_numbers(row.wish)[:300],
        citizen_id=row.citizen_id,
        channel=row.channel,
        idempotency_key=row.key,
        origin=row.origin,
        place=row.place,
        place_text=row.place_text or (row.place.name if row.place else ""),
        region=row.region,
        latitude=row.place.latitude if row.place else None,
        longitude=row.place.longitude if row.place else None,
        created_at=row.created_at,
        updated_at=row.created_at,
    )
    loaded.orders.append(order)
    running: dict[str, Clock] = {}
    rounds: dict[str, int] = defaultdict(int)
    texts = {"content": order.content, "title": order.title, "wish": order.wish, "place": order.place_text}
    previous = _event(loaded, order, 1, "", Action.SUBMIT, row.actor, "", row.created_at, creation_facts(order), texts)
    for step in row.steps:
        walked = edge(step.action, State(order.state))
        if walked is None or step.actor.role not in walked.roles:
            raise IllegalTransition(step.action, order.state, ())
        before, order.state = order.state, walked.target
        data, private = _apply(step, order, running, rounds, loaded)
        previous = _event(loaded, order, previous.seq + 1, previous.hash, step.action, step.actor, before, step.at, data, private)
        order.updated_at = step.at
    order.version = previous.seq
    if order.state in TERMINAL:
        for clock in running.values():
            clock.stopped_at = clock.stopped_at or order.updated_at


def _event(
    loaded: _Loaded,
    order: WorkOrder,
    seq: int,
    previous_hash: str,
    action: str,
    actor: Actor,
    before: str,
    at: datetime,
    data: dict[str, Any],
    private: dict[str, str],
) -> OrderEvent:
    event, salts = history.build_event(
        order=order,
        seq=seq,
        previous_hash=previous_hash,
        action=action,
        actor=actor,
        from_state=before,
        to_state=order.state,
        at=at,
        data=data,
        private=private,
    )
    loaded.events.append(event)
    if salts:
        loaded.salts.append((event, salts))
    return event


def _apply(
    step: StepRow, order: WorkOrder, running: dict[str, Clock], rounds: dict[str, int], loaded: _Loaded
) -> tuple[dict[str, Any], dict[str, str]]:
    """Fields, clocks and child rows that one past step leaves; returns the event's data and private texts."""

    def start(kind: str) -> None:
        rounds[kind] += 1
        clock = plan_clock(
            order_number=order.ref,
            kind=kind,
            started_at=step.at,
            order_type=order.order_type,
            urgency=order.urgency,
            unit=order.unit,
            duty_item=order.duty_item,
            round=rounds[kind],
        )
        if clock is not None:
            running[kind] = clock
            loaded.clocks.append(clock)
            if kind == ClockKind.HANDLE:
                order.due_at, order.warn_at = clock.due_at, clock.warn_at

    def stop(*kinds: str) -> None:
        for kind in kinds or tuple(running):
            clock = running.pop(kind, None)
            if clock is not None:
                clock.stopped_at = step.at
                clock.warned_at = step.at if clock.warn_at <= step.at else None
                clock.overdue_at = clock.due_at if clock.due_at <= step.at else None

    match step.action:
        case Action.DISPATCH | Action.REASSIGN | Action.RULE:
            assert step.unit is not None, "a dispatch needs a unit"
            stop()
            order.unit, order.dispatched_at, order.signed_at = step.unit, step.at, None
            for kind in (ClockKind.SIGN, ClockKind.CONTACT, ClockKind.HANDLE):
                start(kind)
            return {"unit": step.unit.code, "unit_name": step.unit.name}, {"reason": step.text}
        case Action.SIGN:
            order.signed_at = step.at
            stop(ClockKind.SIGN)
        case Action.ACCEPT_RETURN:
            stop()
            order.return_count += 1
            order.unit, order.due_at, order.warn_at = None, None, None
        case Action.SUBMIT_REPLY:
            order.replied_at = step.at
            stop(ClockKind.HANDLE, ClockKind.CONTACT)
            start(ClockKind.REPLY_REVIEW)
            loaded.replies.append(
                Reply(
                    order=order,
                    unit=order.unit,
                    public_text=step.text,
                    solved=bool(step.solved),
                    status=Reply.Status.SUBMITTED,
                    created_at=step.at,
                )
            )
            return {"solved": step.solved}, {"reply": step.text}
        case Action.APPROVE_REPLY | Action.REJECT_REPLY:
            stop(ClockKind.REPLY_REVIEW)
            reply = loaded.replies[-1]
            reply.status = Reply.Status.APPROVED if step.action == Action.APPROVE_REPLY else Reply.Status.REJECTED
            reply.review_note, reply.reviewed_at = step.text[:300] if step.action == Action.REJECT_REPLY else "", step.at
            start(ClockKind.CALLBACK if step.action == Action.APPROVE_REPLY else ClockKind.HANDLE)
        case Action.CLOSE | Action.NOTE_DISSATISFIED | Action.NOTE_UNREACHED | Action.CLOSE_UNRATED:
            _call_back(step, order, loaded)
            if step.action in (Action.CLOSE, Action.CLOSE_UNRATED):
                order.closed_at = step.at
            if step.action != Action.NOTE_UNREACHED:
                stop()
            return {"solved": step.solved, "satisfaction": step.satisfaction}, {}
        case Action.REDO:
            order.redo_count += 1
            order.replied_at = None
            start(ClockKind.HANDLE)
        case Action.URGE:
            order.urge_count += 1
        case Action.CLOSE_DIRECT:
            order.closed_at = order.replied_at = step.at
        case Action.REJECT | Action.TRANSFER | Action.WITHDRAW | Action.ACCEPT_CLOSING | Action.LAPSE:
            order.closed_at = step.at
            stop()
    return {}, {"note": step.text}


def _call_back(step: StepRow, order: WorkOrder, loaded: _Loaded) -> None:
    reached = step.action in (Action.CLOSE, Action.NOTE_DISSATISFIED)
    order.unreached_count += 0 if reached else 1
    loaded.callbacks.append(
        Callback(
            order=order,
            channel=step.actor.channel,
            reached=reached,
            solved=step.solved,
            satisfaction=step.satisfaction,
            note=step.text[:300],
            at=step.at,
        )
    )
    if step.satisfaction is not None:
        loaded.ratings = [r for r in loaded.ratings if r.order is not order]
        loaded.ratings.append(
            Rating(order=order, kind=Rating.Kind.ORDER, score=step.satisfaction, channel=step.actor.channel, at=step.at)
        )


def _write(loaded: _Loaded) -> None:
    WorkOrder.objects.bulk_create(loaded.orders, batch_size=BATCH)
    OrderEvent.objects.bulk_create(loaded.events, batch_size=BATCH)
    for event, salts in loaded.salts:
        for salt in salts:
            salt.event = event
    Commitment.objects.bulk_create([s for _, salts in loaded.salts for s in salts], batch_size=BATCH)
    Clock.objects.bulk_create(loaded.clocks, batch_size=BATCH)
    Reply.objects.bulk_create(loaded.replies, batch_size=BATCH)
    Callback.objects.bulk_create(loaded.callbacks, batch_size=BATCH)
    Rating.objects.bulk_create(loaded.ratings, batch_size=BATCH)
    enqueue_all([("dispatch.route", {"order": order.pk}) for order in loaded.orders if order.state == State.TRIAGE])
