"""SQLite behind a fair gate.

SQLite lets one writer in at a time and makes the others sleep and try again, in no order: under load some wait for
seconds. Here the writers of this process queue first in, first out before `BEGIN IMMEDIATE`, and the next one is let in
the moment the transaction before it has ended, before its on_commit hooks run. Other processes (a command beside the
running server) still meet at SQLite's own lock, with its timeout.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError


class Gate:
    """A lock that is handed over in the order of asking."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[threading.Event] = deque()
        self._held = False

    def acquire(self, timeout: float) -> bool:
        """Enter, waiting at most `timeout` seconds; False when it took longer."""
        with self._lock:
            if not self._held:
                self._held = True
                return True
            turn = threading.Event()
            self._queue.append(turn)
        if turn.wait(timeout):
            return True
        with self._lock:
            if turn.is_set():  # our turn came while we were giving up
                return True
            self._queue.remove(turn)
            return False

    def release(self) -> None:
        """Let the next one in."""
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._held = False


_gates: dict[str, Gate] = {}
_gates_lock = threading.Lock()


def gate_for(name: str) -> Gate:
    """The gate of one database file, shared by all threads of this process."""
    with _gates_lock:
        return _gates.setdefault(name, Gate())


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's SQLite connection with the gate before its write transactions."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._entered: Gate | None = None

    def _start_transaction_under_autocommit(self) -> None:
        gate = gate_for(str(self.settings_dict["NAME"]))
        seconds = float(self.settings_dict["OPTIONS"].get("timeout", 5.0))
        if not gate.acquire(seconds):
            raise OperationalError(f"database is locked: no turn to write within {seconds:g} s")
        self._entered = gate
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        gate, self._entered = self._entered, None
        if gate is not None:
            gate.release()

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            # A commit that failed leaves the transaction open for the rollback that follows; the gate stays held.
            if self.connection is None or not self.connection.in_transaction:
                self._leave()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._leave()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._leave()
