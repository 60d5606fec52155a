"""Telling people: which notice follows which event, in whose language, by which way out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ticketing.notices.adapters import get_adapter
from ticketing.notices.models import Notice, NoticeTemplate
from ticketing.orders.models import OrderEvent, WorkOrder
from ticketing.orders.numbers import grouped
from ticketing.orders.workflow import Action
from ticketing.outbox.actions import enqueue

# The notice a citizen gets after an event; content staff switch a notice off by its template row.
CITIZEN_NOTICES = {
    Action.SUBMIT: "order_created",
    Action.DISPATCH: "order_dispatched",
    Action.SIGN: "order_signed",
    Action.ASK_INFO: "order_need_info",
    Action.APPROVE_REPLY: "order_replied",
    Action.CLOSE: "order_closed",
    Action.CLOSE_UNRATED: "order_closed",
    Action.CLOSE_DIRECT: "order_closed_direct",
    Action.REJECT: "order_rejected",
    Action.WITHDRAW: "order_withdrawn",
}
CHANNEL = "sms"


class _Facts(dict[str, str]):
    """Template values; a name the template uses and we do not know stays visible rather than failing a notice."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def notify_event(*, event_id: int) -> Notice | None:
    """Write the citizen's notice that follows an event, once, and enqueue its sending. Gone rows are no error."""
    event = OrderEvent.objects.select_related("order__citizen", "order__unit").filter(pk=event_id).first()
    code = CITIZEN_NOTICES.get(Action(event.action)) if event and event.action in Action.values else None
    if event is None or code is None:
        return None
    order = event.order
    template = NoticeTemplate.objects.filter(code=code, channel=CHANNEL, is_active=True).first()
    if template is None or order.citizen is None or not order.citizen.phone:
        return None
    text = template.text_zh if order.language.startswith("zh") else template.text_en
    with transaction.atomic():
        notice = Notice.objects.create(
            template=template,
            order_number=order.number,
            recipient=order.citizen.phone,
            body=text.format_map(_Facts(facts(order))),
        )
        enqueue(kind="notices.send", payload={"notice": notice.pk})
    return notice


def facts(order: WorkOrder) -> dict[str, str]:
    """What templates may say of an order."""
    due = timezone.localtime(order.due_at).strftime("%m-%d %H:%M") if order.due_at else ""
    return {
        "number": order.number,
        "number_grouped": grouped(order.number),
        "query_code": order.query_code,
        "unit": order.unit.name if order.unit else "",
        "title": order.title,
        "due": due,
        "url": f"{settings.PUBLIC_BASE_URL}/track/" if settings.PUBLIC_BASE_URL else "/track/",
    }


def send_notice(*, notice_id: int) -> None:
    """Send one notice by the configured ways out; a failure is kept on the row and raised, so that the outbox tries again."""
    notice = Notice.objects.select_related("template").filter(pk=notice_id).first()
    if notice is None or notice.status == Notice.Status.SENT:
        return
    try:
        for name in settings.NOTICE_ADAPTERS:
            get_adapter(name).send(recipient=notice.recipient, text=notice.body, order_number=notice.order_number)
            notice.adapter = name
    except Exception as error:
        Notice.objects.filter(pk=notice.pk).update(status=Notice.Status.FAILED, error=f"{type(error).__name__}: {error}"[:200])
        raise
    notice.status, notice.sent_at, notice.error = Notice.Status.SENT, timezone.now(), ""
    notice.save(update_fields=["status", "sent_at", "error", "adapter"])


@transaction.atomic
def import_templates(rows: Iterable[dict[str, Any]]) -> int:
    """Upsert templates by code and channel: {code, channel, zh, en}. Raises ValueError naming a row without text."""
    count = 0
    for row in rows:
        if not (row.get("zh") and row.get("en")):
            raise ValueError(f"notice template {row.get('code')!r}: both zh and en are needed")
        NoticeTemplate.objects.update_or_create(
            code=row["code"], channel=row.get("channel") or CHANNEL, defaults={"text_zh": row["zh"], "text_en": row["en"]}
        )
        count += 1
    return count
