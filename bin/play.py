#!/usr/bin/env python3
"""Play a first call and a first chat against a running server, through its public doors only.

It behaves like the outside world: a telephone network that speaks Twilio's protocol in real time, a citizen in a web
chat, and the staff who work with the API. It uses httpx and websockets and nothing of the platform's own code.
Another --seed plays another recording, and so makes another order.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import os
import random
import sys
import time
import xml.etree.ElementTree as ET
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

RECORDINGS = Path(__file__).resolve().parent.parent / "demo" / "recordings"
WAV_HEADER_BYTES = 58
FRAME_BYTES = 160  # 20 ms of mu-law at 8 kHz
FRAME_S = 0.02
SILENCE = b"\xff" * FRAME_BYTES
ANSWER_AFTER_S = 0.6  # a caller waits this long after our last word
UNHEARD_AFTER_S = 4.0  # a question that cannot be spoken on that machine makes no sound; go on
CALL_LIMIT_S = 240.0
LINE = "12345"


class PlayFailed(Exception):
    """Something did not come about. The message says at which step and what was seen."""


def say(step: str, what: str, page: str = "") -> None:
    """One line per step, with the page to open."""
    print(f"  {step:<8} {what}" + (f"  ->  {page}" if page else ""), flush=True)


@dataclass
class Scenario:
    """What one caller says, in order; sound is mu-law at 8 kHz."""

    code: str
    about: str
    phone: str
    withheld: bool
    sounds: deque[tuple[str, str, bytes]]  # code, words, sound; a keyed number has no sound

    @classmethod
    def load(cls, data: dict[str, Any]) -> Scenario:
        sounds = deque(
            (said["code"], said["keys"], b"")
            if "keys" in said
            else (said["code"], said["text"].replace(" ", ""), (RECORDINGS / said["file"]).read_bytes()[WAV_HEADER_BYTES:])
            for said in data["utterances"]
        )
        return cls(data["code"], data["about"], data["phone"], data["withheld"], sounds)


def choose(seed: int, code: str = "") -> Scenario:
    """The scenario of a code, or the one that a seed picks."""
    scenarios = json.loads((RECORDINGS / "manifest.json").read_text(encoding="utf-8"))["scenarios"]
    if code:
        scenarios = [scenario for scenario in scenarios if scenario["code"] == code]
        if not scenarios:
            raise PlayFailed(f"There is no scenario {code!r} in {RECORDINGS / 'manifest.json'}.")
        return Scenario.load(scenarios[0])
    return Scenario.load(random.Random(seed).choice(scenarios))


# --- the telephone network -------------------------------------------------------------------------------------------


def signature(url: str, fields: dict[str, str] | None = None) -> dict[str, str]:
    """Twilio's signature header, when the server checks it."""
    token = os.environ.get("TWILIO_AUTH_TOKEN", "")
    if not token:
        return {}
    text = url + "".join(key + value for key, value in sorted((fields or {}).items()))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return {"X-Twilio-Signature": base64.b64encode(digest).decode()}


