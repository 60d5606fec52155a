"""Threads for conversation work that may take long (understanding, search), apart from those that only read.

Channels' own database thread is one for all sockets of the process, and the readers' pool must stay quick.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

P = ParamSpec("P")
T = TypeVar("T")
WORKERS = 6

_pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="talk")


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function` in a conversation thread with a database connection of its own."""
    call = functools.partial(contextvars.copy_context().run, functools.partial(_guarded, function, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_pool, call)


def close() -> None:
    """Close the database connections that the threads keep (tests, before a database is dropped)."""
    barrier = threading.Barrier(WORKERS)

    def one() -> None:
        connections.close_all()
        barrier.wait(timeout=5)

    for future in [_pool.submit(one) for _ in range(WORKERS)]:
        future.result(timeout=10)


def _guarded(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
