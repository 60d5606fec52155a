"""Rehearsing a version: asked for on a page, done by a job that shows how far it is, kept with the orders it found."""

from __future__ import annotations

import time
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ticketing.dispatch import model_versions
from ticketing.dispatch.actions.releases import EDITORS, PUBLISHERS, ReleaseError, ReleaseForbidden
from ticketing.dispatch.models import Rehearsal, RehearsedOrder, Release
from ticketing.dispatch.rehearsal import Moved, Setup, UnreadableDraft, rehearse
from ticketing.organisation.actor import Actor
from ticketing.outbox.actions import enqueue

JOB = "dispatch.rehearse"
MOST_DAYS = 365
MOST_KEPT = 5000  # orders that would have gone elsewhere; beyond that the figures alone speak
AT_ONCE = 500
TELL_SECONDS = 1.0


def ask_rehearsal(*, release: Release, days: int, actor: Actor) -> Rehearsal:
    """Have a draft, or an earlier version, replayed over the orders of the last `days` days. Raises ReleaseError."""
    if actor.role not in EDITORS | PUBLISHERS:
        raise ReleaseForbidden(_("Your role may not do this with the dispatch rules."))
    if not 1 <= days <= MOST_DAYS:
        raise ReleaseError(_("Choose between 1 and %(most)d days.") % {"most": MOST_DAYS})
    if release.state not in (Release.State.DRAFT, Release.State.REPLACED):
        raise ReleaseError(_("Only a draft or an earlier version can be rehearsed against what is in force."))
    if release.kind == Release.Kind.OWNERS and release.state != Release.State.DRAFT:
        raise ReleaseError(_("Of owners only the draft can be rehearsed."))
    with transaction.atomic():
        busy = release.rehearsals.filter(state__in=[Rehearsal.State.WAITING, Rehearsal.State.RUNNING]).first()
        if busy is not None:
            return busy
        made = Rehearsal.objects.create(release=release, days=days, asked_by=actor.name, asked_at=timezone.now())
        enqueue(kind=JOB, payload={"rehearsal": made.pk}, key=str(made.pk))
    return made


def run_rehearsal(*, rehearsal_id: int) -> None:
    """Do a rehearsal that was asked for. One that broke off begins anew; a finished one is left alone."""
    row = Rehearsal.objects.select_related("release").filter(pk=rehearsal_id).exclude(state=Rehearsal.State.DONE).first()
    if row is None:
        return
    row.orders.all().delete()
    row.state, row.done, row.total, row.error = Rehearsal.State.RUNNING, 0, 0, ""
    row.save()
    keeper, told = _Keeper(row), [0.0]

    def progress(done: int, total: int) -> None:
        if time.monotonic() - told[0] >= TELL_SECONDS:
            told[0] = time.monotonic()
            Rehearsal.objects.filter(pk=row.pk).update(done=done, total=total)

    with translation.override("zh-hans"):
        try:
            present = Setup.present()
            found = rehearse(present=present, draft=_drafted(present, row.release), days=row.days, progress=progress, keep=keeper)
        except UnreadableDraft as error:
            row.state, row.error, row.finished_at = Rehearsal.State.FAILED, str(error)[:300], timezone.now()
            row.save()
            return
    keeper.flush()
    row.outcome = {name: value for name, value in asdict(found).items() if name != "examples"}
    row.done = row.total = found.orders
    row.state, row.finished_at = Rehearsal.State.DONE, timezone.now()
    row.save()


def _drafted(present: Setup, release: Release) -> Setup:
    match release.kind:
        case Release.Kind.RULES:
            return present.with_rows(rules=release.content)
        case Release.Kind.OWNERS:
            return present.with_rows(items=release.content)
    return present.with_rows(model=model_versions.folder(int(release.content["folder"])))


class _Keeper:
    """Writes the orders that are found, some at a time, up to a bound."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self.waiting: list[RehearsedOrder] = []
        self.kept = 0

    def __call__(self, moved: Moved) -> None:
        if self.kept == MOST_KEPT:
            return
        self.kept += 1
        self.waiting.append(
            RehearsedOrder(
                rehearsal=self.rehearsal,
                order_id=moved.order,
                now_unit=moved.now.unit,
                then_unit=moved.then.unit,
                now_automatic=moved.now.automatic,
                then_automatic=moved.then.automatic,
                now_reasons=[r.text for r in moved.now.reasons],
                then_reasons=[r.text for r in moved.then.reasons],
                settled_by=moved.settled_by,
                effect=moved.effect,
            )
        )
        if len(self.waiting) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        RehearsedOrder.objects.bulk_create(self.waiting)
        self.waiting = []
