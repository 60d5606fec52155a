"""The one socket of the desks: subscribe to streams, get what was missed, then what happens."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from ticketing.outbox import feeds, live, registry, selectors
from ticketing.outbox.models import FeedEvent

log = structlog.get_logger(__name__)

MOST_STREAMS = 50
PAGE = 200
LONGEST_FRAME = 16_384  # characters
CHECK_EVERY_SECONDS = 15.0


class FeedConsumer(AsyncJsonWebsocketConsumer):
    """Staff feed.

    In:  {"type": "subscribe", "streams": ["inbox"], "after": {"inbox": 41}}, {"type": "unsubscribe", ...}, {"type": "ping"}
    Out: {"type": "event", "stream", "seq", "kind", "payload", "at"}, {"type": "subscribed", "streams": {name: last}},
         {"type": "denied", "streams": [...]}, {"type": "gap", "stream", "first"} when older events are gone (load the
         page anew), {"type": "error", "message"}, {"type": "pong"}

    A stream without a number in `after` starts at the present. Close code 4401: not signed in.
    """

    async def connect(self) -> None:
        """Accept who is signed in."""
        self.cursors: dict[str, int] = {}
        self.sending = asyncio.Lock()
        self.watch: asyncio.Task[None] | None = None
        await self.accept()
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            await self.close(code=4401)
            return
        self.watch = asyncio.create_task(self._watch())

    async def disconnect(self, code: int) -> None:
        """Leave all groups."""
        if self.watch is not None:
            self.watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.watch
        for stream in list(self.cursors):
            await self.channel_layer.group_discard(feeds.group_of(stream), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Answer a frame that is too long or no JSON object with a clear error, and stay open."""
        if text_data is None or len(text_data) > LONGEST_FRAME:
            await self.send_json({"type": "error", "message": "Send a JSON text of at most 16 kB."})
            return
        try:
            content = await self.decode_json(text_data)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            await self.send_json({"type": "error", "message": "Send a JSON object."})
            return
        await self.receive_json(content)

    async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        """Take one request of the page."""
        kind = content.get("type")
        if kind == "ping":
            await self.send_json({"type": "pong"})
        elif kind == "subscribe":
            await self._subscribe(content)
        elif kind == "unsubscribe":
            for stream in self._names(content):
                if self.cursors.pop(stream, None) is not None:
                    await self.channel_layer.group_discard(feeds.group_of(stream), self.channel_name)
        else:
            await self.send_json({"type": "error", "message": "Known types: subscribe, unsubscribe, ping."})

    async def feed_event(self, message: dict[str, Any]) -> None:
        """A nudge: pass the event on if it is the next one, else fetch the ones between."""
        event = message["event"]
        stream, seq = event["stream"], event["seq"]
        async with self.sending:
            cursor = self.cursors.get(stream)
            if cursor is None or seq <= cursor:
                return
            if seq == cursor + 1:
                self.cursors[stream] = seq
                await self.send_json(event)
                return
            await self._catch_up(stream)

    async def _subscribe(self, content: dict[str, Any]) -> None:
        asked = self._names(content)
        after = content.get("after")
        after = after if isinstance(after, dict) else {}
        user = self.scope["user"]
        allowed = await live.in_thread(lambda: [name for name in asked if registry.may_follow(user, name)])
        for stream in allowed:  # join first, read then: nothing can fall between
            await self.channel_layer.group_add(feeds.group_of(stream), self.channel_name)
        lasts = await live.in_thread(selectors.last_numbers, streams=allowed)
        async with self.sending:
            for stream in allowed:
                seen: Any = after.get(stream)
                last = lasts[stream]
                known = isinstance(seen, int) and not isinstance(seen, bool) and 0 <= seen <= last
                self.cursors[stream] = int(seen) if known else last
            await self.send_json({"type": "subscribed", "streams": lasts})
            for stream in allowed:
                await self._catch_up(stream)
        denied = [name for name in asked if name not in allowed]
        if denied:
            await self.send_json({"type": "denied", "streams": denied})

    def _names(self, content: dict[str, Any]) -> list[str]:
        names = content.get("streams")
        if not isinstance(names, list):
            return []
        wanted = [name for name in names if isinstance(name, str) and feeds.STREAM_NAME.fullmatch(name)]
        room = MOST_STREAMS - len(self.cursors)
        return [name for i, name in enumerate(dict.fromkeys(wanted)) if i < room or name in self.cursors]

    async def _catch_up(self, stream: str) -> None:
        """Send all events after the cursor. Call it with `sending` held, so that the order stays."""
        while True:
            events: list[FeedEvent] = await live.in_thread(feeds.replay, stream=stream, after=self.cursors[stream], limit=PAGE)
            for event in events:
                if event.seq is not None and event.seq > self.cursors[stream] + 1:
                    await self.send_json({"type": "gap", "stream": stream, "first": event.seq})
                self.cursors[stream] = event.seq or self.cursors[stream]
                await self.send_json(event.as_message())
            if len(events) < PAGE:
                return

    async def _watch(self) -> None:
        """Nudges may be lost: compare numbers now and then."""
        while True:
            await asyncio.sleep(CHECK_EVERY_SECONDS)
            try:
                lasts = await live.in_thread(selectors.last_numbers, streams=list(self.cursors))
                async with self.sending:
                    for stream, last in lasts.items():
                        if stream in self.cursors and last > self.cursors[stream]:
                            await self._catch_up(stream)
            except Exception as error:  # the database is away for a moment; the page keeps its socket
                log.warning("feed.check_failed", error=str(error))
