"""Rounds: plan them, go to their places, keep what was found, open the order that puts it right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.inspection.errors import AlreadyDone, InspectionForbidden, InvalidInspection
from ticketing.inspection.models import READERS, RUNNERS, Finding, FindingPhoto, InspectionRound, RoundPlace
from ticketing.orders.actions import attach_file, create_order
from ticketing.orders.actions.attachments import check_upload, without_metadata
from ticketing.orders.models import WorkOrder
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import DutyItem, OrderType, Place, Staff, Unit

CHANNEL = "inspection"


@transaction.atomic
def plan_round(
    *, actor: Actor, title: str, topic: str, kind: str, starts_on: date, ends_on: date, inspectors: Sequence[Staff]
) -> InspectionRound:
    """A new round. Raises InvalidInspection, InspectionForbidden."""
    _may_run(actor)
    _check_plan(title, topic, kind, starts_on, ends_on, inspectors)
    made = InspectionRound.objects.create(
        title=title.strip(),
        topic=topic.strip(),
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        planned_by=actor.name,
        planned_at=timezone.now(),
    )
    made.inspectors.set(inspectors)
    return made


@transaction.atomic
def change_round(
    *,
    round: InspectionRound,
    actor: Actor,
    title: str,
    topic: str,
    kind: str,
    starts_on: date,
    ends_on: date,
    inspectors: Sequence[Staff],
) -> InspectionRound:
    """Change the plan of a round that has not ended. Raises InvalidInspection, InspectionForbidden, AlreadyDone."""
    _may_run(actor)
    kept = _open_round(round)
    _check_plan(title, topic, kind, starts_on, ends_on, inspectors)
    kept.title, kept.topic, kept.kind = title.strip(), topic.strip(), kind
    kept.starts_on, kept.ends_on = starts_on, ends_on
    kept.save(update_fields=["title", "topic", "kind", "starts_on", "ends_on"])
    kept.inspectors.set(inspectors)
    return kept


@transaction.atomic
def end_round(*, round: InspectionRound, actor: Actor, summary: str) -> InspectionRound:
    """End a round with what it came to; nothing can be added to it after. Raises as `change_round` does."""
    _may_run(actor)
    kept = _open_round(round)
    kept.summary, kept.ended_at = _text(summary, "summary", at_most=2000), timezone.now()
    kept.save(update_fields=["summary", "ended_at"])
    return kept


@transaction.atomic
def add_place(
    *,
    round: InspectionRound,
    actor: Actor,
    name: str,
    address: str = "",
    place: Place | None = None,
    unit: Unit | None = None,
) -> RoundPlace:
    """One more place to go to. Raises InvalidInspection, InspectionForbidden, AlreadyDone."""
    _may_inspect(actor, round)
    kept = _open_round(round)
    try:
        with transaction.atomic():
            return RoundPlace.objects.create(
                round=kept, name=_text(name, "name", at_most=80), address=address.strip()[:200], place=place, unit=unit
            )
    except IntegrityError:
        raise InvalidInspection("name", _("This place is in the round already.")) from None


@transaction.atomic
def remove_place(*, place: RoundPlace, actor: Actor) -> None:
    """Take a place out of the plan, as long as nobody has been there. Raises InspectionForbidden, AlreadyDone."""
    _may_run(actor)
    _open_round(place.round)
    kept = RoundPlace.objects.select_for_update().get(pk=place.pk)
    if kept.visited_at is not None or kept.findings.exists():
        raise AlreadyDone(_("Somebody has been at %(place)s: it stays in the round.") % {"place": kept.name})
    kept.delete()


@transaction.atomic
def note_visit(*, place: RoundPlace, actor: Actor, note: str = "") -> RoundPlace:
    """Somebody was at the place; `note` says how it was. Raises InspectionForbidden, AlreadyDone."""
    _may_inspect(actor, place.round)
    _open_round(place.round)
    kept = RoundPlace.objects.select_for_update().get(pk=place.pk)
    kept.visited_at, kept.visited_by = kept.visited_at or timezone.now(), kept.visited_by or actor.name
    kept.note = note.strip()[:500] or kept.note
    kept.save(update_fields=["visited_at", "visited_by", "note"])
    return kept


@transaction.atomic
def record_finding(
    *, place: RoundPlace, actor: Actor, text: str, duty_item: DutyItem | None = None, photos: Iterable[UploadedFile] = ()
) -> Finding:
    """Keep what was found, with its photos (checked as an order's files are); the place counts as visited.

    Raises InvalidInspection, InvalidOrder for a file that cannot be taken, InspectionForbidden, AlreadyDone.
    """
    note_visit(place=place, actor=actor)
    given = list(photos)
    if len(given) > settings.UPLOAD_MAX_FILES:
        raise InvalidInspection("photos", _("At most %(n)d files, please.") % {"n": settings.UPLOAD_MAX_FILES})
    made = Finding.objects.create(
        place=place,
        text=_text(text, "text", at_most=settings.TEXT_MAX_CHARS),
        duty_item=duty_item,
        found_by=actor.name,
        found_at=timezone.now(),
    )
    for upload in given:
        _keep_photo(made, upload)
    return made


def _keep_photo(finding: Finding, upload: UploadedFile) -> FindingPhoto:
    raw, content_type = check_upload(upload)
    data = without_metadata(raw, content_type)
    digest = hashlib.sha256(data).hexdigest()
    photo = FindingPhoto(
        finding=finding, name=(upload.name or "file")[-120:], content_type=content_type, size=len(data), sha256=digest
    )
    extension = content_type.rsplit("/", 1)[-1].replace("jpeg", "jpg")
    photo.file.save(f"{finding.pk}-{digest[:12]}.{extension}", ContentFile(data), save=False)
    photo.save()
    return photo


@transaction.atomic
def open_order(*, finding: Finding, actor: Actor, order_type: OrderType, duty_item: DutyItem | None = None) -> WorkOrder:
    """Open the order that puts a finding right: its words, place and photos go along; it is routed as any other.

    A finding has one order. Raises InspectionForbidden, AlreadyDone, InvalidOrder.
    """
    _may_run(actor)
    kept = Finding.objects.select_for_update().get(pk=finding.pk)
    if kept.order_id is not None:
        raise AlreadyDone(_("An order was opened from this finding already."))
    where = kept.place
    order = create_order(
        actor=actor,
        order_type=order_type,
        title=kept.text,
        content=kept.text,
        duty_item=duty_item or kept.duty_item,
        place=where.place,
        place_text=" ".join(part for part in (where.name, where.address) if part),
        region=where.place.region if where.place else where.unit.region if where.unit else None,
        channel=CHANNEL,
        idempotency_key=f"finding-{kept.pk}",
    ).order
    for photo in kept.photos.all():
        with photo.file.open("rb") as file:
            upload = SimpleUploadedFile(photo.name, file.read(), content_type=photo.content_type)
        attach_file(order=order, actor=actor, upload=upload, purpose="report")
    kept.order = order
    kept.save(update_fields=["order"])
    return order


def _check_plan(title: str, topic: str, kind: str, starts_on: date, ends_on: date, inspectors: Sequence[Staff]) -> None:
    _text(title, "title", at_most=80)
    _text(topic, "topic", at_most=2000)
    if kind not in InspectionRound.Kind.values:
        raise InvalidInspection("kind", _("Choose one of the kinds."))
    if ends_on < starts_on:
        raise InvalidInspection("ends_on", _("The last day lies before the first one."))
    if not inspectors:
        raise InvalidInspection("inspectors", _("Name at least one person who goes."))
    wrong = [str(person) for person in inspectors if not person.has_role(*READERS)]
    if wrong:
        raise InvalidInspection("inspectors", _("May not inspect by their roles: %(names)s.") % {"names": "、".join(wrong)})


def _may_run(actor: Actor) -> None:
    if actor.role not in RUNNERS:
        raise InspectionForbidden(_("Only a supervisor or a shift leader may do this."))


def _may_inspect(actor: Actor, round: InspectionRound) -> None:
    if actor.role not in RUNNERS and not round.inspectors.filter(pk__in=[actor.staff_id]).exists():
        raise InspectionForbidden(_("Only the inspectors named in this round may do this."))


def _open_round(round: InspectionRound) -> InspectionRound:
    kept = InspectionRound.objects.select_for_update().get(pk=round.pk)
    if kept.ended_at is not None:
        raise AlreadyDone(_("The round “%(round)s” has ended; nothing is added to it any more.") % {"round": kept.title})
    return kept


def _text(value: str, field: str, *, at_most: int) -> str:
    value = (value or "").strip()
    if not value:
        raise InvalidInspection(field, _("This must not be empty."))
    if len(value) > at_most:
        raise InvalidInspection(field, _("At most %(n)d characters, please.") % {"n": at_most})
    return value
