"""Promise work inside a transaction; have it done after the commit, by threads here or by Celery elsewhere."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from ticketing.outbox import bell, registry
from ticketing.outbox.models import FeedEvent, Job

log = structlog.get_logger(__name__)

LONGEST_WAIT_SECONDS = 3600
ERROR_CHARS = 2000
SWEEP_LIMIT = 500


def enqueue(*, kind: str, payload: dict[str, Any], key: str = "", run_after: datetime | None = None) -> Job:
    """Write a job in the caller's transaction; it starts after the commit, or after `run_after`.

    `key` names the work: while a job of this kind and key still waits, it stands for the new one too.
    The payload must be JSON and should hold ids, never personal values.
    """
    now = timezone.now()
    known = registry.registration(kind)
    with transaction.atomic():
        job = None
        if key:
            # A waiting row that is being claimed at this moment may have read old data: it does not count.
            waiting = Job.objects.filter(kind=kind, key=key, state=Job.State.PENDING, attempts=0)
            if connection.features.has_select_for_update_skip_locked:
                waiting = waiting.select_for_update(skip_locked=True)
            job = waiting.order_by("id").first()
        if job is None:
            job = Job.objects.create(
                kind=kind,
                key=key,
                payload=payload,
                max_attempts=known.max_attempts if known else 8,
                run_after=run_after or now,
                request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
            )
        elif run_after is None or run_after < job.run_after:
            job.payload, job.run_after = payload, run_after or now
            job.save(update_fields=["payload", "run_after"])
        if job.run_after <= now:
            job_id = job.pk
            transaction.on_commit(lambda: hand_out(job_id=job_id), robust=True)
    return job


def hand_out(*, job_id: int) -> None:
    """Tell whoever does the jobs that one is due. Losing this call costs time, never the job: rows are swept."""
    if settings.JOBS_BACKEND != "celery":
        bell.ring()
        return
    from ticketing.outbox.tasks import run_job

    try:
        run_job.apply_async((job_id,), retry=False)
    except Exception as error:  # a broker that is down must not fail the request whose row is already safe
        log.warning("outbox.broker_unreachable", job=job_id, error=str(error))


def claim(*, job_id: int | None = None, without: list[str] | None = None) -> Job | None:
    """Take one due job (or this one, when due) for running; None when there is none.

    Attempts are counted here, so that a job that kills its process is given up in the end too.
    """
    now = timezone.now()
    due = Job.objects.filter(state=Job.State.PENDING, run_after__lte=now).order_by("run_after", "id")
    if job_id is not None:
        due = due.filter(pk=job_id)
    if without:
        due = due.exclude(kind__in=without)
    if not due.exists():  # a plain read first: waiting threads must not queue for the write lock
        return None
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        job = due.first()
        if job is None:
            return None
        known = registry.registration(job.kind)
        job.state = Job.State.RUNNING
        job.attempts += 1
        job.started_at = now
        job.lease_until = now + timedelta(seconds=known.lease_seconds if known else 60)
        job.save(update_fields=["state", "attempts", "started_at", "lease_until"])
    return job


def finish(*, job: Job) -> None:
    """Mark a job as done, unless it was taken up anew in the meantime."""
    _own(job).update(state=Job.State.DONE, finished_at=timezone.now(), lease_until=None, last_error="")


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
