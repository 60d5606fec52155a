"""The verbs of quality inspection: plan, draw, score, appeal, review. Keyword-only, each in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hotline.quality import sampling
from hotline.quality.errors import InvalidQuality, NotNow, QualityForbidden
from hotline.quality.models import REVIEWERS, SCORERS, Draw, Mark, Sample, SamplingPlan, ScoreSheet, SheetItem
from ticketing.organisation.models import Staff

State = Sample.State
SEED_CHARS = 40


@transaction.atomic
def save_plan(*, staff: Staff, plan: SamplingPlan | None = None, **values: Any) -> SamplingPlan:
    """Make or change a plan. Raises InvalidQuality, QualityForbidden."""
    _scorer(staff)
    kept = plan or SamplingPlan()
    for name, value in values.items():
        setattr(kept, name, value)
    if kept.amount < 1 or (kept.measure == SamplingPlan.Amount.SHARE and kept.amount > 100):
        raise InvalidQuality("amount", _("At least 1; a share is at most 100."))
    if SamplingPlan.objects.filter(name=kept.name).exclude(pk__in=[kept.pk] if kept.pk else []).exists():
        raise InvalidQuality("name", _("Another plan has this name."))
    kept.save()
    return kept


@transaction.atomic
def draw_samples(*, plan: SamplingPlan, staff: Staff, from_day: date, until_day: date, seed: str = "") -> Draw:
    """Draw the plan's talks of a period that is over. The seed is kept; without one a random seed is made.

    Raises InvalidQuality, QualityForbidden, NotNow where this period was drawn already.
    """
    _scorer(staff)
    if until_day < from_day:
        raise InvalidQuality("until_day", _("The last day lies before the first one."))
    if until_day >= timezone.localdate():
        raise InvalidQuality("until_day", _("The period must be over: choose a last day before today."))
    talks = sampling.pool(plan, from_day, until_day)
    seed = seed.strip()[:SEED_CHARS] or secrets.token_hex(8)
    try:
        with transaction.atomic():
            made = Draw.objects.create(
                plan=plan,
                from_day=from_day,
                until_day=until_day,
                seed=seed,
                amount=plan.amount,
                measure=plan.measure,
                pool_size=len(talks),
                pool_sha256=sampling.fingerprint(talks),
                drawn_by=staff.display_name,
                drawn_at=timezone.now(),
            )
    except IntegrityError:
        raise NotNow(_("This plan was drawn for this period already.")) from None
    drawn = sampling.draw(talks, seed=seed, amount=plan.amount, measure=plan.measure)
    Sample.objects.bulk_create([Sample(draw=made, conversation_id=pk, seat_id=seat) for pk, seat in drawn])
    return made


@transaction.atomic
def score_sample(
    *, sample: Sample, staff: Staff, points: Mapping[str, int], violated: Iterable[str] = (), comment: str = ""
) -> Sample:
    """Score a talk: points by item code, codes of fatal items that were violated. The score is per cent of the full sheet.

    A violated fatal item makes the score nought. Raises InvalidQuality, QualityForbidden, NotNow.
    """
    _scorer(staff)
    kept = _locked(sample)
    if kept.seat_id == staff.pk:
        raise QualityForbidden(_("Nobody scores their own talk."))
    if kept.state != State.WAITING:
        raise NotNow(_("This talk was scored already."))
    _put_marks(kept, points, set(violated))
    kept.state, kept.comment = State.SCORED, comment.strip()[:2000]
    kept.scored_by, kept.scored_at = staff, timezone.now()
    kept.save()
    return kept


@transaction.atomic
def appeal_sample(*, sample: Sample, staff: Staff, text: str) -> Sample:
    """The seat says, once, why the score is not right. Raises InvalidQuality, QualityForbidden, NotNow."""
    kept = _locked(sample)
    if kept.seat_id != staff.pk:
        raise QualityForbidden(_("Only the seat whose talk it was may appeal."))
    if kept.state != State.SCORED:
        raise NotNow(_("Only a score that was not reviewed yet can be appealed against."))
    if not text.strip():
        raise InvalidQuality("text", _("This must not be empty."))
    kept.state, kept.appeal, kept.appealed_at = State.APPEALED, text.strip()[:2000], timezone.now()
    kept.save(update_fields=["state", "appeal", "appealed_at"])
    return kept


@transaction.atomic
def review_sample(
    *,
    sample: Sample,
    staff: Staff,
    text: str,
    points: Mapping[str, int] | None = None,
    violated: Iterable[str] = (),
) -> Sample:
    """Another person than the scorer looks again: the score stays, or `points` give a new one.

    Raises InvalidQuality, QualityForbidden, NotNow.
    """
    kept = _locked(sample)
    if not staff.has_role(*REVIEWERS) or staff.pk in (kept.scored_by_id, kept.seat_id):
        raise QualityForbidden(_("The review is for another inspector or a shift leader than the one who scored."))
    if kept.state != State.APPEALED:
        raise NotNow(_("There is no appeal that waits for a review."))
    if not text.strip():
        raise InvalidQuality("text", _("This must not be empty."))
    kept.first_score = kept.score
    if points is not None:
        kept.marks.all().delete()
        _put_marks(kept, points, set(violated))
    kept.state, kept.review = State.REVIEWED, text.strip()[:2000]
    kept.reviewed_by, kept.reviewed_at = staff.display_name, timezone.now()
    kept.save()
    return kept


def _put_marks(sample: Sample, points: Mapping[str, int], violated: set[str]) -> None:
    sheet = sample.draw.plan.sheet
    items = list(sheet.items.filter(is_active=True))
    given = 0
    marks = []
    for item in items:
        if item.fatal:
            marks.append(Mark(sample=sample, item=item, points=0, out_of=0, violated=item.code in violated))
            continue
        value = points.get(item.code)
        if value is None or not 0 <= value <= item.points:
            raise InvalidQuality(f"item_{item.code}", _("Give 0 to %(n)d points.") % {"n": item.points})
        given += value
        marks.append(Mark(sample=sample, item=item, points=value, out_of=item.points))
    full = sum(mark.out_of for mark in marks)
    if not full:
        raise InvalidQuality("sheet", _("The score sheet has no items with points: add some first."))
    sample.fatal = any(mark.violated for mark in marks)
    sample.score = 0 if sample.fatal else round(given * 100 / full)
    sample.passed = not sample.fatal and sample.score >= sheet.pass_mark
    Mark.objects.bulk_create(marks)


@transaction.atomic
def import_score_sheets(*, rows: Iterable[dict[str, Any]]) -> int:
    """Upsert sheets by code: {code, zh, en, pass_mark, items: [{code, section_zh, section_en, zh, en, points, fatal}]}.

    Raises KeyError for a missing field. Items that are no longer named are switched off: marks stand on them.
    """
    count = 0
    for row in rows:
        fields = {"name_zh": row["zh"], "name_en": row["en"], "pass_mark": int(row.get("pass_mark", 80))}
        sheet, _made = ScoreSheet.objects.update_or_create(code=row["code"], defaults=fields)
        codes = []
        for position, item in enumerate(row["items"], 1):
            line = {
                "section_zh": item["section_zh"],
                "section_en": item["section_en"],
                "name_zh": item["zh"],
                "name_en": item["en"],
                "points": int(item.get("points", 0)),
                "fatal": bool(item.get("fatal")),
                "position": position,
                "is_active": True,
            }
            SheetItem.objects.update_or_create(sheet=sheet, code=item["code"], defaults=line)
            codes.append(item["code"])
        sheet.items.exclude(code__in=codes).update(is_active=False)
        count += 1
    return count


def _locked(sample: Sample) -> Sample:
    return Sample.objects.select_for_update(of=("self",)).select_related("draw__plan__sheet").get(pk=sample.pk)


def _scorer(staff: Staff) -> None:
    if not staff.has_role(*SCORERS):
        raise QualityForbidden(_("Only a quality inspector may do this."))
