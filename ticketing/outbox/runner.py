"""Do the promised work: one function for one job, called by the threads here and by Celery's task elsewhere."""

from __future__ import annotations

import threading
import time
import traceback

import structlog
from django.db import close_old_connections, connections

from ticketing.outbox import actions, bell, feeds, registry
from ticketing.outbox.models import Job

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 1.0
TIDY_EVERY_SECONDS = 5.0


def run_claimed(jobs: list[Job]) -> bool:
    """Do the jobs of one claim and write down how they ended. Never raises because of a job; True when all succeeded."""
    error = _attempt(jobs)
    if error is None:
        actions.finish(jobs=jobs)
        return True
    if len(jobs) > 1:  # one of them is bad: each by itself, so that only that one fails
        outcomes = [run_claimed([job]) for job in jobs]
        return all(outcomes)
    for_good = isinstance(error, registry.GiveUp)
    actions.fail(job=jobs[0], error=str(error) if for_good else f"{type(error).__name__}: {error}", for_good=for_good)
    return False


def _attempt(jobs: list[Job]) -> Exception | None:
    kind = jobs[0].kind
    known = registry.registration(kind)
    with structlog.contextvars.bound_contextvars(job=jobs[0].pk, job_kind=kind, request_id=jobs[0].request_id):
        try:
            if known is None:
                raise LookupError(f"No room handles jobs of kind {kind!r}.")
            known.run([job.payload for job in jobs])
        except registry.GiveUp as error:
            return error
        except Exception as error:
            log.warning("outbox.job_failed", jobs=len(jobs), traceback=traceback.format_exc(limit=-6))
            return error
    return None


def run_job(job_id: int) -> bool:
    """Claim and do one job by its id, with its kind's batch. False when it is not due, taken by another, or failed."""
    jobs = actions.claim(job_id=job_id)
    return bool(jobs) and run_claimed(jobs)


def drain(*, limit: int = 1000) -> int:
    """Do all due jobs in the calling thread, those that they enqueue included; how many were tried (commands, tests)."""
    count = 0
    while count < limit:
        jobs = actions.claim()
        if not jobs:
            break
        run_claimed(jobs)
        count += len(jobs)
    return count


class Runner:
    """A few threads that claim and do due jobs. They wake when a commit rings the bell, and look each second anyway."""

    def __init__(self, *, threads: int) -> None:
        self._size = max(threads, 1)
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self.last_look = 0.0

    def start(self, *, alone: bool) -> None:
        """Start the threads. `alone`: no other process works on this database, so whatever looks running was killed."""
        actions.recover(everything=alone)
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._work, args=(number,), name=f"jobs-{number}", daemon=True)
            for number in range(self._size)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, *, seconds: float = 5.0) -> bool:
        """Let running jobs end, within `seconds`. False when one would not: it is taken up again at the next start."""
        self._stopping.set()
        bell.ring()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))
        return not self.alive()

    def alive(self) -> int:
        """How many of the threads live."""
        return sum(thread.is_alive() for thread in self._threads)

    @property
    def size(self) -> int:
        """How many threads there should be."""
        return self._size

    def _work(self, number: int) -> None:
        # One thread never takes slow kinds, as long as there is another that does.
        reserved = number == 0 and self._size > 1
        tidied = time.monotonic()
        try:
            while not self._stopping.is_set():
                heard = bell.heard()
                self.last_look = time.monotonic()
                try:
                    while not self._stopping.is_set():
                        jobs = actions.claim(without=registry.slow_kinds() if reserved else None)
                        if not jobs:
                            break
                        run_claimed(jobs)
                    if number == 0 and time.monotonic() - tidied > TIDY_EVERY_SECONDS:
                        tidied = time.monotonic()
                        actions.recover()
                        feeds.number_leftovers()
                except Exception:  # a database that is away: say so and look again
                    log.exception("outbox.runner_stumbled", thread=number)
                    self._stopping.wait(LOOK_EVERY_SECONDS)
                close_old_connections()
                if not self._stopping.is_set():
                    bell.wait(since=heard, seconds=LOOK_EVERY_SECONDS)
        finally:
            connections.close_all()
