"""The append-only, hash-chained history of an order, and its verification.

Each event's hash covers its own fields and the hash of the event before it (the construction of Haber and Stornetta,
1991). Personal or free text enters only as HMAC-SHA-256 commitments under salts that are kept, with the sealed text, in
`Commitment` rows: deleting those forgets the text and leaves the chain whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from django.db.models import OuterRef, Subquery

from ticketing.citizens.sealing import commit, new_salt
from ticketing.orders import numbers
from ticketing.orders.models import Commitment, NumberSequence, OrderEvent, WorkOrder
from ticketing.organisation.actor import Actor


def digest(event: OrderEvent, number: str) -> str:
    """SHA-256 over the event's fields in canonical JSON, 64 hex digits."""
    body = {
        "order": number,
        "seq": event.seq,
        "action": event.action,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "from": event.from_state,
        "to": event.to_state,
        "actor": [event.actor_kind, event.actor_role, event.actor_name, event.actor_staff_id, event.actor_unit_id],
        "channel": event.channel,
        "request": event.request_id,
        "data": event.data,
        "previous": event.previous_hash,
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def build_event(
    *,
    order: WorkOrder,
    seq: int,
    previous_hash: str,
    action: str,
    actor: Actor,
    from_state: str,
    to_state: str,
    at: datetime,
    data: dict[str, Any] | None = None,
    private: dict[str, str] | None = None,
) -> tuple[OrderEvent, list[Commitment]]:
    """An unsaved event with its hash, and the commitments behind its `private` texts."""
    data = dict(data or {})
    salts: list[Commitment] = []
    for name, value in (private or {}).items():
        if value:
            salt = new_salt()
            data[name] = {"commitment": commit(value, salt)}
            salts.append(Commitment(field=name, salt=salt, value=value))
    event = OrderEvent(
        order=order,
        seq=seq,
        action=action,
        at=at,
        from_state=from_state,
        to_state=to_state,
        actor_kind=actor.kind,
        actor_role=actor.role,
        actor_name=actor.name,
        actor_staff_id=actor.staff_id,
        actor_unit_id=actor.unit_id,
        channel=actor.channel,
        request_id=actor.request_id,
        data=data,
        previous_hash=previous_hash,
    )
    event.hash = digest(event, order.number)
    return event, salts


def begin(
    *,
    order: WorkOrder,
    action: str,
    actor: Actor,
    at: datetime,
    data: Callable[[WorkOrder], dict[str, Any]] | None = None,
    private: dict[str, str] | None = None,
) -> OrderEvent:
    """Insert a new order with its first event, whose `data` may name what only a saved order has."""
    order.version = 1
    order.save(force_insert=True)
    order.version, order.head_hash = 0, ""  # type: ignore[attr-defined]  # as before the event that `append` writes
    facts = data(order) if data else None
    return append(order=order, action=action, actor=actor, from_state="", at=at, data=facts, private=private)


def append(
    *,
    order: WorkOrder,
    action: str,
    actor: Actor,
    from_state: str,
    at: datetime,
    data: dict[str, Any] | None = None,
    private: dict[str, str] | None = None,
) -> OrderEvent:
    """Append one event to a locked order. Only `orders.actions` calls this; the caller saves the order."""
    head = getattr(order, "head_hash", None)
    if head is None:
        head = OrderEvent.objects.filter(order=order).order_by("-seq").values_list("hash", flat=True).first() or ""
    event, salts = build_event(
        order=order,
        seq=order.version + 1,
        previous_hash=head,
        action=action,
        actor=actor,
        from_state=from_state,
        to_state=order.state,
        at=at,
        data=data,
        private=private,
    )
    event.save(force_insert=True)
    for salt in salts:
        salt.event = event
    if salts:
        Commitment.objects.bulk_create(salts)
    order.version, order.head_hash = event.seq, event.hash  # type: ignore[attr-defined]
    return event


def head_of(order_id: OuterRef) -> Subquery:
    """The hash of an order's last event, to be read in the statement that locks the order."""
    return Subquery(OrderEvent.objects.filter(order=order_id).order_by("-seq").values("hash")[:1])


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that does not hold in the history of one order."""

    number: str
    seq: int | None
    what: str


def flaws_of(order: WorkOrder, events: list[OrderEvent]) -> Iterator[Flaw]:
    """What does not hold in `events`, which are all events of `order` in order."""
    previous, expected = "", 1
    for event in events:
        if event.seq != expected:
            yield Flaw(order.number, event.seq, "an event before this one is missing")
        if event.previous_hash != previous:
            yield Flaw(order.number, event.seq, "the chain is broken before this event")
        if digest(event, order.number) != event.hash:
            yield Flaw(order.number, event.seq, "this event was changed")
        for salt in event.commitments.all():
            if event.data.get(salt.field, {}).get("commitment") != commit(salt.value, salt.salt):
                yield Flaw(order.number, event.seq, f"the kept {salt.field} is not what was committed to")
        previous, expected = event.hash, event.seq + 1
    if order.version != expected - 1:
        yield Flaw(order.number, None, "events at the end are missing")
    if events and events[-1].to_state != order.state:
        yield Flaw(order.number, None, "the order's state is not the one its history ends in")


def verify(*, number: str = "", batch: int = 500) -> Iterator[Flaw]:
    """Check every order (or one) and every day's run of numbers; yields what does not hold, reads in batches."""
    orders = WorkOrder.objects.order_by("pk")
    if number:
        orders = orders.filter(number=number)
    last = 0
    while rows := list(orders.filter(pk__gt=last)[:batch]):
        events = OrderEvent.objects.filter(order__in=rows).prefetch_related("commitments").order_by("order_id", "seq")
        by_order = {pk: list(group) for pk, group in groupby(events, key=lambda e: e.order_id)}
        for order in rows:
            yield from flaws_of(order, by_order.get(order.pk, []))
        last = rows[-1].pk
    if not number:
        yield from missing_numbers()


def missing_numbers() -> Iterator[Flaw]:
    """Numbers that were given out and whose order is gone."""
    for row in NumberSequence.objects.all():
        prefix = f"{row.day:%y%m%d}"
        known = set(WorkOrder.objects.filter(number__startswith=prefix).values_list("number", flat=True))
        if len(known) == row.next_value - 1:
            continue
        for sequence in range(1, row.next_value):
            missing = numbers.format_number(row.day, sequence)
            if missing not in known:
                yield Flaw(missing, None, "the whole order is missing")
