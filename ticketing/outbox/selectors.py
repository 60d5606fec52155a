"""Reads of the outbox: what waits, what was given up."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.utils import timezone

from ticketing.outbox.models import FeedStream, Job


@dataclass(frozen=True, slots=True)
class Backlog:
    """How the jobs stand. `oldest_seconds` is how long the oldest due job has been waiting, 0 when none is due."""

    waiting: int
    due: int
    running: int
    dead: int
    oldest_seconds: float


def backlog() -> Backlog:
    """The present backlog, from one query."""
    now = timezone.now()
    due = Q(state=Job.State.PENDING, run_after__lte=now)
    row = Job.objects.exclude(state=Job.State.DONE).aggregate(
        waiting=Count("id", filter=Q(state=Job.State.PENDING)),
        due=Count("id", filter=due),
        running=Count("id", filter=Q(state=Job.State.RUNNING)),
        dead=Count("id", filter=Q(state=Job.State.DEAD)),
        oldest=Min("run_after", filter=due),
    )
    oldest = row.pop("oldest")
    return Backlog(**row, oldest_seconds=(now - oldest).total_seconds() if oldest else 0.0)


def last_numbers(*, streams: list[str]) -> dict[str, int]:
    """The last number given out in each of these streams, 0 for one that has no event yet."""
    found = dict(FeedStream.objects.filter(name__in=streams).values_list("name", "last_seq"))
    return {name: found.get(name, 0) for name in streams}
