"""The draw: from the talks of a period, so many of each seat, in an order that the seed alone decides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from math import ceil
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from hotline.conversations.models import Conversation, ConversationEvent, Turn
from hotline.quality.models import SamplingPlan
from ticketing.orders.models import Rating, Secrecy, WorkOrder

Talk = tuple[UUID, int]  # conversation and seat
Trigger = SamplingPlan.Trigger
CHUNK = 2000


def pool(plan: SamplingPlan, from_day: date, until_day: date) -> list[Talk]:
    """The ended talks of seats in a period (both days included) that the plan's channel and trigger mean.

    Talks that led to a sealed order are never in it: they have handlers of their own.
    """
    start = timezone.make_aware(datetime.combine(from_day, time.min))
    end = timezone.make_aware(datetime.combine(until_day + timedelta(days=1), time.min))
    sealed = WorkOrder.objects.filter(number=OuterRef("order_number"), secrecy=Secrecy.SEALED)
    talks = Conversation.objects.filter(ended_at__gte=start, ended_at__lt=end, seat__isnull=False).filter(~Exists(sealed))
    if plan.channel:
        talks = talks.filter(channel=plan.channel)
    talks = _triggered(plan, talks)
    found = [(pk, seat) for pk, seat in talks.order_by("pk").values_list("pk", "seat_id") if seat is not None]
    if plan.trigger == Trigger.SILENCE:
        quiet = _silent({pk for pk, _seat in found}, plan.silence_seconds)
        found = [talk for talk in found if talk[0] in quiet]
    return found


def _triggered(plan: SamplingPlan, talks: QuerySet[Conversation]) -> QuerySet[Conversation]:
    if plan.trigger == Trigger.LOW_RATING:
        poor = Rating.objects.filter(order__number=OuterRef("order_number"), score__lte=2)
        return talks.filter(~Q(order_number="")).filter(Exists(poor))
    if plan.trigger == Trigger.HANDED_OVER:
        kinds = ConversationEvent.Kind
        passed = ConversationEvent.objects.filter(conversation=OuterRef("pk"), kind__in=[kinds.QUEUED, kinds.TRANSFERRED])
        return talks.filter(Exists(passed))
    return talks


def _silent(talks: set[UUID], seconds: int) -> set[UUID]:
    """The talks in which nobody said anything for so long between two turns."""
    longest, found, keys = timedelta(seconds=seconds), set(), sorted(talks)
    for first in range(0, len(keys), CHUNK):
        last: tuple[UUID, datetime] | None = None
        turns = Turn.objects.filter(conversation_id__in=keys[first : first + CHUNK]).order_by("conversation_id", "at", "seq")
        for pk, at in turns.values_list("conversation_id", "at").iterator(chunk_size=CHUNK):
            if last is not None and last[0] == pk and at - last[1] >= longest:
                found.add(pk)
            last = (pk, at)
    return found


def draw(talks: Iterable[Talk], *, seed: str, amount: int, measure: str) -> list[Talk]:
    """So many talks of each seat, or that per cent of them rounded up: those with the lowest hash of seed and talk."""
    by_seat: dict[int, list[Talk]] = {}
    for talk in talks:
        by_seat.setdefault(talk[1], []).append(talk)
    drawn = []
    for seat in sorted(by_seat):
        own = sorted(by_seat[seat], key=lambda talk: hashlib.sha256(f"{seed}:{talk[0]}".encode()).hexdigest())
        count = amount if measure == SamplingPlan.Amount.NUMBER else ceil(len(own) * amount / 100)
        drawn += own[:count]
    return drawn


def fingerprint(talks: Iterable[Talk]) -> str:
    """SHA-256 over the pool, so that a later look can tell whether it is still the same."""
    return hashlib.sha256("\n".join(sorted(f"{pk} {seat}" for pk, seat in talks)).encode()).hexdigest()
