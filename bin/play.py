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
ANSWER_WITHIN_S = 90.0
END_MARK = "end"  # with this begins the mark after the last piece of an answer
CALL_LIMIT_S = 300.0
ORDER_WITHIN_S = 60.0
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

    def call_from(self, phone: str) -> None:
        """Another caller, who keys this number where the first one keyed theirs."""
        keyed = ((code, phone if not sound and words == self.phone else words, sound) for code, words, sound in self.sounds)
        self.sounds, self.phone = deque(keyed), phone


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
    heard_at: float = 0.0  # when our last answer ended at the caller's ear
    spoke_at: float = 0.0
    frames_heard: int = 0
    first_sound_ms: list[int] = field(default_factory=list)
    awaiting_sound: bool = False
    sequence: int = 0
    chunk: int = 0
    over: bool = False
    pace: float = 1.0  # seconds of sound per second; tests hurry

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
            await asyncio.sleep(max(0.0, started + count * FRAME_S / self.pace - time.monotonic()))

    async def answer_marks(self) -> None:
        while self.marks and self.marks[0][0] <= time.monotonic():
            _, name = self.marks.pop(0)
            if name.startswith(END_MARK):
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
                    self.plays_until = max(now, self.plays_until) + len(sound) / 8000 / self.pace
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
            await asyncio.sleep(0.15 / self.pace)
        self.spoke_at = time.monotonic()

    async def our_turn(self) -> bool:
        """Wait until the other side has finished speaking; False when it has hung up."""
        begun = time.monotonic()
        while not self.over:
            await asyncio.sleep(0.05)
            now = time.monotonic()
            if now - begun > ANSWER_WITHIN_S:
                raise PlayFailed(f"The call got no answer for {ANSWER_WITHIN_S:.0f} seconds.")
            if self.to_send or self.marks:
                continue
            if self.heard_at > self.spoke_at and now - self.heard_at > ANSWER_AFTER_S:
                return True
        return False


async def play_call(base: str, client: httpx.AsyncClient, scenario: Scenario, pace: float = 1.0) -> Phone:
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
        phone = Phone(socket, stream_sid, call_sid, pace=pace)
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
                    _, text, sound = scenario.sounds.popleft()
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


# --- the staff, by the API -------------------------------------------------------------------------------------------


