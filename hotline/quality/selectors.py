"""Reading quality inspection: samples by filter, one talk with its words and sound, results by seat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Avg, Count, F, Q, QuerySet

from hotline.conversations.models import Conversation
from hotline.conversations.selectors import transcript
from hotline.quality import sampling
from hotline.quality.models import READERS, Draw, Sample, SheetItem
from hotline.voice.models import Recording
from ticketing.orders.privacy import mask_numbers
from ticketing.organisation.models import Staff

DONE = (Sample.State.SCORED, Sample.State.APPEALED, Sample.State.REVIEWED)
RELATED = ("seat", "conversation", "draw__plan__sheet", "scored_by")


def visible_samples(staff: Staff) -> QuerySet[Sample]:
    """The samples a person may see: inspectors and leaders all, a seat what was scored of its own talks."""
    found = Sample.objects.select_related(*RELATED)
    if staff.has_role(*READERS):
        return found
    return found.filter(seat=staff, state__in=DONE)


def find_samples(staff: Staff, *, words: str = "", state: str = "", draw: int | None = None) -> QuerySet[Sample]:
    """Visible samples by the seat's name, state and draw: those that wait first."""
    found = visible_samples(staff)
    for word in words.replace("\x00", "").split()[:5]:
        found = found.filter(Q(seat__display_name__icontains=word) | Q(draw__plan__name__icontains=word))
    if state in Sample.State.values:
        found = found.filter(state=state)
    if draw is not None:
        found = found.filter(draw_id=draw)
    return found.order_by("-draw_id", "seat_id", "pk")


def draws() -> QuerySet[Draw]:
    """All draws, newest first, with how many talks were drawn and scored."""
    done = Count("samples", filter=Q(samples__state__in=DONE))
    return Draw.objects.select_related("plan").annotate(drawn=Count("samples"), done=done).order_by("-drawn_at", "-pk")


def drawn_again(draw: Draw) -> bool:
    """Whether the same seed on the pool of today gives the same talks: nothing was chosen by hand."""
    talks = sampling.pool(draw.plan, draw.from_day, draw.until_day)
    again = sampling.draw(talks, seed=draw.seed, amount=draw.amount, measure=draw.measure)
    return {pk for pk, _seat in again} == set(draw.samples.values_list("conversation_id", flat=True))


@dataclass(frozen=True, slots=True)
class Line:
    """One turn as an inspector reads it: numbers masked."""

    speaker: str
    kind: str
    text: str
    at: datetime
    seconds: float | None


def lines(conversation: Conversation) -> list[Line]:
    """The words of a talk, long numbers masked: an inspector need not know whose they are."""
    return [
        Line(
            turn.get_speaker_display(),
            turn.speaker,
            mask_numbers(turn.text),
            turn.at,
            turn.audio_ms / 1000 if turn.audio_ms is not None else None,
        )
        for turn in transcript(conversation)
    ]


def recordings(conversation: Conversation) -> QuerySet[Recording]:
    """The recordings of a talk that are still kept."""
    return conversation.recordings.filter(state=Recording.State.KEPT).order_by("started_at")


def items(sample: Sample) -> list[SheetItem]:
    """The lines by which a sample is scored."""
    return list(sample.draw.plan.sheet.items.filter(is_active=True))


def seat_results(*, from_day: date | None = None, until_day: date | None = None) -> list[dict[str, Any]]:
    """Results of each seat whose talks were scored in a period: talks, average, passed, fatal, appeals, changed by review."""
    found = Sample.objects.filter(state__in=DONE)
    if from_day:
        found = found.filter(scored_at__date__gte=from_day)
    if until_day:
        found = found.filter(scored_at__date__lte=until_day)
    rows: QuerySet[Any, dict[str, Any]] = found.order_by().values("seat_id", "seat__display_name")  # type: ignore[assignment]
    counted = rows.annotate(
        talks=Count("pk"),
        average=Avg("score"),
        passed=Count("pk", filter=Q(passed=True)),
        fatal=Count("pk", filter=Q(fatal=True)),
        appeals=Count("pk", filter=~Q(appeal="")),
        changed=Count("pk", filter=Q(state=Sample.State.REVIEWED) & ~Q(score=F("first_score"))),
    )
    return [row | {"passed_share": row["passed"] * 100 // row["talks"]} for row in counted.order_by("average", "seat_id")]
