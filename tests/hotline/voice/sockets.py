"""A socket's far end for bare ASGI applications: sends messages, collects what comes back."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async

from hotline.conversations.models import Conversation, Turn
from hotline.voice.models import Incident
from hotline.voice.tokens import CallGrant, grant
from speech_models import mulaw
from tests.hotline.voice.calls import LOUD, QUIET

SOUND = base64.b64encode(mulaw.encode(LOUD)).decode()
SILENCE = base64.b64encode(mulaw.encode(QUIET)).decode()
FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


class FarEnd:
    """One WebSocket client on an ASGI application."""

    def __init__(self, app: Any, path: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        scope = {
            "type": "websocket", "path": path, "headers": headers or [(b"host", b"testserver")], "scheme": "ws", "query_string": b"",
        }  # fmt: skip
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.accepted = False
        self.news = asyncio.Event()
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(app(scope, self.incoming.get, self._send))
        self.chunk = 0

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.accept":
            self.accepted = True
        elif message["type"] == "websocket.close":
            self.closed = message.get("code", 1000)
            self.incoming.put_nowait({"type": "websocket.disconnect", "code": self.closed})
        else:
            self.sent.append(message)
        self.news.set()

    def give(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.incoming.put_nowait({"type": "websocket.receive", "text": text})

    def give_bytes(self, data: bytes) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "bytes": data})

    def media(self, payload: str, **more: Any) -> None:
        self.chunk += 1
        media = {"track": "inbound", "chunk": str(self.chunk), "timestamp": str(self.chunk * 20), "payload": payload, **more}
        self.give({"event": "media", "sequenceNumber": str(self.chunk + 1), "streamSid": "MZ1", "media": media})

    def start(self, token: str, **form: Any) -> None:
        self.give({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "streamSid": "MZ1", "callSid": "CA1", "accountSid": "AC1", "tracks": ["inbound"], "mediaFormat": {**FORMAT, **form},
            "customParameters": {"token": token},
        }  # fmt: skip
        self.give({"event": "start", "sequenceNumber": "1", "streamSid": "MZ1", "start": start})

    def say(self, ms: int = 1000, quiet_ms: int = 1600) -> None:
        for _ in range(ms // 20):
            self.media(SOUND)
        for _ in range(quiet_ms // 20):
            self.media(SILENCE)

    def drop(self) -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(message["text"]) for message in self.sent if "text" in message]

    def kinds(self) -> list[str]:
        return [event["event"] for event in self.events]

    async def until(self, condition: Callable[[], bool], seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self.news.clear()
                try:
                    await asyncio.wait_for(self.news.wait(), 0.02)
                except TimeoutError:
                    continue

    async def end(self) -> None:
        await asyncio.wait_for(self.task, 15)


def token(channel: str = "voice", **more) -> str:
    return grant(CallGrant(channel=channel, line="12345", **more))


@sync_to_async
def conversation() -> Conversation:
    return Conversation.objects.get()


@sync_to_async
def said() -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in Turn.objects.order_by("seq")]


@sync_to_async
def incidents() -> list[str]:
    return list(Incident.objects.order_by("pk").values_list("kind", flat=True))
