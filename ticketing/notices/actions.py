"""Telling people: which notice follows which event, in whose language, by which way out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, override

from ticketing.notices.adapters import get_adapter
from ticketing.notices.models import Notice, NoticeTemplate
from ticketing.orders.models import OrderEvent, Secrecy, WorkOrder
from ticketing.orders.numbers import grouped
from ticketing.orders.workflow import Action
from ticketing.organisation.kept import forget, kept
from ticketing.outbox.actions import enqueue_all

# The notice a citizen gets after an event; content staff switch a notice off by its template row.
CITIZEN_NOTICES: dict[str, str] = {
    Action.SUBMIT: "order_created",
    Action.DISPATCH: "order_dispatched",
    Action.SIGN: "order_signed",
    Action.ASK_INFO: "order_need_info",
    Action.GRANT_EXTENSION: "order_extended",
    Action.SUSPEND: "order_suspended",
    Action.STAGE_REPLY: "stage_reply",
    Action.REDO: "order_redone",
    Action.MERGE: "order_merged",
    Action.TRANSFER: "order_transferred",
    Action.APPROVE_REPLY: "order_replied",
    Action.CLOSE: "order_closed",
    Action.CLOSE_UNRATED: "order_closed",
    Action.CLOSE_DIRECT: "order_closed_direct",
    Action.REJECT: "order_rejected",
    Action.WITHDRAW: "order_withdrawn",
}
CHANNEL = "sms"


class Facts(dict[str, str]):
    """Template values; a name the template uses and we do not know stays visible rather than failing a notice."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def notify_events(*, event_ids: Iterable[int]) -> list[Notice]:
    """Write the citizens' notices that follow events and enqueue their sending. Gone rows are no error.

    An event has one notice at most, however often this runs for it.
    """
    events = OrderEvent.objects.select_related("order__citizen", "order__unit").filter(pk__in=list(event_ids)).order_by("pk")
    planned = [notice for event in events if (notice := _plan(event)) is not None]
    with transaction.atomic():
        known = set(Notice.objects.filter(event__in=[n.event_id for n in planned]).values_list("event_id", flat=True))
        fresh = Notice.objects.bulk_create([n for n in planned if n.event_id not in known])
        if fresh:
            enqueue_all([("notices.send", {"notices": [notice.pk for notice in fresh]})])
    return fresh


def _plan(event: OrderEvent) -> Notice | None:
    code = CITIZEN_NOTICES.get(event.action)
    template = active_template(code) if code else None
    order = event.order
    if template is None or order.citizen is None or not order.citizen.phone:
        return None
    text = template.text_zh if order.language.startswith("zh") else template.text_en
    body = text.format_map(Facts(facts(order) | said(event)))
    if order.secrecy == Secrecy.SEALED:  # a message lies open on a telephone: it says that there is news, and nothing of what
        with override(order.language):
            body = gettext("There is news on your matter. Look it up with the number and the query code you were given.")
    return Notice(
        template=template,
        event=event,
        order_number=order.ref,
        recipient=order.citizen.phone,
        body=body,
    )


@kept
def active_template(code: str) -> NoticeTemplate | None:
    """The template that is in use for a notice, None where content staff switched it off."""
    return NoticeTemplate.objects.filter(code=code, channel=CHANNEL, is_active=True).first()


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


SAYS = frozenset(
    {Action.ASK_INFO, Action.GRANT_EXTENSION, Action.SUSPEND, Action.STAGE_REPLY, Action.REDO, Action.MERGE, Action.TRANSFER}
)


def said(event: OrderEvent) -> dict[str, str]:
    """What templates may say of an event: its texts (reason, reply) and where an order went."""
    if event.action not in SAYS:
        return {}
    words = {c.field: c.value for c in event.commitments.all() if c.field in ("reason", "reply", "question")}
    if event.action == Action.MERGE:
        words["parent"] = str(event.data.get("into", ""))
    if event.action == Action.TRANSFER:
        words["unit"] = str(event.data.get("to", ""))
    return words


def send_notices(*, notice_ids: Iterable[int]) -> None:
    """Send notices by the configured ways out. A failure is kept on its row; the others go out all the same.

    Raises the first failure at the end, so that the outbox tries again what is still unsent.
    """
    waiting = Notice.objects.filter(pk__in=list(notice_ids)).exclude(status=Notice.Status.SENT).order_by("pk")
    failure: Exception | None = None
    tried = list(waiting)
    for notice in tried:
        try:
            for name in settings.NOTICE_ADAPTERS:
                get_adapter(name).send(recipient=notice.recipient, text=notice.body, order_number=notice.order_number)
                notice.adapter = name
        except Exception as error:
            failure = failure or error
            notice.status, notice.error = Notice.Status.FAILED, f"{type(error).__name__}: {error}"[:200]
        else:
            notice.status, notice.sent_at, notice.error = Notice.Status.SENT, timezone.now(), ""
    _note_sent(tried)
    if failure is not None:
        raise failure


@transaction.atomic
def _note_sent(notices: list[Notice]) -> None:
    # Those that went out differ in nothing but their row: one statement. Each failure keeps its own words.
    sent = [notice for notice in notices if notice.status == Notice.Status.SENT]
    if sent:
        Notice.objects.filter(pk__in=[notice.pk for notice in sent]).update(
            status=Notice.Status.SENT, sent_at=sent[-1].sent_at, error="", adapter=sent[-1].adapter
        )
    for notice in notices:
        if notice.status == Notice.Status.FAILED:
            notice.save(update_fields=["status", "error"])


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
    forget()
    return count
