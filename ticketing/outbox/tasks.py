"""Celery's way in: the same functions that the threads call."""

from __future__ import annotations

from celery import shared_task

from ticketing.outbox import actions, registry, runner


@shared_task(name=actions.CELERY_TASK, acks_late=True, ignore_result=True)
def run_job(job_id: int) -> None:
    """Do one job by its id."""
    runner.run_job(job_id)


@shared_task(name="outbox.periodic", ignore_result=True)
def run_periodic(name: str) -> None:
    """Stand-in that the schedule names; the scheduler writes a job instead of sending this (hotline.runtime.beat)."""
    actions.enqueue(kind=registry.PERIODIC_PREFIX + name, payload={}, key=name)


@registry.periodic("outbox.prune", crontab="20 3 * * *", slow=True)
def prune() -> None:
    """Delete finished jobs and old live events each night."""
    actions.prune()
