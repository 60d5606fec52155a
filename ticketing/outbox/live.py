"""From any thread to the live layer. A nudge may be lost; what must arrive is a row first (see feeds)."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import structlog
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import close_old_connections, connections

log = structlog.get_logger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

_loop: asyncio.AbstractEventLoop | None = None
_own_loop: asyncio.AbstractEventLoop | None = None
_lock = threading.Lock()
_readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="live-db")
# Counted for the health page.
failures = 0
last_failure = ""


def bind(loop: asyncio.AbstractEventLoop | None) -> None:
    """Send from now on through `loop`, the server's own. None when the server stops."""
    global _loop
    _loop = loop


def bound() -> bool:
    """Whether a running server loop is bound."""
    return _loop is not None and _loop.is_running()


def nudge(*, group: str, message: dict[str, Any]) -> None:
    """Send `message` to the channel-layer group, without waiting. Call it after the commit.

    Outside a server (a worker, a command) it goes through a loop of its own when the layer reaches other processes;
    with the in-memory layer nobody could hear it, and it is dropped.
    """
    nudge_all([(group, message)])


def nudge_all(messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Send several (group, message) in order, as `nudge` sends one."""
    layer = get_channel_layer()
    loop = _sending_loop(layer)
    if layer is None or loop is None or not messages:
        return

    async def send() -> None:
        for group, message in messages:
            await layer.group_send(group, message)

    sending = send()
    try:
        future = asyncio.run_coroutine_threadsafe(sending, loop)
    except RuntimeError as error:  # the loop closed between the look and the call
        sending.close()
        _note(error)
        return
    future.add_done_callback(_note_failure)


def ask(question: Callable[[], Coroutine[Any, Any, T]], *, seconds: float) -> T:
    """Run a coroutine on the loop that nudges go through, and wait for it from another thread, at most `seconds`.

    Raises ConnectionError when there is no such loop, TimeoutError when it takes too long.
    """
    loop = _sending_loop(get_channel_layer())
    if loop is None:
        raise ConnectionError("No server loop is bound.")
    future = asyncio.run_coroutine_threadsafe(question(), loop)
    try:
        return future.result(seconds)
    finally:
        future.cancel()


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that reads the database in a small pool of its own.

    Channels' own database thread is one for all sockets of the process: a slow query there delays everybody.
    """
    call = functools.partial(_with_connections, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_readers, call)


def close_readers() -> None:
    """Close the database connections that the pool's threads keep (tests, before a database is dropped)."""
    barrier = threading.Barrier(4)

    def close() -> None:
        connections.close_all()
        barrier.wait(timeout=5)

    for future in [_readers.submit(close) for _ in range(4)]:
        future.result(timeout=10)


def _with_connections(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()


def _sending_loop(layer: Any) -> asyncio.AbstractEventLoop | None:
    global _own_loop
    if _loop is not None and _loop.is_running():
        return _loop
    if layer is None or isinstance(layer, InMemoryChannelLayer):
        return None
    with _lock:
        if _own_loop is None or not _own_loop.is_running():
            _own_loop = asyncio.new_event_loop()
            threading.Thread(target=_own_loop.run_forever, name="live-loop", daemon=True).start()
    return _own_loop


def _note_failure(future: Future[Any]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        _note(error)


def _note(error: BaseException) -> None:
    global failures, last_failure
    failures += 1
    last_failure = f"{type(error).__name__}: {error}"
    log.warning("live.nudge_failed", error=last_failure)
