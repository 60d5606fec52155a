"""Numbered live events. An event is a row before it is a message, so a page that reconnects asks for what it missed.

Events are written in the caller's transaction without a number and numbered right after its commit, by one numberer at
a time. So numbers follow the order in which events became visible, and no business transaction ever holds a stream's
lock: two that publish to the same streams in another order cannot deadlock. In a server the numberer is a thread that
takes all that has gathered since its last turn, so that a burst of commits costs one turn and not one each.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from typing import Any

import structlog
from django.db import close_old_connections, connection, connections, transaction

from ticketing.outbox import live
from ticketing.outbox.models import FeedEvent, FeedStream

log = structlog.get_logger(__name__)

NUMBERER = "*"  # no stream's name: its row is the lock that makes numberers take turns
BATCH = 500
STREAM_NAME = re.compile(r"[a-z][a-z_-]{0,39}(:[A-Za-z0-9_.-]{1,50})?")


def publish(*, stream: str, kind: str, payload: dict[str, Any]) -> FeedEvent:
    """Add an event to `stream` in the caller's transaction; followers get it after the commit.

    `payload` is JSON, small, and free of personal values: pages fetch what they may show. Raises ValueError for a
    stream name that is not of the form `name` or `name:key`.
    """
    return publish_to(streams=[stream], kind=kind, payload=payload)[0]


def publish_to(*, streams: Iterable[str], kind: str, payload: dict[str, Any]) -> list[FeedEvent]:
    """Add the same event to several streams, as `publish` does to one."""
    names = list(streams)
    for name in names:
        if not STREAM_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a stream name: use 'name' or 'name:key'.")
    with transaction.atomic(savepoint=False):
        events = FeedEvent.objects.bulk_create([FeedEvent(stream=name, kind=kind, payload=payload) for name in names])
        # One hook numbers all that a commit published.
        if not any(hook[1] is _deliver for hook in connection.run_on_commit):
            transaction.on_commit(_deliver, robust=True)
    return events


def replay(*, stream: str, after: int, limit: int = 200) -> list[FeedEvent]:
    """Events of `stream` numbered above `after`, oldest first, at most `limit`."""
    if FeedEvent.objects.filter(stream=stream, seq__isnull=True).exists():
        number_leftovers()
    return list(FeedEvent.objects.filter(stream=stream, seq__gt=after).order_by("seq")[:limit])


def number_leftovers() -> int:
    """Number and deliver every event that waits for it, whoever wrote it. Returns how many."""
    count = 0
    while events := _number():
        live.nudge_all([(group_of(e.stream), {"type": "feed.event", "event": e.as_message()}) for e in events])
        count += len(events)
        if len(events) < BATCH:
            break
    return count


def group_of(stream: str) -> str:
    """Name of the live group that carries `stream`."""
    return "feed." + stream.replace(":", ".", 1)


def _deliver() -> None:
    if not _numberer.wake():
        number_leftovers()


def _number() -> list[FeedEvent]:
    """Give numbers to the events that wait, oldest first, at most a batch."""
    waiting = FeedEvent.objects.filter(seq__isnull=True).order_by("id")
    if not waiting.exists():  # a plain read first: nobody should queue for the write lock in vain
        return []
    with transaction.atomic():
        if connection.features.has_select_for_update and not FeedStream.objects.select_for_update().filter(name=NUMBERER):
            FeedStream.objects.bulk_create([FeedStream(name=NUMBERER)], ignore_conflicts=True)
            FeedStream.objects.select_for_update().get(name=NUMBERER)
        events = list(waiting[:BATCH])
        heads = dict(FeedStream.objects.filter(name__in={e.stream for e in events}).values_list("name", "last_seq"))
        for event in events:
            event.seq = heads[event.stream] = heads.get(event.stream, 0) + 1
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {FeedEvent._meta.db_table} SET seq = %s WHERE id = %s", [(e.seq, e.pk) for e in events])
        FeedStream.objects.bulk_create(
            [FeedStream(name=name, last_seq=last) for name, last in heads.items()],
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["last_seq"],
        )
    return events


class Numberer:
    """The thread of a server or worker that numbers events after commits, many at a time."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._due = threading.Event()
        self._stopping = False

    def start(self) -> None:
        """Start the thread; from now on commits only wake it."""
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="numberer", daemon=True)
        self._thread.start()

    def stop(self, *, seconds: float = 2.0) -> None:
        """Let it end its turn, within `seconds`; later commits number their own events."""
        thread, self._thread = self._thread, None
        self._stopping = True
        self._due.set()
        if thread is not None:
            thread.join(seconds)

    def wake(self) -> bool:
        """Have the waiting events numbered soon. False when no thread of this process does that."""
        if self._thread is None or not self._thread.is_alive():  # a forked process has no such thread either
            return False
        self._due.set()
        return True

    def _work(self) -> None:
        try:
            while not self._stopping:
                self._due.wait()
                self._due.clear()
                try:
                    number_leftovers()
                except Exception:  # a database that is away: the rows wait, the next commit or sweep takes them
                    log.exception("outbox.numberer_stumbled")
                close_old_connections()
        finally:
            connections.close_all()


_numberer = Numberer()
start_numberer, stop_numberer = _numberer.start, _numberer.stop
