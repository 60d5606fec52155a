"""The city's names in memory: gazetteer and duty index, rebuilt when the rows behind them change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from chatbot.nlu.duty import DutyIndex
from chatbot.nlu.gazetteer import Gazetteer
from chatbot.selectors import Vocabulary, vocabulary

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 30.0
"""How old the names may be before the rows are looked at again."""


@dataclass(frozen=True, slots=True)
class CityNames:
    """Everything that finds names in a text, of one version of the data."""

    version: str
    gazetteer: Gazetteer
    duties: DutyIndex


class City:
    """Holds the current CityNames. With the database out of reach the names of before go on being used."""

    def __init__(self, read: Callable[[], Vocabulary] = vocabulary, clock: Callable[[], float] = time.monotonic) -> None:
        self._read, self._clock = read, clock
        self._names = CityNames("", Gazetteer(()), DutyIndex(()))
        self._checked: float | None = None
        self._lock = threading.Lock()

    def names(self) -> CityNames:
        """The names, looked up again when they are older than REFRESH_SECONDS. Never raises."""
        first = self._checked is None
        stale = first or self._clock() - (self._checked or 0.0) > REFRESH_SECONDS
        # Only one thread looks; the others go on with what there is, except before the very first load.
        if stale and self._lock.acquire(blocking=first):
            try:
                self._refresh()
            finally:
                self._lock.release()
        return self._names

    def forget(self) -> None:
        """Has the rows looked at again with the next call."""
        self._checked = None

    def _refresh(self) -> None:
        now = self._clock()
        if self._checked is not None and now - self._checked <= REFRESH_SECONDS:
            return
        try:
            found = self._read()
        except Exception as problem:  # a lost database must not take understanding with it
            log.warning("chatbot.names_not_read", error=str(problem))
            self._checked = now
            return
        if found.version != self._names.version:
            self._names = CityNames(found.version, Gazetteer(found.entries), DutyIndex(found.duties))
            log.info("chatbot.names_loaded", entries=len(found.entries), duties=len(found.duties))
        self._checked = now
