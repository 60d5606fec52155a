"""Intake: an order is made, completed, answered on the spot, refused with guidance, or passed to someone else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from ticketing.citizens.actions import Contact, InvalidContact, find_or_create_citizen
from ticketing.citizens.models import Citizen
from ticketing.citizens.sealing import blind_index
from ticketing.clocks.actions import stop_clocks
from ticketing.orders import history, numbers
from ticketing.orders.actions._step import Step, announce, required, verb
from ticketing.orders.errors import InvalidOrder
from ticketing.orders.models import Secrecy, WorkOrder
from ticketing.orders.privacy import mask_numbers
from ticketing.orders.workflow import Action, State
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import DutyItem, OrderType, Place, Region, Urgency
from ticketing.outbox.actions import enqueue

TITLE_CHARS = 120


@dataclass(frozen=True, slots=True)
class Created:
    """A new order and the code that, with its number, opens the tracking page. `repeated`: the key was seen before."""

    order: WorkOrder
    query_code: str
    repeated: bool = False


def create_order(
    *,
    actor: Actor,
    order_type: OrderType,
    content: str,
    channel: str,
    title: str = "",
    wish: str = "",
    duty_item: DutyItem | None = None,
    place: Place | None = None,
    place_text: str = "",
    region: Region | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    incident_time: str = "",
    contact: Contact | None = None,
    urgency: str = "",
    secrecy: str = "",
    conversation_ref: str = "",
    answers: dict[str, str] | None = None,
    idempotency_key: str = "",
    language: str = "zh-hans",
) -> Created:
    """Make an order in triage, with its number, first event and the job that routes it.

    The same `idempotency_key` gives the same order back (a double click, a resent frame). Raises InvalidOrder with the
    field and what to change.
    """
    content = mask_numbers(required(content, "content", at_most=settings.TEXT_MAX_CHARS))
    if urgency and urgency not in Urgency.values:
        raise InvalidOrder("urgency", f"must be one of {', '.join(Urgency.values)}")
    if secrecy and secrecy not in Secrecy.values:
        raise InvalidOrder("secrecy", f"must be one of {', '.join(Secrecy.values)}")
    for name, value, bound in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if value is not None and not -bound <= value <= bound:
            raise InvalidOrder(name, f"must lie between -{bound} and {bound}")
    if known := _known(idempotency_key):
        return known
    now, code = timezone.now(), numbers.new_query_code()
    try:
        with transaction.atomic():
            order = WorkOrder(
                number=numbers.take_numbers(timezone.localdate(now))[0],
                state=State.TRIAGE,
                order_type=order_type,
                duty_item=duty_item,
                urgency=urgency or (duty_item.urgency if duty_item else Urgency.NORMAL),
                secrecy=secrecy or (Secrecy.SEALED if order_type.sealed_by_default else Secrecy.OPEN),
                title=mask_numbers(title.strip() or content)[:TITLE_CHARS],
                content=content,
                wish=mask_numbers(wish.strip())[:300],
                incident_time=incident_time.strip()[:80],
                answers={k: mask_numbers(str(v))[:200] for k, v in (answers or {}).items()},
                citizen=citizen_behind(contact, language),
                channel=channel,
                conversation_ref=conversation_ref,
                language=language,
                idempotency_key=idempotency_key or None,
                place=place,
                place_text=mask_numbers(place_text.strip() or (place.name if place else ""))[:200],
                region=region or (place.region if place else None),
                latitude=latitude if latitude is not None else (place.latitude if place else None),
                longitude=longitude if longitude is not None else (place.longitude if place else None),
                created_at=now,
                updated_at=now,
            )
            order.query_code, order.query_code_index = code, query_index(order.number, code)
            event = history.begin(
                order=order,
                action=Action.SUBMIT,
                actor=actor,
                at=now,
                data=creation_facts,
                private={"content": order.content, "title": order.title, "wish": order.wish, "place": order.place_text},
            )
            announce(order=order, event=event, more=[("dispatch.route", {"order": order.pk})])
    except IntegrityError:
        if known := _known(idempotency_key):
            return known
        raise
    return Created(order, code)


def creation_facts(order: WorkOrder) -> dict[str, Any]:
    """The facts of an order's first event: references and plain process data, nothing personal."""
    return {
        "type": order.order_type.code,
        "item": order.duty_item.code if order.duty_item else "",
        "region": order.region.code if order.region else "",
        "urgency": order.urgency,
        "secrecy": order.secrecy,
        "citizen": order.citizen_id,
        "origin": order.origin,
    }


