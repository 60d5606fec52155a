"""Promise work inside a transaction; have it done after the commit, by threads here or by Celery elsewhere."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from ticketing.outbox import bell, registry
from ticketing.outbox.models import FeedEvent, Job

log = structlog.get_logger(__name__)

CELERY_TASK = "outbox.run_job"  # that of ticketing.outbox.tasks
LONGEST_WAIT_SECONDS = 3600
ERROR_CHARS = 2000
SWEEP_LIMIT = 500


def enqueue(*, kind: str, payload: dict[str, Any], key: str = "", run_after: datetime | None = None) -> Job:
    """Write a job in the caller's transaction; it starts after the commit, or after `run_after`.

    `key` names the work: while a job of this kind and key still waits, it stands for the new one too.
    The payload must be JSON and should hold ids, never personal values.
    """
    with transaction.atomic(savepoint=False):
        job = _waiting(kind, key) if key else None
        if job is None:
            return enqueue_all([(kind, payload)], key=key, run_after=run_after)[0]
        if run_after is None or run_after < job.run_after:
            job.payload, job.run_after = payload, run_after or timezone.now()
            job.save(update_fields=["payload", "run_after"])
            if job.run_after <= timezone.now():
                _hand_out_after_commit([job])
    return job


def enqueue_all(work: Iterable[tuple[str, dict[str, Any]]], *, key: str = "", run_after: datetime | None = None) -> list[Job]:
    """Write several jobs (kind, payload) at once, as `enqueue` writes one, without looking for waiting ones."""
    now = timezone.now()
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64]
    jobs = []
    for kind, payload in work:
        known = registry.registration(kind)
        attempts = known.max_attempts if known else 8
        jobs.append(
            Job(kind=kind, key=key, payload=payload, max_attempts=attempts, run_after=run_after or now, request_id=request_id)
        )
    with transaction.atomic(savepoint=False):
        Job.objects.bulk_create(jobs)
        if run_after is None or run_after <= now:
            _hand_out_after_commit(jobs)
    return jobs


def _waiting(kind: str, key: str) -> Job | None:
    # A waiting row that is being claimed at this moment may have read old data: it does not count.
    waiting = Job.objects.filter(kind=kind, key=key, state=Job.State.PENDING, attempts=0)
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True)
    return waiting.order_by("id").first()


def _hand_out_after_commit(jobs: list[Job]) -> None:
    if settings.JOBS_BACKEND != "celery":
        if not any(hook[1] is bell.ring for hook in connection.run_on_commit):  # one ring wakes for all
            transaction.on_commit(bell.ring, robust=True)
        return
    ids = [job.pk for job in jobs]
    transaction.on_commit(lambda: [hand_out(job_id=job_id) for job_id in ids], robust=True)  # type: ignore[func-returns-value]


def hand_out(*, job_id: int) -> None:
    """Tell whoever does the jobs that one is due. Losing this call costs time, never the job: rows are swept."""
    if settings.JOBS_BACKEND != "celery":
        bell.ring()
        return
    try:
        current_app.send_task(CELERY_TASK, (job_id,), retry=False)
    except Exception as error:  # a broker that is down must not fail the request whose row is already safe
        log.warning("outbox.broker_unreachable", job=job_id, error=str(error))


def claim(*, job_id: int | None = None, without: list[str] | None = None) -> list[Job]:
    """Take the next due job (or this one, when due) for running, with more of its kind where the kind runs in batches.

    Empty when none is due. Attempts are counted here, so that a job that kills its process is given up in the end too.
    """
    now = timezone.now()
    due = Job.objects.filter(state=Job.State.PENDING, run_after__lte=now).order_by("run_after", "id")
    if without:
        due = due.exclude(kind__in=without)
    first = due if job_id is None else due.filter(pk=job_id)
    if not first.exists():  # a plain read first: waiting threads must not queue for the write lock
        return []
    if connection.features.has_select_for_update_skip_locked:
        due, first = due.select_for_update(skip_locked=True), first.select_for_update(skip_locked=True)
    with transaction.atomic():
        job = first.first()
        if job is None:
            return []
        known = registry.registration(job.kind)
        # A job that failed before runs alone: it must not take its neighbours with it again.
        others = known.batch - 1 if known is not None and job.attempts == 0 else 0
        more = list(due.filter(kind=job.kind, attempts=0).exclude(pk=job.pk)[:others]) if others else []
        jobs = [job, *more]
        lease = now + timedelta(seconds=known.lease_seconds if known else 60)
        Job.objects.filter(pk__in=[j.pk for j in jobs]).update(
            state=Job.State.RUNNING, attempts=F("attempts") + 1, started_at=now, lease_until=lease
        )
    for taken in jobs:
        taken.state, taken.started_at, taken.lease_until = Job.State.RUNNING, now, lease
        taken.attempts += 1
    return jobs


def finish(*, jobs: list[Job]) -> None:
    """Mark jobs of one claim as done, unless they were taken up anew in the meantime."""
    ours = Job.objects.filter(pk__in=[j.pk for j in jobs], state=Job.State.RUNNING, attempts=jobs[0].attempts)
    with transaction.atomic():  # a write outside a transaction would not wait its turn at SQLite's gate
        ours.update(state=Job.State.DONE, finished_at=timezone.now(), lease_until=None, last_error="")


@transaction.atomic
def fail(*, job: Job, error: str, for_good: bool = False) -> None:
    """Put a failed job back with a growing wait, or make it a dead letter after its last attempt."""
    now = timezone.now()
    message = error[:ERROR_CHARS]
    if for_good or job.attempts >= job.max_attempts:
        _own(job).update(state=Job.State.DEAD, finished_at=now, lease_until=None, last_error=message)
        log.error("outbox.dead_letter", job=job.pk, kind=job.kind, attempts=job.attempts, error=message)
        return
    wait = min(2**job.attempts, LONGEST_WAIT_SECONDS) * random.uniform(0.8, 1.2)
    _own(job).update(state=Job.State.PENDING, run_after=now + timedelta(seconds=wait), lease_until=None, last_error=message)
    log.warning("outbox.retry", job=job.pk, kind=job.kind, attempt=job.attempts, wait_s=round(wait, 1), error=message)


def _own(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)


def recover(*, everything: bool = False) -> int:
    """Take back jobs whose process died: those whose lease is over, or, when we are alone, all that look running."""
    now = timezone.now()
    lost = Job.objects.filter(state=Job.State.RUNNING)
    if not everything:
        lost = lost.filter(lease_until__lt=now)
    count = 0
    for job in lost:
        if job.attempts >= job.max_attempts:
            fail(job=job, error="The process that ran this job died each time.", for_good=True)
        else:
            _own(job).update(state=Job.State.PENDING, run_after=now, lease_until=None)
        count += 1
    if count:
        log.warning("outbox.recovered", jobs=count)
    return count


def sweep() -> int:
    """Celery's safety net: hand out rows that are due, whatever became of their first message. Returns how many."""
    from ticketing.outbox import feeds

    recover()
    feeds.number_leftovers()
    now = timezone.now()
    grace = now - timedelta(seconds=5)  # a fresh row's own message is still on its way
    due = Job.objects.filter(state=Job.State.PENDING, run_after__lte=now)
    forgotten = list(
        (due.filter(attempts__gt=0) | due.filter(run_after__lte=grace))
        .order_by("run_after", "id")
        .values_list("pk", flat=True)[:SWEEP_LIMIT]
    )
    for job_id in forgotten:
        hand_out(job_id=job_id)
    return len(forgotten)


def requeue(*, job: Job) -> None:
    """Give a dead letter (or a waiting job) a fresh set of attempts, beginning now."""
    changed = Job.objects.filter(pk=job.pk, state__in=[Job.State.DEAD, Job.State.PENDING]).update(
        state=Job.State.PENDING, attempts=0, run_after=timezone.now(), finished_at=None, last_error=""
    )
    if changed:
        transaction.on_commit(lambda: hand_out(job_id=job.pk), robust=True)


def prune(*, jobs_older_than: timedelta = timedelta(days=7), events_older_than: timedelta = timedelta(days=30)) -> int:
    """Delete finished jobs and old live events (dead letters stay). Live events are a means of display, not a record."""
    now = timezone.now()
    done, _ = Job.objects.filter(state=Job.State.DONE, finished_at__lt=now - jobs_older_than).delete()
    events, _ = FeedEvent.objects.filter(seq__isnull=False, created_at__lt=now - events_older_than).delete()
    return done + events
