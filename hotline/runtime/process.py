"""What runs beside the web in the server process: job threads, schedule, live loop. The ASGI lifespan rules it."""

from __future__ import annotations

import asyncio
import fcntl
import threading
import time
from pathlib import Path
from typing import IO, Any

import structlog
from django.conf import settings
from django.db import connection

from hotline.runtime.beat import BeatThread
from ticketing.outbox import feeds, live, registry
from ticketing.outbox.runner import Runner

log = structlog.get_logger(__name__)

ADDRESS_FILE = "server.url"  # in VAR_DIR, while `manage.py serve` serves


class AlreadyRunning(Exception):
    """Another server process works with the same VAR_DIR."""


class FileLock:
    """One server per VAR_DIR. The system frees the lock when its process dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take the lock or raise AlreadyRunning."""
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise AlreadyRunning(
                f"Another server already works with {self._path.parent}: stop it first, or choose another VAR_DIR."
            ) from None
        self._file = file

    def free(self) -> None:
        """Give it back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def serving_at() -> str:
    """The address of the server that works with our VAR_DIR, empty when none does."""
    lock = FileLock(settings.VAR_DIR / "server.lock")
    try:
        lock.take()
    except AlreadyRunning:
        path = settings.VAR_DIR / ADDRESS_FILE
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""
    lock.free()
    return ""


class Process:
    """Start and stop of everything beside the web. With Celery, jobs and schedule are processes of their own."""

    def __init__(self) -> None:
        self.lock = FileLock(settings.VAR_DIR / "server.lock")
        self.runner: Runner | None = None
        self.beat: BeatThread | None = None
        self.started_at = 0.0
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start all; raises AlreadyRunning when another process holds the lock."""
        own_jobs = settings.JOBS_BACKEND == "threads"
        if own_jobs:
            self.lock.take()
        self._stopping.clear()
        live.bind(loop)
        feeds.start_numberer()
        if connection.vendor == "sqlite":
            self._keeper = threading.Thread(target=self._keep_open, name="sqlite-keeper", daemon=True)
            self._keeper.start()
        if own_jobs:
            from hotline.celery import app

            self.runner = Runner(threads=settings.JOB_THREADS)
            self.runner.start(alone=connection.vendor == "sqlite")
            self.beat = BeatThread(app)
            self.beat.start()
        connection.close()
        self.started_at = time.time()
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        """Stop all, in a few seconds at most."""
        self._stopping.set()
        for function in registry.stoppers():
            self._guarded(function)
        if self.beat is not None:
            self.beat.stop()
        if self.runner is not None and not self.runner.stop(seconds=3.0):
            log.warning("process.job_left_running", hint="It is taken up again at the next start.")
        feeds.stop_numberer()
        live.bind(None)
        if self._keeper is not None:
            self._keeper.join(1.0)
        self.lock.free()

    def _keep_open(self) -> None:
        # SQLite folds its log into the database each time the last connection closes; one stays open instead.
        connection.ensure_connection()
        self._stopping.wait()
        connection.close()

    def _warm_up(self) -> None:
        # One after the other, so that the first visitors do not wait behind all of them at once.
        for function in registry.starters():
            if self._stopping.wait(0.2):
                return
            self._guarded(function)

    def _guarded(self, function: Any) -> None:
        try:
            function()
        except Exception:
            log.exception("process.hook_failed", hook=getattr(function, "__qualname__", repr(function)))
        finally:
            connection.close()


PROCESS = Process()


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI lifespan: everything that blocks happens in a thread, never on the loop."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await asyncio.to_thread(PROCESS.start, asyncio.get_running_loop())
            except Exception as error:
                if not isinstance(error, AlreadyRunning):
                    log.exception("process.start_failed")
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
        else:
            await asyncio.to_thread(PROCESS.stop)
            await send({"type": "lifespan.shutdown.complete"})
            return