def query_index(number: str, code: str) -> str:
    """What the tracking page looks an order up by: the number and the code together."""
    return blind_index(f"{number}:{code}", "query_code")


def _known(key: str) -> Created | None:
    order = WorkOrder.objects.filter(idempotency_key=key).first() if key else None
    return Created(order, order.query_code, repeated=True) if order else None


def citizen_behind(contact: Contact | None, language: str) -> Citizen | None:
    """The person behind a contact, known or new. Raises InvalidOrder for a number that is none."""
    try:
        return find_or_create_citizen(contact=contact, language=language)
    except InvalidContact:
        raise InvalidOrder("phone", "is not a telephone number: give 5 to 15 digits, or leave it empty") from None


@verb(Action.ASK_INFO)
def ask_info(step: Step, *, question: str) -> None:
    """Ask the citizen for a missing fact, by a notice and in the chat that is still open; the order waits for it."""
    event = step.record(private={"question": required(question, "question", at_most=300)})
    enqueue(kind="conversations.ask_facts", payload={"event": event.pk})


@verb(Action.SUPPLY_INFO)
def supply_info(step: Step, *, text: str) -> None:
    """The missing fact arrives; the order goes on where it was."""
    _add_text(step, text)


@verb(Action.ADD_FACTS)
def add_facts(step: Step, *, text: str) -> None:
    """The citizen adds something to an open order (追记)."""
    _add_text(step, text)


def _add_text(step: Step, text: str) -> None:
    text = mask_numbers(required(text, "text", at_most=settings.TEXT_MAX_CHARS))
    step.order.content = f"{step.order.content}\n{text}"
    step.record(private={"text": text})


@verb(Action.LAPSE)
def lapse(step: Step) -> None:
    """Close an order whose missing facts never came."""
    step.order.closed_at = step.at
    step.record()


@verb(Action.CLOSE_DIRECT)
def close_direct(step: Step, *, answer: str, article: str = "", article_version: int | None = None) -> None:
    """Answer at once (直办); names the knowledge article and version the answer came from, where there is one."""
    step.order.closed_at = step.order.replied_at = step.at
    step.record(data={"article": article, "article_version": article_version}, private={"answer": required(answer, "answer")})


@verb(Action.REJECT)
def reject_order(step: Step, *, reason: str, guidance: str) -> None:
    """Not for the hotline: tell the citizen why and where to go instead."""
    step.order.closed_at = step.at
    step.record(data={"reason": required(reason, "reason", at_most=60)}, private={"guidance": required(guidance, "guidance")})


@verb(Action.ESCALATE)
def escalate(step: Step, *, note: str) -> None:
    """Lay the order before a leader (呈报); it stays where it is and waits for dispatch with the mark."""
    step.order.supervised = True
    step.record(private={"note": required(note, "note", at_most=300)})


@verb(Action.TRANSFER)
def transfer_order(step: Step, *, to: str, reason: str) -> None:
    """Pass the matter to 110, 119, 120, 122 or another body; the transfer can be refused and taken back."""
    step.order.closed_at = step.at
    step.record(data={"to": required(to, "to", at_most=60)}, private={"reason": required(reason, "reason", at_most=300)})


@verb(Action.REFUSE_TRANSFER)
def refuse_transfer(step: Step, *, reason: str) -> None:
    """The other body did not take it: the order is ours again."""
    step.order.closed_at = None
    step.record(private={"reason": required(reason, "reason", at_most=300)})
    enqueue(kind="dispatch.route", payload={"order": step.order.pk}, key=str(step.order.pk))


@verb(Action.WITHDRAW)
def withdraw_order(step: Step, *, reason: str = "") -> None:
    """The citizen takes the matter back; possible until the unit has replied."""
    step.order.closed_at = step.at
    stop_clocks(order_number=step.order.ref, at=step.at)
    step.record(private={"reason": reason.strip()[:300]})
