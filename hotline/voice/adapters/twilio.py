"""Twilio Media Streams: the socket that <Connect><Stream> opens, both directions on it.

Protocol: https://www.twilio.com/docs/voice/media-streams/websocket-messages. Numbers come as strings; audio is base64 of
mu-law at 8 kHz; marks come back after their audio was played and also after `clear`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from twilio.request_validator import RequestValidator

from hotline.conversations import pool
from hotline.voice import actions
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
    offered,
)
from hotline.voice.events import ClearSpeech, Event, Speech
from hotline.voice.models import Incident
from speech_models import mulaw

RATE = 8000
FRAME_MS = 20
MESSAGE_MAX_CHARS = 64_000  # eight seconds of sound in one message is no live stream
SEND_BYTES = 4000  # half a second of mu-law in one message
LATE_MS = 60  # a jump of the sender's clock by more than this is lost sound
MOST_LOST_MS = 5000


class TwilioWire:
    """One Media Streams socket's messages."""

    channel = "voice"

    def __init__(self) -> None:
        self._stream_sid = ""
        self._chunk = 0
        self._next_ms: int | None = None

    def read(self, message: Message) -> Iterable[Item]:
        """The items of one message; what cannot be read is a Bad, never an exception."""
        text = message.get("text")
        if text is None or len(text) > MESSAGE_MAX_CHARS:
            return [Bad("not a text message of ordinary length")]
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return [Bad("not JSON")]
        if not isinstance(data, dict):
            return [Bad("not an object")]
        event = data.get("event")
        if event == "media":
            return self._media(data.get("media"))
        if event == "start":
            return self._start(data.get("start"))
        if event == "dtmf":
            return [Key(str(_part(data, "dtmf").get("digit", "")))]
        if event == "mark":
            return [Mark(str(_part(data, "mark").get("name", "")))]
        if event == "stop":
            return [Stop()]
        return [] if event == "connected" else [Bad("unknown event")]

    def write(self, event: Event) -> Iterable[Message]:
        """Sound, marks and clear; a telephone shows no text."""
        if isinstance(event, Speech):
            sound = mulaw.encode(event.pcm)
            for start in range(0, len(sound), SEND_BYTES):
                payload = base64.b64encode(sound[start : start + SEND_BYTES]).decode()
                yield self._message({"event": "media", "media": {"payload": payload}})
            yield self._message({"event": "mark", "mark": {"name": event.mark}})
        elif isinstance(event, ClearSpeech):
            yield self._message({"event": "clear"})

    def ready(self, reference: str) -> Iterable[Message]:
        """Nothing: Twilio waits for no answer."""
        return ()

    def refused(self, refusal: Refuse) -> Iterable[Message]:
        """Nothing but the close code: Twilio goes on after <Connect> and ends the call."""
        return ()

    def _start(self, start: Any) -> list[Item]:
        if not isinstance(start, dict):
            return [Bad("start without content")]
        form = _part(start, "mediaFormat")
        found = (form.get("encoding"), str(form.get("sampleRate")), str(form.get("channels", 1)))
        if found != ("audio/x-mulaw", str(RATE), "1"):
            return [Refuse(Incident.Kind.BAD_FORMAT, f"wanted audio/x-mulaw 8000 Hz 1 channel, got {' '.join(map(str, found))}")]
        self._stream_sid = str(start.get("streamSid", ""))
        token = str(_part(start, "customParameters").get("token", ""))
        return [Start(token=token, rate=RATE, external_id=str(start.get("callSid", "")))]

    def _media(self, media: Any) -> list[Item]:
        if not isinstance(media, dict) or not isinstance(media.get("payload"), str):
            return [Bad("media without payload")]
        if media.get("track", "inbound") != "inbound":
            return []
        try:
            sound = base64.b64decode(media["payload"], validate=True)
            chunk = int(media.get("chunk", self._chunk + 1))
            at_ms = int(media["timestamp"]) if "timestamp" in media else None
        except (binascii.Error, ValueError, TypeError):
            return [Bad("media that cannot be decoded")]
        if not sound:
            return [Bad("empty media")]
        if chunk <= self._chunk:
            return [Bad("media out of order")]
        self._chunk = chunk
        pcm = mulaw.decode(sound)
        if at_ms is not None:
            lost_ms = at_ms - self._next_ms if self._next_ms is not None else 0
            self._next_ms = at_ms + len(sound) * 1000 // RATE
            if lost_ms >= LATE_MS:  # silence in the place of lost sound keeps the recording in step with the call
                pcm = bytes(min(lost_ms, MOST_LOST_MS) * RATE // 1000 * 2) + pcm
        return [Sound(pcm)]

    def _message(self, data: dict[str, Any]) -> Message:
        return {"type": "websocket.send", "text": json.dumps({**data, "streamSid": self._stream_sid})}


def _part(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


async def media(scope: Message, receive: Receive, send: Send) -> None:
    """The ASGI application of /voice/media/. A socket with a wrong signature is refused before it is accepted."""
    await receive()  # websocket.connect
    if not socket_signature_ok(scope):
        await pool.run(actions.note_incident, kind=Incident.Kind.BAD_SIGNATURE, detail="media socket")
        await send({"type": "websocket.close", "code": 4403})
        return
    await send({"type": "websocket.accept"})
    await CallSocket(TwilioWire(), receive, send).run()


def socket_signature_ok(scope: Message) -> bool:
    """Whether Twilio signed this handshake. Without TWILIO_AUTH_TOKEN nothing is signed and the call token alone counts.

    The signature is over the public wss address without parameters, with or without the last slash.
    """
    if not settings.TWILIO_AUTH_TOKEN:
        return True
    signature = offered(scope, "x-twilio-signature")
    base = settings.PUBLIC_BASE_URL or f"{scope.get('scheme', 'ws')}://{offered(scope, 'host')}"
    address = urlsplit(base)
    secure = address.scheme in ("https", "wss")
    path = address.path.rstrip("/") + str(scope["path"]).rstrip("/")
    url = urlunsplit(("wss" if secure else "ws", address.netloc, path, "", ""))
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    return bool(signature) and any(validator.validate(candidate, {}, signature) for candidate in (url, url + "/"))


def webhook_signature_ok(url: str, fields: dict[str, str], signature: str) -> bool:
    """Whether Twilio signed this webhook; over the public address and all fields, empty ones too."""
    if not settings.TWILIO_AUTH_TOKEN:
        return True
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    return bool(signature) and bool(validator.validate(url, fields, signature))


def media_url(base: str) -> str:
    """The address of the media socket below a public web address.

    >>> media_url("https://example.org")
    'wss://example.org/voice/media/'
    """
    address = urlsplit(base)
    scheme = "wss" if address.scheme == "https" else "ws"
    return urlunsplit((scheme, address.netloc, address.path.rstrip("/") + "/voice/media/", "", ""))
