"""A bell that wakes the runner threads. It counts, so that a ring between two looks is never missed."""

from __future__ import annotations

import threading

_condition = threading.Condition()
_rings = 0


def ring() -> None:
    """Wake every thread that waits."""
    global _rings
    with _condition:
        _rings += 1
        _condition.notify_all()


def heard() -> int:
    """How often it rang so far; take this before looking for work, and pass it to `wait`."""
    with _condition:
        return _rings


def wait(*, since: int, seconds: float) -> None:
    """Wait until it rang more often than `since`, at most `seconds`."""
    with _condition:
        _condition.wait_for(lambda: _rings > since, timeout=seconds)
