"""The cluster with the embedded engine behind it: an answer always, and plainly marked when it is the second choice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import structlog
from django.utils.translation import gettext as _

from search.engines.base import Engine, EngineStatus, IndexDocument, Progress, SearchRequest, SearchResult
from search.errors import EngineError

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 30.0
CATCH_UP_SECONDS = 10.0


class Breaker:
    """Stops asking a server that failed: one failure opens it, each further one doubles the pause, one success closes.

    After a pause one caller alone tries again; the others go on without the server meanwhile.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._pause = 0.0
        self._closed_until = 0.0
        self._trying = False
        self.reason = ""

    def may_try(self) -> bool:
        """Whether this caller should ask the server now."""
        with self._mutex:
            if not self._pause:
                return True
            if self._trying or self._clock() < self._closed_until:
                return False
            self._trying = True
            return True

    def succeeded(self) -> bool:
        """Note a success; true when it ended a pause."""
        with self._mutex:
            ended = bool(self._pause)
            self._pause, self._trying, self.reason = 0.0, False, ""
            return ended

    def failed(self, reason: str) -> bool:
        """Note a failure; true when it began a pause."""
        with self._mutex:
            began = not self._pause
            self._pause = min(max(self._pause * 2, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            self._closed_until = self._clock() + self._pause
            self._trying, self.reason = False, reason
            return began

    @property
    def open(self) -> bool:
        """Whether the server is being left alone or tried anew."""
        return self._pause > 0


class FallbackEngine:
    """See `search.engines.base.Engine`. `catch_up` brings the second engine up to what the database says."""

    def __init__(
        self,
        first: Engine,
        second: Engine,
        *,
        catch_up: Callable[[Engine], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = first.name
        self.first, self.second = first, second
        self.breaker = Breaker(clock)
        self._catch_up, self._clock = catch_up, clock
        self._caught_up_at = float("-inf")
        self._catching_up = threading.Lock()

    def search(self, request: SearchRequest) -> SearchResult:
        """From the first engine, else from the second with `degraded` and the reason."""
        if self.breaker.may_try():
            try:
                result = self.first.search(request)
            except EngineError as error:
                if self.breaker.failed(str(error)):
                    log.warning("knowledge search falls back", engine=self.second.name, reason=str(error))
            except BaseException:
                self.breaker.failed(_("The search was broken off."))
                raise
            else:
                if self.breaker.succeeded():
                    log.info("knowledge search recovered", engine=self.first.name)
                return result
        reason = self.breaker.reason
        self._catch_up_second()
        return replace(self.second.search(request), degraded=True, reason=reason)

    def index(self, documents: Iterable[IndexDocument]) -> None:
        """Into both; EngineError when the first refuses, so that the job is tried again."""
        kept = list(documents)
        self.second.index(kept)
        self.first.index(kept)

    def remove(self, codes: dict[str, int]) -> None:
        """Out of both."""
        self.second.remove(codes)
        self.first.remove(codes)

    def rebuild(self, documents: Iterable[IndexDocument], *, progress: Progress | None = None) -> int:
        """Both anew; `documents` is walked twice, so it must be a collection and no generator."""
        done = self.second.rebuild(documents, progress=progress)
        self.first.rebuild(documents, progress=(lambda count: progress(done + count)) if progress else None)
        self.breaker.succeeded()
        return done

    def revisions(self) -> dict[str, int]:
        """Of the first engine."""
        return self.first.revisions()

    def status(self) -> EngineStatus:
        """Of the first engine; degraded when answers come from the second."""
        status = self.first.status()
        if status.degraded:
            return replace(status, implementation=self.second.name)
        if self.breaker.open:
            return replace(status, degraded=True, reason=self.breaker.reason, implementation=self.second.name)
        return status

    def _catch_up_second(self) -> None:
        """The second engine may have missed changes made on other machines; look at most every ten seconds."""
        if self._clock() - self._caught_up_at < CATCH_UP_SECONDS:
            return
        with self._catching_up:
            if self._clock() - self._caught_up_at < CATCH_UP_SECONDS:
                return
            self._catch_up(self.second)
            self._caught_up_at = self._clock()