@dataclass
class Phone:
    """The caller's end of one media stream: sends 20 ms frames in real time, plays what comes and answers its marks."""

    socket: ClientConnection
    stream_sid: str
    call_sid: str
    to_send: deque[bytes] = field(default_factory=deque)
    marks: list[tuple[float, str]] = field(default_factory=list)
    plays_until: float = 0.0
    heard_at: float = 0.0  # when our last word ended at the caller's ear
    spoke_at: float = 0.0
    frames_heard: int = 0
    first_sound_ms: list[int] = field(default_factory=list)
    awaiting_sound: bool = False
    sequence: int = 0
    chunk: int = 0
    over: bool = False

    async def send(self, event: str, **content: Any) -> None:
        self.sequence += 1
        message = {"event": event, "sequenceNumber": str(self.sequence), "streamSid": self.stream_sid, **content}
        await self.socket.send(json.dumps(message))

    async def pour(self) -> None:
        """Send sound without end, in step with the clock; silence when there is nothing to say."""
        started, count = time.monotonic(), 0
        while not self.over:
            frame = self.to_send.popleft() if self.to_send else SILENCE
            if frame is not SILENCE and not self.to_send:
                self.spoke_at = time.monotonic()
                self.awaiting_sound = True
            self.chunk += 1
            count += 1
            media = {
                "track": "inbound",
                "chunk": str(self.chunk),
                "timestamp": str(count * 20),
                "payload": base64.b64encode(frame).decode(),
            }
            await self.send("media", media=media)
            await self.answer_marks()
            await asyncio.sleep(max(0.0, started + count * FRAME_S - time.monotonic()))

    async def answer_marks(self) -> None:
        while self.marks and self.marks[0][0] <= time.monotonic():
            _, name = self.marks.pop(0)
            self.heard_at = time.monotonic()
            await self.send("mark", mark={"name": name})

    async def take(self) -> None:
        """Receive until the far end hangs up."""
        try:
            async for raw in self.socket:
                message = json.loads(raw)
                now = time.monotonic()
                if message["event"] == "media":
                    sound = base64.b64decode(message["media"]["payload"])
                    self.frames_heard += len(sound) // FRAME_BYTES
                    if self.awaiting_sound and sound.strip(b"\xff\x7f"):
                        self.awaiting_sound = False
                        self.first_sound_ms.append(round((now - self.spoke_at) * 1000))
                    self.plays_until = max(now, self.plays_until) + len(sound) / 8000
                elif message["event"] == "mark":
                    self.marks.append((max(now, self.plays_until), message["mark"]["name"]))
                elif message["event"] == "clear":
                    self.plays_until = now
                    self.marks = [(now, name) for _, name in self.marks]
        except ConnectionClosed:
            pass
        self.over = True

    def speak(self, sound: bytes) -> None:
        for start in range(0, len(sound), FRAME_BYTES):
            self.to_send.append(sound[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff"))

    async def press(self, digits: str) -> None:
        for digit in digits:
            await self.send("dtmf", dtmf={"track": "inbound_track", "digit": digit})
            await asyncio.sleep(0.15)
        self.spoke_at = time.monotonic()

    async def our_turn(self) -> bool:
        """Wait until the other side has finished speaking; False when it has hung up."""
        begun = time.monotonic()
        while not self.over:
            await asyncio.sleep(0.05)
            now = time.monotonic()
            if now - begun > 60:
                raise PlayFailed("The call got no answer for a minute.")
            if self.to_send or self.marks:
                continue
            if self.heard_at > self.spoke_at and now - self.heard_at > ANSWER_AFTER_S:
                return True
            if now - max(self.spoke_at, begun) > UNHEARD_AFTER_S:
                return True
        return False


async def play_call(base: str, client: httpx.AsyncClient, scenario: Scenario) -> Phone:
    """One call from the ring to the end."""
    call_sid = "CA" + hashlib.sha256(f"{scenario.code}{time.time_ns()}".encode()).hexdigest()[:32]
    caller = "anonymous" if scenario.withheld else f"+86{scenario.phone}"
    fields = {"CallSid": call_sid, "From": caller, "To": LINE, "Direction": "inbound", "CallStatus": "ringing"}
    url = f"{base}/voice/twilio/incoming/"
    answer = await client.post(url, data=fields, headers=signature(url, fields))
    if answer.status_code != 200:
        raise PlayFailed(f"{url} answered {answer.status_code}: {answer.text[:200]}")
    stream = ET.fromstring(answer.text).find("./Connect/Stream")
    if stream is None:
        raise PlayFailed(f"{url} gave no <Connect><Stream>: {answer.text[:200]}")
    parameters = {item.get("name", ""): item.get("value", "") for item in stream.findall("Parameter")}
    stream_sid = "MZ" + call_sid[2:]
    media_url = stream.get("url", "")
    async with connect(
        media_url,
        additional_headers=signature(media_url),
        user_agent_header="Twilio.TmeWs/1.0",
        max_size=None,
        proxy=None,
    ) as socket:
        phone = Phone(socket, stream_sid, call_sid)
        await socket.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        await phone.send(
            "start",
            start={
                "streamSid": stream_sid,
                "accountSid": "AC" + "0" * 32,
                "callSid": call_sid,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": parameters,
            },
        )
        pouring, taking = asyncio.create_task(phone.pour()), asyncio.create_task(phone.take())
        try:
            async with asyncio.timeout(CALL_LIMIT_S):
                while scenario.sounds and await phone.our_turn():
                    code, text, sound = scenario.sounds.popleft()
                    if sound:
                        phone.speak(sound)
                    else:
                        await phone.press(text)
                    say("call", f"the caller {'says' if sound else 'keys'} {text}")
                    await asyncio.sleep(0.1)
                await phone.our_turn()
                if not phone.over:
                    await phone.send("stop", stop={"callSid": call_sid})
        finally:
            phone.over = True
            pouring.cancel()
            taking.cancel()
    return phone
