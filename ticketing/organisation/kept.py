"""Content that staff change now and then and every order reads: kept per process for a short while.

A change made in this process counts at once (`forget` hangs on the models' signals), one made in another process within
`SECONDS`. What is kept is shared between threads and must not be changed by those who get it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connection, transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 30.0
MOST_VALUES = 20_000  # of one function; a city has some 12,000 items and 18,000 units

_shelves: list[dict[Any, Any]] = []
_lock = threading.Lock()
_changes = 0


def kept(function: Callable[P, T]) -> Callable[P, T]:
    """Keep the results of `function`, by its hashable positional arguments. `None` is a result like any other."""
    values: dict[tuple[Any, ...], tuple[float, T]] = {}
    _shelves.append(values)

    @wraps(function)
    def keeping(*args: P.args, **kwargs: P.kwargs) -> T:
        if kwargs:
            raise TypeError("kept functions take positional arguments")
        now = time.monotonic()
        known = values.get(args)
        if known is not None and now - known[0] < SECONDS:
            return known[1]
        before = _changes
        value = function(*args, **kwargs)
        with _lock:
            if len(values) >= MOST_VALUES:
                values.clear()
            if before == _changes:  # else it may have been read before the change
                values[args] = (now, value)
        return value

    return keeping


def forget(*args: Any, **kwargs: Any) -> None:
    """Drop everything kept in this process: after a bulk import, and after a change in the admin (as a signal's receiver).

    Inside a transaction it is dropped again after the commit: until then other threads still read the old rows.
    """
    _drop()
    if connection.in_atomic_block:
        transaction.on_commit(_drop, robust=True)


def _drop() -> None:
    global _changes
    with _lock:
        _changes += 1
        for values in _shelves:
            values.clear()


def forget_when_saved(*models: type[Model]) -> None:
    """Have `forget` called whenever a row of these models is saved or deleted. Rooms call it in `AppConfig.ready`."""
    for model in models:
        for signal in (post_save, post_delete):
            signal.connect(forget, sender=model, dispatch_uid=f"kept.{model._meta.label}")
