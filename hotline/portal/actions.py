"""Writes of the citizen's pages: a draft, its order, and what a citizen does with an order."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.utils import timezone

from hotline.conversations import actions as conversations
from hotline.conversations.models import Channel
from hotline.portal import selectors
from hotline.portal.forms import ANONYMOUS
from hotline.portal.models import DraftFile, ReportDraft
from ticketing.citizens.actions import Contact, give_consent
from ticketing.orders import actions as orders
from ticketing.orders.models import Secrecy, WorkOrder
from ticketing.organisation.actor import citizen_actor
from ticketing.organisation.models import OrderType, Place

CONSENT_TEXT = "2026-01"  # version of the words that the form's consent has
DRAFT_HOURS = 24


@transaction.atomic
def save_draft(*, draft: ReportDraft | None, fields: dict[str, Any], language: str, uploads: list[UploadedFile]) -> ReportDraft:
    """Keep what was typed, sealed. New files are added to those that were sent before."""
    draft = draft or ReportDraft(language=language)
    draft.data = json.dumps({**selectors.draft_data(draft), **fields}, ensure_ascii=False)
    draft.language = language
    draft.save()
    for upload in uploads:
        kept = DraftFile(
            draft=draft, name=(upload.name or "file")[-120:], content_type=upload.content_type or "", size=upload.size or 0
        )
        kept.file.save(f"{draft.key}-{draft.files.count()}", ContentFile(upload.read()), save=True)
    return draft


def remove_file(*, draft: ReportDraft, file_id: int) -> None:
    """Take a file out of a draft; one that is not there is no error."""
    for kept in draft.files.filter(pk=file_id):
        kept.file.delete(save=False)
        kept.delete()


def submit(*, draft: ReportDraft, request_id: str = "") -> tuple[WorkOrder, str]:
    """Make the order of a draft, with its conversation, consent and files. The same draft twice gives the same order.

    Returns the order and its query code. Raises InvalidOrder.
    """
    with transaction.atomic():
        draft = ReportDraft.objects.select_for_update().get(pk=draft.pk)
        if draft.order_number:
            order = selectors.order_of(draft)
            return order, order.query_code
        data = selectors.draft_data(draft)
        item = selectors.duty_item(data.get("duty_item", ""))
        anonymous = data["secrecy"] == ANONYMOUS
        order_type = OrderType.objects.get(code=data["order_type"])
        secrecy = Secrecy.SEALED if order_type.sealed_by_default else Secrecy.OPEN if anonymous else Secrecy(data["secrecy"])
        contact = None if anonymous else Contact(name=data.get("name", ""), phone=data.get("phone", ""))
        actor = citizen_actor(channel=Channel.FORM, request_id=request_id)
        talk = conversations.start_conversation(
            channel=Channel.FORM, language=draft.language, caller=contact.phone if contact else "", with_bot=False
        )
        conversations.record(conversation=talk, text=data["content"])
        created = orders.create_order(
            actor=actor,
            order_type=order_type,
            content=data["content"],
            wish=data.get("wish", ""),
            duty_item=item,
            place=Place.objects.filter(code=data["place"]).first() if data.get("place") else None,
            place_text=data.get("place_text", ""),
            contact=contact,
            channel=Channel.FORM,
            secrecy=secrecy,
            conversation_ref=str(talk.pk),
            answers=data.get("answers", {}),
            idempotency_key=f"form:{draft.key}",
            language=draft.language,
        )
        if created.order.citizen:
            give_consent(citizen=created.order.citizen, purpose="handle_matter", text_version=CONSENT_TEXT, channel=Channel.FORM)
        for kept in draft.files.all():
            with kept.file.open("rb") as stored:
                upload = SimpleUploadedFile(kept.name, stored.read(), content_type=kept.content_type)
            orders.attach_file(order=created.order, actor=actor, upload=upload)
        conversations.link_order(conversation=talk, order_number=created.order.number, by="citizen")
        conversations.end(conversation=talk, by="citizen", reason="submitted")
        draft.order_number, draft.data = created.order.ref, ""
        draft.save(update_fields=["order_number", "data"])
    for kept in draft.files.all():
        kept.file.delete(save=False)
        kept.delete()
    return created.order, created.query_code


def forget_old_drafts() -> int:
    """Delete drafts older than a day with their files; returns how many."""
    old = ReportDraft.objects.filter(created_at__lt=timezone.now() - timedelta(hours=DRAFT_HOURS))
    for draft in old:
        for kept in draft.files.all():
            kept.file.delete(save=False)
        draft.delete()
    return len(old)


def rate(*, order: WorkOrder, score: int, solved: bool | None, note: str, request_id: str = "") -> None:
    """The citizen's word on an order: the call-back itself where it waits for one, else a rating of a closed order.

    Raises the refusals of the orders room.
    """
    actor = citizen_actor(channel="portal", request_id=request_id)
    if order.state == "callback":
        orders.record_callback(order=order, actor=actor, reached=True, solved=solved, satisfaction=score, note=note[:300])
    else:
        orders.rate_order(order=order, actor=actor, kind="order", score=score, note=note[:300])


def add_facts(*, order: WorkOrder, text: str, uploads: list[UploadedFile], request_id: str = "") -> None:
    """Add what the citizen writes, and photos; answers the question where one was asked."""
    actor = citizen_actor(channel="portal", request_id=request_id)
    with transaction.atomic():
        if text.strip():
            verb = orders.supply_info if order.state == "need_info" else orders.add_facts
            verb(order=order, actor=actor, text=text)
        for upload in uploads:
            orders.attach_file(order=order, actor=actor, upload=upload)


def urge(*, order: WorkOrder, note: str = "", request_id: str = "") -> None:
    """The citizen asks how much longer."""
    orders.urge_order(order=order, actor=citizen_actor(channel="portal", request_id=request_id), note=note)


def withdraw(*, order: WorkOrder, reason: str, request_id: str = "") -> None:
    """The citizen takes the matter back."""
    orders.withdraw_order(order=order, actor=citizen_actor(channel="portal", request_id=request_id), reason=reason)


def reopen(*, order: WorkOrder, reason: str, request_id: str = "") -> None:
    """The citizen says within the window that it is not solved after all."""
    orders.reopen_order(order=order, actor=citizen_actor(channel="portal", request_id=request_id), reason=reason)
