"""Numbered live events. An event is a row before it is a message, so a page that reconnects asks for what it missed.

Events are written in the caller's transaction without a number and numbered right after its commit, per stream, under
the lock of the stream's row. So numbers follow the order in which events became visible, and no business transaction
ever holds a stream's lock: two that publish to the same streams in another order cannot deadlock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from ticketing.outbox import live
from ticketing.outbox.models import FeedEvent, FeedStream

STREAM_NAME = re.compile(r"[a-z][a-z_-]{0,39}(:[A-Za-z0-9_.-]{1,50})?")


def publish(*, stream: str, kind: str, payload: dict[str, Any]) -> FeedEvent:
    """Add an event to `stream` in the caller's transaction; followers get it after the commit.

    `payload` is JSON, small, and free of personal values: pages fetch what they may show. Raises ValueError for a
    stream name that is not of the form `name` or `name:key`.
    """
    if not STREAM_NAME.fullmatch(stream):
        raise ValueError(f"{stream!r} is not a stream name: use 'name' or 'name:key'.")
    with transaction.atomic():
        event = FeedEvent.objects.create(stream=stream, kind=kind, payload=payload)
        transaction.on_commit(lambda: _deliver(stream), robust=True)
    return event


def replay(*, stream: str, after: int, limit: int = 200) -> list[FeedEvent]:
    """Events of `stream` numbered above `after`, oldest first, at most `limit`."""
    _number([stream])
    return list(FeedEvent.objects.filter(stream=stream, seq__gt=after).order_by("seq")[:limit])


def number_leftovers() -> int:
    """Number and deliver events whose process died between its commit and the numbering. Returns how many."""
    streams = FeedEvent.objects.filter(seq__isnull=True).values_list("stream", flat=True).distinct()
    events = _number(list(streams))
    _nudge(events)
    return len(events)


def group_of(stream: str) -> str:
    """Name of the live group that carries `stream`."""
    return "feed." + stream.replace(":", ".", 1)


def _deliver(stream: str) -> None:
    # The first hook of a commit numbers all that the commit published; the hooks after it find nothing left.
    if not FeedEvent.objects.filter(stream=stream, seq__isnull=True).exists():
        return
    number_leftovers()


def _number(streams: Iterable[str]) -> list[FeedEvent]:
    """Give numbers to all waiting events of these streams. Streams are locked by name, so that lockers never cross."""
    names = sorted(streams)
    waiting = FeedEvent.objects.filter(stream__in=names, seq__isnull=True)
    if not names or not waiting.exists():
        return []
    with transaction.atomic():
        FeedStream.objects.bulk_create([FeedStream(name=name) for name in names], ignore_conflicts=True)
        rows = FeedStream.objects.filter(name__in=names).order_by("name")
        if connection.features.has_select_for_update:
            rows = rows.select_for_update()
        heads = {row.name: row for row in rows}
        events = list(waiting.order_by("id"))
        for event in events:
            head = heads[event.stream]
            head.last_seq += 1
            event.seq = head.last_seq
        FeedEvent.objects.bulk_update(events, ["seq"], batch_size=200)
        FeedStream.objects.bulk_update(heads.values(), ["last_seq"])
    return events


def _nudge(events: list[FeedEvent]) -> None:
    for event in events:
        live.nudge(group=group_of(event.stream), message={"type": "feed.event", "event": event.as_message()})
