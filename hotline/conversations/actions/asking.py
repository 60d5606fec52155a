"""A question about an order, put into the conversation that is still open; the answer goes back into the order."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hotline.conversations.actions import _rows
from hotline.conversations.models import Conversation, Turn
from ticketing.orders.actions import supply_info
from ticketing.orders.errors import OrderError
from ticketing.orders.models import OrderEvent, WorkOrder
from ticketing.orders.selectors import open_question
from ticketing.orders.workflow import State
from ticketing.organisation.actor import citizen_actor

ASKED = _("On your matter %(number)s we need to know: %(question)s Just write your answer here.")
THANKED = _("Thank you. Your answer is with matter %(number)s; it goes on now.")


def ask_facts(*, event_id: int) -> Turn | None:
    """Ask in the open conversation that the order came from; None where it is over or the question was answered."""
    event = OrderEvent.objects.select_related("order").filter(pk=event_id).first()
    question = open_question(event.order) if event else ""
    if event is None or not question:
        return None
    with transaction.atomic():
        row = _open_conversation(event.order)
        if row is None or row.turns.filter(data__asks=event.pk).exists():
            return None
        turn = _rows.add_notice(row, ASKED, number=event.order.number, question=question)
        turn.data = {"asks": event.pk}
        turn.save(update_fields=["data"])
        return turn


def take_answer(row: Conversation, text: str) -> Turn | None:
    """What a citizen wrote, as the answer to what was asked in this locked conversation; None where nothing was."""
    if not row.order_number or not row.turns.filter(data__has_key="asks").exists():
        return None
    order = WorkOrder.objects.filter(number=row.order_number, state=State.NEED_INFO).first()
    if order is None:
        return None
    try:
        supply_info(order=order, actor=citizen_actor(channel=row.channel), text=text)
    except OrderError:  # answered elsewhere a moment ago: the words stay in the conversation
        return None
    return _rows.add_notice(row, THANKED, number=order.number)


def _open_conversation(order: WorkOrder) -> Conversation | None:
    try:
        reference = UUID(order.conversation_ref)
    except ValueError:
        return None
    found = Conversation.objects.filter(pk=reference, status=Conversation.Status.OPEN, order_number=order.number).first()
    return _rows.lock(found) if found else None
