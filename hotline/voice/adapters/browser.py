"""A call from a web page: 16-bit PCM as binary messages, everything else as JSON.

From the page: {"event": "start", "token", "rate", "sound"}, binary sound, {"event": "key", "digit"},
{"event": "text", "text"}, {"event": "played", "mark"}, {"event": "stop"}.
To the page: ready, partial, turn, audio (followed by one binary message), clear, state, error, ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from hotline.voice import speaking
from hotline.voice.adapters.wire import (
    Bad,
    CallSocket,
    Item,
    Key,
    Mark,
    Message,
    Receive,
    Refuse,
    Send,
    Sound,
    Start,
    Stop,
    Words,
)
from hotline.voice.events import ClearSpeech, Ended, Event, PartialText, Speech, StateChanged, TurnShown
from hotline.voice.models import Incident

RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
MESSAGE_MAX_CHARS = 40_000
SOUND_MAX_BYTES = 192_000  # two seconds at the highest rate


class BrowserWire:
    """One page's messages."""

    channel = "browser"

    def read(self, message: Message) -> Iterable[Item]:
        """The items of one message; what cannot be read is a Bad, never an exception."""
        sound = message.get("bytes")
        if sound is not None:
            if not sound or len(sound) % 2 or len(sound) > SOUND_MAX_BYTES:
                return [Bad("sound of a wrong length")]
            return [Sound(sound)]
        text = message.get("text") or ""
        if len(text) > MESSAGE_MAX_CHARS:
            return [Bad("too long")]
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return [Bad("not JSON")]
        if not isinstance(data, dict):
            return [Bad("not an object")]
        return [self._item(data)]

    def write(self, event: Event) -> Iterable[Message]:
        """An event as JSON; speech as JSON and one binary message."""
        if isinstance(event, PartialText):
            yield _json({"event": "partial", "text": event.text})
        elif isinstance(event, TurnShown):
            yield _json({"event": "turn", "turn": event.turn})
        elif isinstance(event, Speech):
            yield _json({"event": "audio", "mark": event.mark, "rate": speaking.RATE, "text": event.text})
            yield {"type": "websocket.send", "bytes": event.pcm}
        elif isinstance(event, ClearSpeech):
            yield _json({"event": "clear"})
        elif isinstance(event, StateChanged):
            yield _json({"event": "state", "state": event.state})
        elif isinstance(event, Ended):
            yield _json({"event": "ended", "reason": event.reason})

    def ready(self, reference: str) -> Iterable[Message]:
        """Tell the page that sound may come."""
        return [_json({"event": "ready", "conversation": reference})]

    def refused(self, refusal: Refuse) -> Iterable[Message]:
        """Say why, in words."""
        with translation.override(settings.LANGUAGE_CODE):
            said = {
                Incident.Kind.BAD_TOKEN: _("This page has been open for too long. Load it again and call once more."),
                Incident.Kind.BAD_FORMAT: _("This device's sound format cannot be used. Type your words instead, or call 12345."),
            }.get(Incident.Kind(refusal.kind), _("The connection could not be understood. Load the page again."))
        return [_json({"event": "error", "code": refusal.kind, "message": said})]

    def _item(self, data: dict[str, Any]) -> Item:
        event = data.get("event")
        if event == "start":
            rate = data.get("rate")
            if rate not in RATES or data.get("encoding", "pcm16") != "pcm16":
                return Refuse(
                    Incident.Kind.BAD_FORMAT, f"wanted pcm16 at one of {RATES}, got {data.get('encoding')} {rate}"[:200]
                )
            return Start(token=str(data.get("token", "")), rate=int(rate), sound=bool(data.get("sound", True)))
        if event == "key":
            return Key(str(data.get("digit", "")))
        if event == "text" and isinstance(data.get("text"), str):
            return Words(data["text"])
        if event == "played":
            return Mark(str(data.get("mark", "")))
        if event == "stop":
            return Stop()
        return Bad("unknown event")


def _json(data: dict[str, Any]) -> Message:
    return {"type": "websocket.send", "text": json.dumps(data, ensure_ascii=False)}


async def browser(scope: Message, receive: Receive, send: Send) -> None:
    """The ASGI application of /voice/browser/. It stands behind the check of origins; the call token is checked at start."""
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    await CallSocket(BrowserWire(), receive, send).run()
