"""Drafts: what a seat writes down before it is an order. A draft has no life outside its author's list."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ticketing.citizens.actions import Contact
from ticketing.orders import history, numbers
from ticketing.orders.actions._step import Step, announce, required, verb
from ticketing.orders.actions.intake import TITLE_CHARS, citizen_behind, creation_facts, query_index
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.models import Secrecy, WorkOrder
from ticketing.orders.privacy import mask_numbers
from ticketing.orders.workflow import Action, State, edge
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import DutyItem, OrderType, Region, Staff, Unit, Urgency
from ticketing.outbox.actions import enqueue


@dataclass(frozen=True, slots=True)
class Draft:
    """What may stand in a draft. Only the type is fixed from the start; everything else may still be empty."""

    order_type: OrderType
    content: str = ""
    title: str = ""
    wish: str = ""
    duty_item: DutyItem | None = None
    region: Region | None = None
    place_text: str = ""
    incident_time: str = ""
    urgency: str = ""
    secrecy: str = ""
    contact: Contact | None = None
    about_unit: Unit | None = None
    about_staff: Staff | None = None


@transaction.atomic
def start_draft(*, actor: Actor, draft: Draft, channel: str, language: str = "zh-hans") -> WorkOrder:
    """Keep a draft of the acting person. It takes a number, which nobody is told before it is submitted.

    Raises NotAllowed (no seat), InvalidOrder.
    """
    allowed = edge(Action.SAVE_DRAFT, State.DRAFT)
    if allowed is None or actor.role not in allowed.roles or actor.staff_id is None:
        raise NotAllowed(f"{actor.role} may not save a draft")
    now = timezone.now()
    order = WorkOrder(
        number=numbers.take_numbers(timezone.localdate(now))[0],
        state=State.DRAFT,
        drafted_by_id=actor.staff_id,
        channel=channel,
        language=language,
        created_at=now,
        updated_at=now,
    )
    fill(order, draft)
    order.query_code = numbers.new_query_code()
    order.query_code_index = query_index(order.number, order.query_code)
    event = history.begin(order=order, action=Action.SAVE_DRAFT, actor=actor, at=now)
    announce(order=order, event=event)
    return order


@verb(Action.SAVE_DRAFT)
def save_draft(step: Step, *, draft: Draft) -> None:
    """Write the draft anew. Raises NotAllowed for anybody but its author."""
    only_author(step)
    fill(step.order, draft)
    step.record()


@verb(Action.SUBMIT)
def submit_order(step: Step) -> None:
    """The draft becomes an order: the citizen is told its number, dispatch begins. Raises InvalidOrder while it is empty."""
    only_author(step)
    required(step.order.content, "content", at_most=settings.TEXT_MAX_CHARS)
    order = step.order
    step.record(
        data=creation_facts(order),
        private={"content": order.content, "title": order.title, "wish": order.wish, "place": order.place_text},
    )
    enqueue(kind="dispatch.route", payload={"order": order.pk}, key=str(order.pk))


def only_author(step: Step) -> None:
    """A draft of a member of staff is touched by that person alone."""
    author = step.order.drafted_by_id
    if author is not None and step.actor.staff_id != author:
        raise NotAllowed("this draft belongs to somebody else")


def fill(order: WorkOrder, draft: Draft) -> None:
    """Put the draft's words into the order, personal numbers masked as on intake. Raises InvalidOrder."""
    content = mask_numbers(draft.content.strip())
    if len(content) > settings.TEXT_MAX_CHARS:
        raise InvalidOrder("content", f"must have at most {settings.TEXT_MAX_CHARS} characters")
    item, kind = draft.duty_item, draft.order_type
    order.order_type, order.duty_item, order.content = kind, item, content
    order.title = mask_numbers(draft.title.strip() or content)[:TITLE_CHARS]
    order.wish = mask_numbers(draft.wish.strip())[:300]
    order.place_text = mask_numbers(draft.place_text.strip())[:200]
    order.region = draft.region
    order.about_unit, order.about_staff = draft.about_unit, draft.about_staff
    order.incident_time = draft.incident_time.strip()[:80]
    order.urgency = draft.urgency or (item.urgency if item else Urgency.NORMAL)
    order.secrecy = draft.secrecy or (Secrecy.SEALED if kind.sealed_by_default else Secrecy.OPEN)
    order.citizen = citizen_behind(draft.contact, order.language) or order.citizen
