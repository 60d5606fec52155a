"""What the rooms announce: who handles a kind of job, what runs regularly, who may follow which stream.

Rooms call these decorators in their `tasks.py`, which their `AppConfig.ready` imports. The outbox itself knows no room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from inspect import unwrap
from typing import Any

Handler = Callable[[dict[str, Any]], None]
BatchHandler = Callable[[list[dict[str, Any]]], None]
StreamRule = Callable[[Any, str], bool]

PERIODIC_PREFIX = "periodic."


class GiveUp(Exception):
    """Raised by a handler when trying again cannot help; the job becomes a dead letter at once."""


@dataclass(frozen=True, slots=True)
class Registration:
    """How jobs of one kind are done. `lease_seconds`: after this long a job whose process died is taken up again."""

    kind: str
    run: BatchHandler
    max_attempts: int
    lease_seconds: int
    slow: bool
    batch: int = 1  # at most so many are claimed and run together


@dataclass(frozen=True, slots=True)
class Period:
    """A function to run regularly: every `every_seconds` seconds, or by a five-field `crontab` in the city's time."""

    name: str
    every_seconds: int
    crontab: str


_handlers: dict[str, Registration] = {}
_periods: dict[str, Period] = {}
_stream_rules: dict[str, StreamRule] = {}
_starters: list[Callable[[], None]] = []
_stoppers: list[Callable[[], None]] = []


def handles(kind: str, *, max_attempts: int = 8, lease_seconds: int = 600, slow: bool = False) -> Callable[[Handler], Handler]:
    """Announce the decorated function as the handler of `kind`. It must be idempotent: a job may run more than once.

    `slow` marks work of many seconds; one runner thread is always kept free of it.
    Raises ValueError when another function handles this kind already.
    """

    def announce(function: Handler) -> Handler:
        def run(payloads: list[dict[str, Any]]) -> None:
            for payload in payloads:
                function(payload)

        _announce(Registration(kind, _named(run, function), max_attempts, lease_seconds, slow))
        return function

    return announce


def handles_many(
    kind: str, *, batch: int, max_attempts: int = 8, lease_seconds: int = 600
) -> Callable[[BatchHandler], BatchHandler]:
    """Announce the decorated function as the handler of up to `batch` jobs of `kind` at once.

    It takes their payloads, oldest first, and must be idempotent for each. When it raises, each job is run again by
    itself, so that one bad job fails alone. Raises ValueError as `handles` does.
    """

    def announce(function: BatchHandler) -> BatchHandler:
        _announce(Registration(kind, function, max_attempts, lease_seconds, False, batch))
        return function

    return announce


def _announce(found: Registration) -> None:
    known = _handlers.get(found.kind)
    if known is not None and unwrap(known.run) is not unwrap(found.run):
        raise ValueError(f"Two handlers for jobs of kind {found.kind!r}: {known.run!r} and {found.run!r}.")
    _handlers[found.kind] = found


def _named(wrapper: BatchHandler, function: Callable[..., None]) -> BatchHandler:
    update_wrapper(wrapper, function)
    return wrapper


def periodic(
    name: str, *, every_seconds: int = 0, crontab: str = "", slow: bool = False
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Run the decorated function regularly. Exactly one of `every_seconds` and `crontab` is given.

    The schedule shows in the admin, where it can be changed. A run that is missed is not made up for.
    """
    if bool(every_seconds) == bool(crontab):
        raise ValueError(f"Periodic job {name!r} needs either every_seconds or crontab.")

    def announce(function: Callable[[], None]) -> Callable[[], None]:
        def run(payloads: list[dict[str, Any]]) -> None:
            function()

        _handlers[PERIODIC_PREFIX + name] = Registration(PERIODIC_PREFIX + name, _named(run, function), 1, 900, slow)
        _periods[name] = Period(name, every_seconds, crontab)
        return function

    return announce


def stream_rule(prefix: str) -> Callable[[StreamRule], StreamRule]:
    """Announce who may follow the stream `prefix` or the streams `prefix:...`.

    The function takes the signed-in user and the full stream name, and may read the database. Without a rule nobody may.
    """

    def announce(function: StreamRule) -> StreamRule:
        _stream_rules[prefix] = function
        return function

    return announce


def registration(kind: str) -> Registration | None:
    """How jobs of `kind` are done, or None when no room announced it."""
    return _handlers.get(kind)


def slow_kinds() -> list[str]:
    """Kinds that one runner thread leaves alone."""
    return [kind for kind, found in _handlers.items() if found.slow]


def periods() -> list[Period]:
    """All announced periodic jobs."""
    return list(_periods.values())


def may_follow(user: Any, stream: str) -> bool:
    """Whether `user` may follow `stream`, by the rule of the room that owns it."""
    rule = _stream_rules.get(stream.partition(":")[0])
    return rule is not None and bool(user.is_authenticated) and rule(user, stream)


def at_start(function: Callable[[], None]) -> Callable[[], None]:
    """Run `function` in a thread when the server process has started (warm a model, open a pool)."""
    _starters.append(function)
    return function


def at_stop(function: Callable[[], None]) -> Callable[[], None]:
    """Run `function` in a thread when the server process stops; it should take well under a second."""
    _stoppers.append(function)
    return function


def starters() -> list[Callable[[], None]]:
    """What to run at the start of the server process."""
    return list(_starters)


def stoppers() -> list[Callable[[], None]]:
    """What to run at its end, last announced first."""
    return list(reversed(_stoppers))
