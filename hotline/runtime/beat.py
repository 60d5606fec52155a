"""The schedule: django-celery-beat's rows, but what is due becomes an outbox row instead of a broker message.

So a due run cannot be lost between schedule and broker, and the same rows drive one process and a whole cluster.
In one process it runs as a thread; in production as `celery -A hotline beat`.
"""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import structlog
from celery import Celery
from celery.schedules import crontab, schedule
from django.conf import settings
from django.core.cache import cache
from django.db import close_old_connections, connections
from django_celery_beat.schedulers import DatabaseScheduler

from ticketing.outbox import actions, registry

log = structlog.get_logger(__name__)

PULSE_KEY = "hotline.schedule.pulse"
PULSE_EVERY_SECONDS = 5.0
PERIODIC_TASK = "outbox.periodic"
LONGEST_SLEEP_SECONDS = 1.0


class OutboxScheduler(DatabaseScheduler):
    """Writes a job for each due entry, keeps a pulse for the health page, and in Celery mode sweeps the outbox."""

    _pulse_at = 0.0

    def setup_schedule(self) -> None:
        """Bring the rooms' announced periodic jobs into the table, without undoing what a person changed there."""
        from django_celery_beat.models import PeriodicTask

        known = set(PeriodicTask.objects.filter(task=PERIODIC_TASK).values_list("name", flat=True))
        announced = {period.name: period for period in registry.periods()}
        PeriodicTask.objects.filter(task=PERIODIC_TASK, name__in=known - announced.keys()).delete()
        self.update_from_dict(
            {
                name: {"task": PERIODIC_TASK, "schedule": self._timing(period), "args": [name]}
                for name, period in announced.items()
                if name not in known
            }
        )

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **kwargs: Any) -> Any:
        """Write the due entry down as a job; at most one of each waits at a time."""
        if advance:
            entry = self.reserve(entry)
        if entry.task == PERIODIC_TASK:
            name = str(entry.args[0])
            job = actions.enqueue(kind=registry.PERIODIC_PREFIX + name, payload={}, key=name)
        else:
            payload = {"task": entry.task, "args": list(entry.args or ()), "kwargs": dict(entry.kwargs or {})}
            job = actions.enqueue(kind="runtime.task", payload=payload, key=entry.name)
        self._tasks_since_sync += 1
        if self.should_sync():
            self._do_sync()
        return SimpleNamespace(id=job.pk)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One look at the schedule; the seconds until the next."""
        self._pulse()
        wait = super().tick(*args, **kwargs)
        return min(wait or 0.0, LONGEST_SLEEP_SECONDS)

    def _pulse(self) -> None:
        now = time.monotonic()
        if now - self._pulse_at < PULSE_EVERY_SECONDS:
            return
        self._pulse_at = now
        try:
            cache.set(PULSE_KEY, time.time(), timeout=3600)
            if settings.JOBS_BACKEND == "celery":
                actions.sweep()
        except Exception as error:  # the schedule outlives a database or a cache that is away for a moment
            log.warning("schedule.stumbled", error=str(error))
            close_old_connections()

    def _timing(self, period: registry.Period) -> Any:
        if period.every_seconds:
            return schedule(run_every=period.every_seconds, app=self.app)
        minute, hour, day_of_month, month_of_year, day_of_week = period.crontab.split()
        return crontab(minute, hour, day_of_week, day_of_month, month_of_year, app=self.app)


@registry.handles("runtime.task", max_attempts=1)
def run_named_task(payload: dict[str, Any]) -> None:
    """Call a Celery task that an administrator put into the schedule by name."""
    from celery import current_app

    task = current_app.tasks.get(payload["task"])
    if task is None:
        raise registry.GiveUp(f"The schedule names a task that does not exist: {payload['task']}.")
    task(*payload["args"], **payload["kwargs"])


class BeatThread:
    """The schedule as a thread of the server process."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look at the schedule."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._work, name="schedule", daemon=True)
        self._thread.start()

    def stop(self, *, seconds: float = 3.0) -> None:
        """End within `seconds`."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def alive(self) -> bool:
        """Whether the thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def _work(self) -> None:
        self._app.set_current()
        self._app.loader.import_default_modules()
        scheduler: OutboxScheduler | None = None
        try:
            while not self._stopping.is_set():
                wait = LONGEST_SLEEP_SECONDS
                try:
                    if scheduler is None:
                        scheduler = OutboxScheduler(app=self._app, max_interval=LONGEST_SLEEP_SECONDS)
                    wait = scheduler.tick()
                except Exception:  # keep the schedule alive through a database that is away
                    log.exception("schedule.stumbled")
                    close_old_connections()
                self._stopping.wait(max(wait, 0.02))
            if scheduler is not None:
                scheduler.close()
        finally:
            connections.close_all()