class Desk:
    """People of the demo who work with the API, each signed in as on the page."""

    def __init__(self, base: str, manifest: dict[str, Any]) -> None:
        self.base, self.staff, self.password = base, manifest["staff"], manifest["password"]
        self.clients: dict[str, httpx.AsyncClient] = {}

    async def close(self) -> None:
        for client in self.clients.values():
            await client.aclose()

    def person(self, role: str, unit: str = "") -> dict[str, Any]:
        """The first of the cast who has this role (in this unit)."""
        for person in self.staff:
            if any(held["role"] == role and unit in ("", held["unit"]) for held in person["roles"]):
                return person
        raise PlayFailed(f"Nobody of the demo's cast is {role} of {unit or 'any unit'}.")

    async def sign_in(self, person: dict[str, Any]) -> httpx.AsyncClient:
        """A signed-in client of a person."""
        name = person["username"]
        if name not in self.clients:
            client = httpx.AsyncClient(base_url=self.base, trust_env=False, timeout=30, follow_redirects=True)
            page = await client.get("/accounts/login/")
            fields = {
                "login": name,
                "password": self.password,
                "csrfmiddlewaretoken": client.cookies.get("csrftoken", ""),
                "next": "/desk/",
            }
            answer = await client.post("/accounts/login/", data=fields, headers={"Referer": str(page.url)})
            if "sessionid" not in client.cookies:
                await client.aclose()
                raise PlayFailed(f"{name} could not sign in ({answer.status_code} at {answer.url}); is this server in demo mode?")
            self.clients[name] = client
        return self.clients[name]

    async def get(self, person: dict[str, Any], path: str, **query: str) -> Any:
        answer = await (await self.sign_in(person)).get(path, params=query)
        if answer.status_code != 200:
            raise PlayFailed(f"GET {path} as {person['username']} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    async def do(self, person: dict[str, Any], number: str, act: str, **fields: Any) -> Any:
        """One action on one order."""
        client = await self.sign_in(person)
        headers = {"X-CSRFToken": client.cookies.get("csrftoken", ""), "Referer": self.base + "/"}
        answer = await client.post(f"/api/orders/{number}/{act}/", json=fields, headers=headers)
        if answer.status_code != 200:
            raise PlayFailed(f"{act} of {number} as {person['username']} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()


async def order_of_the_call(desk: Desk, since: str, phone: str) -> dict[str, Any]:
    """The order that the call from `phone` made, once it is dispatched or waits for a dispatcher with candidates.

    One that was attached to the same person's earlier order on the same matter is given as it is.
    """
    dispatcher = desk.person("dispatcher")
    order: dict[str, Any] | None = None
    until = time.monotonic() + ORDER_WITHIN_S
    while time.monotonic() < until:
        for row in (await desk.get(dispatcher, "/api/orders/", created_after=since))["results"]:
            if row["channel"] != "voice":
                continue
            found = await desk.get(dispatcher, f"/api/orders/{row['number']}/")
            if found["contact"]["phone"][-4:] != phone[-4:]:  # another call at the same time; the rest is masked
                continue
            order = found
            if order["unit"] is not None or order["candidates"] or order["state"] == "merged":
                return order
        await asyncio.sleep(0.3)
    if order is None:
        raise PlayFailed("The call made no order.")
    raise PlayFailed(f"Order {order['number']} is still {order['state']}: no unit and no candidates.")


async def follow(desk: Desk, order: dict[str, Any], reply: str) -> dict[str, Any]:
    """The order's way to its end: dispatch, signature, reply, review, call-back."""
    number, page = order["number"], f"{desk.base}/desk/orders/{order['number']}/"
    if order["unit"] is None:
        dispatcher = desk.person("dispatcher")
        first = order["candidates"][0]
        order = await desk.do(dispatcher, number, "dispatch", unit=first["unit"], reason="候选单位第一位，职责相符")
        say("dispatch", f"{dispatcher['name']} chose {order['unit_name']}", page)
    else:
        say("dispatch", f"by the duty list: {order['unit_name']}", page)
    clerk, reviewer = desk.person("unit_clerk", order["unit"]), desk.person("unit_reviewer", order["unit"])
    await desk.do(clerk, number, "sign")
    say("sign", f"{clerk['name']} of {order['unit_name']}", f"{desk.base}/desk/unit/")
    text = reply.replace("{title}", order["title"])
    await desk.do(
        clerk,
        number,
        "submit_reply",
        public_text=text,
        solved="True",
        contacted_at=time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime()),
    )
    say("reply", f"{clerk['name']} answered", page)
    await desk.do(reviewer, number, "endorse_reply")
    await desk.do(desk.person("dispatcher"), number, "approve_reply")
    say("review", f"endorsed by {reviewer['name']}, approved by the hotline", page)
    caller = desk.person("callback")
    order = await desk.do(caller, number, "callback", reached="yes", solved="yes", satisfaction="5")
    say("callback", f"{caller['name']} called the citizen: solved, very satisfied", f"{desk.base}/desk/callback/")
    return order


# --- the chat --------------------------------------------------------------------------------------------------------


async def play_chat(base: str, client: httpx.AsyncClient, texts: list[str]) -> list[dict[str, Any]]:
    """One chat over its socket; returns its turns."""
    answer = await client.post(f"{base}/chat/api/start", json={})
    if answer.status_code != 201:
        raise PlayFailed(f"{base}/chat/api/start answered {answer.status_code}: {answer.text[:200]}")
    opened = answer.json()
    address = urlsplit(base)
    url = f"{'wss' if address.scheme == 'https' else 'ws'}://{address.netloc}{opened['socket']}"
    turns: dict[int, dict[str, Any]] = {}
    async with connect(url, origin=base, proxy=None) as socket:  # type: ignore[arg-type]
        await socket.send(json.dumps({"type": "hello", "last_seq": 0}))
        for position, text in enumerate(texts):
            await socket.send(json.dumps({"type": "say", "text": text, "client_ref": f"player-{position}"}))
            asked = None
            async with asyncio.timeout(30):
                while True:
                    message = json.loads(await socket.recv())
                    if message["type"] == "error":
                        raise PlayFailed(f"The chat refused {text!r}: {message['message']}")
                    if message["type"] != "turn":
                        continue
                    turn = message["turn"]
                    turns[turn["seq"]] = turn
                    if turn["client_ref"] == f"player-{position}":
                        asked = turn["seq"]
                    elif asked is not None and turn["seq"] > asked and turn["speaker"] != "citizen":
                        break
            say("chat", f"the citizen writes {text}", f"{base}/chat/")
            sources = turn["data"].get("sources") or []
            said = turn["text"].splitlines()[0] if turn["text"] else ""
            say("answer", said[:60] + (f" (source: {sources[0].get('title', '')})" if sources else ""))
    return [turns[seq] for seq in sorted(turns)]


async def play(options: argparse.Namespace) -> dict[str, Any]:
    """Everything in order; the summary for programs."""
    base = options.base.rstrip("/")
    manifest = json.loads((RECORDINGS / "manifest.json").read_text(encoding="utf-8"))
    summary: dict[str, Any] = {"seed": options.seed}
    desk = Desk(base, manifest)
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        try:
            if not options.chat_only:
                scenario = choose(options.seed, options.scenario)
                if options.phone:
                    scenario.call_from(options.phone)
                say("call", scenario.about, f"{base}/desk/wall/")
                since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
                phone = await play_call(base, client, scenario, options.pace)
                summary |= {"scenario": scenario.code, "reply_ms": phone.first_sound_ms, "sound_s": phone.frames_heard * FRAME_S}
                order = await order_of_the_call(desk, since, scenario.phone)
                say("order", f"{order['number']} {order['title']}", f"{base}/desk/orders/{order['number']}/")
                if order["state"] == "merged":
                    say(
                        "merged",
                        "the same person's same matter: attached to the first order",
                        f"{base}/desk/orders/{order['number']}/",
                    )
                elif not options.call_only:
                    order = await follow(desk, order, manifest["reply"])
                summary["order"] = {
                    key: order.get(key) for key in ("number", "title", "state", "unit", "duty_item", "place_text")
                }
                say(
                    "closed" if order["state"] == "closed" else "state",
                    f"{order['number']} is {order.get('state_label', order['state'])}",
                    f"{base}/desk/orders/{order['number']}/",
                )
            if not options.call_only:
                chat = random.Random(options.seed).choice(manifest["chats"])
                summary["chat"] = await play_chat(base, client, chat["says"])
        finally:
            await desk.close()
    return summary


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--base", default=f"http://127.0.0.1:{os.environ.get('PORT') or 8000}", help="the server's address")
    parser.add_argument("--seed", type=int, default=1, help="picks the recording and the chat")
    parser.add_argument("--scenario", default="", help="a recording by its code instead")
    parser.add_argument("--phone", default="", help="call from this number instead of the recording's")
    parser.add_argument("--pace", type=float, default=1.0, help="seconds of sound per second (1: as people speak)")
    parser.add_argument("--call-only", action="store_true", help="the call up to its order, nothing after it")
    parser.add_argument("--chat-only", action="store_true", help="the chat alone")
    parser.add_argument("--summary", default="", help="write what came of it to this file, as JSON")
    options = parser.parse_args()
    try:
        summary = asyncio.run(play(options))
    except PlayFailed as error:
        print(f"The player stopped: {error}", file=sys.stderr)
        return 1
    except (OSError, httpx.HTTPError, TimeoutError, ConnectionClosed) as error:
        print(f"The player lost the server at {options.base}: {type(error).__name__} {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.summary:
        Path(options.summary).write_text(json.dumps(summary, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
