"""What every carrier of calls has in common: the socket loop around one call session.

A carrier (Twilio, the browser) is a `Wire`: it reads its messages into the items below and writes a session's events in
its own protocol. It runs as a bare ASGI application: frames come fifty times a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from channels.layers import get_channel_layer

from hotline.conversations import actions as conversations
from hotline.conversations import pool
from hotline.voice import actions, selectors
from hotline.voice.events import Ended, Event
from hotline.voice.models import Incident
from hotline.voice.session import CallSession
from hotline.voice.talk import ConversationTalk
from hotline.voice.tokens import BadCallToken, CallGrant, redeem
from speech_models.postprocess import Names
from speech_models.recogniser import Recogniser, RecogniserUnavailable
from speech_models.service import get_recogniser

log = structlog.get_logger(__name__)

START_WITHIN_S = 10.0
TICK_S = 0.1
MOST_BAD_IN_A_ROW = 50
NORMAL, REFUSED_DATA, POLICY = 1000, 1003, 1008  # WebSocket close codes (RFC 6455, 7.4.1)

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Start:
    """The far end is ready: its call token, the rate of its sound in hertz, its own references."""

    token: str
    rate: int
    external_id: str = ""
    sound: bool = True  # whether sound will come at all


@dataclass(frozen=True, slots=True)
class Sound:
    """16-bit mono PCM of the rate given at the start."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Key:
    digit: str


@dataclass(frozen=True, slots=True)
class Words:
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    reason: str = "hung_up"


@dataclass(frozen=True, slots=True)
class Bad:
    """A message that cannot be read; tolerated and counted."""

    why: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Something that makes the call impossible, such as a foreign audio format."""

    kind: str
    detail: str
    code: int = REFUSED_DATA


Item = Start | Sound | Key | Words | Mark | Stop | Bad | Refuse


class Wire(Protocol):
    """A carrier's protocol, one instance per socket."""

    channel: str

    def read(self, message: Message) -> Iterable[Item]:
        """What one received WebSocket message says."""

    def write(self, event: Event) -> Iterable[Message]:
        """A session's event as messages to send."""

    def ready(self, reference: str) -> Iterable[Message]:
        """What to send when the call has been opened."""

    def refused(self, refusal: Refuse) -> Iterable[Message]:
        """What to send before the socket is closed because of a refusal."""


class CallSocket:
    """One socket's life: start, items to the session, events back, and a tidy end however it ends."""

    def __init__(self, wire: Wire, receive: Receive, send: Send) -> None:
        self._wire, self._receive, self._send = wire, receive, send
        self._session: CallSession | None = None
        self._out: asyncio.Queue[Message | None] = asyncio.Queue()
        self._bad = self._bad_in_a_row = 0
        self._closed = asyncio.Event()
        self._reason = "hung_up"
        self._follower: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve the accepted socket until it closes."""
        tasks = [asyncio.create_task(work()) for work in (self._read, self._write, self._tick, self._closed.wait)]
        reader, writer, _, closed = tasks
        try:
            await asyncio.wait({reader, closed}, return_when=asyncio.FIRST_COMPLETED)
            if reader.done() and not reader.cancelled() and (error := reader.exception()) is not None:
                log.error("voice.socket_failed", error=type(error).__name__, exc_info=error)
                self._reason = "fault"
        finally:
            session = self._session
            if session is not None:
                session.figures.bad_frames = self._bad
                # The end of a call must not be lost with the task that serves its socket.
                await asyncio.shield(self._hang_up(session))
            elif self._bad:
                await self._incident(Incident.Kind.BAD_FRAMES, f"{self._bad} messages, no start")
            self._out.put_nowait(None)
            await asyncio.wait({writer}, timeout=1)
            for task in (*tasks, self._follower):
                if task is not None:
                    task.cancel()

    async def _hang_up(self, session: CallSession) -> None:
        if self._bad:
            await session.talk.incident(Incident.Kind.BAD_FRAMES, f"{self._bad} malformed messages")
        await session.hang_up(self._reason)

    async def _read(self) -> None:
        while True:
            if self._session is None:
                try:
                    message = await asyncio.wait_for(self._receive(), START_WITHIN_S)
                except TimeoutError:
                    await self._refuse(Refuse(Incident.Kind.BAD_FRAMES, "no start message", POLICY))
                    return
            else:
                message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            for item in self._wire.read(message):
                if not await self._take(item):
                    return

    async def _take(self, item: Item) -> bool:
        """Do what an item says; False when the socket's life is over."""
        session = self._session
        if isinstance(item, Bad):
            self._bad += 1
            self._bad_in_a_row += 1
            if self._bad_in_a_row >= MOST_BAD_IN_A_ROW:
                await self._refuse(Refuse(Incident.Kind.BAD_FRAMES, f"{self._bad_in_a_row} in a row: {item.why}"))
                return False
            return True
        self._bad_in_a_row = 0
        if isinstance(item, Refuse):
            await self._refuse(item)
            return False
        if isinstance(item, Start):
            if session is not None:
                self._bad += 1
                return True
            return await self._start(item)
        if isinstance(item, Stop):
            self._reason = item.reason
            return False
        if session is None:
            self._bad += 1  # sound before the start belongs to no call
        elif isinstance(item, Sound):
            session.feed(item.pcm)
        elif isinstance(item, Key):
            session.key(item.digit)
        elif isinstance(item, Words):
            session.text(item.text)
        elif isinstance(item, Mark):
            session.mark(item.name)
        return True

    async def _start(self, start: Start) -> bool:
        try:
            call = redeem(start.token, channel=self._wire.channel)
        except BadCallToken as error:
            await self._refuse(Refuse(Incident.Kind.BAD_TOKEN, str(error), POLICY))
            return False
        self._session = await open_call(call, start, self._emit)
        for message in self._wire.ready(self._session.talk.reference):
            self._out.put_nowait(message)
        exchange = await self._session.talk.news(0)
        self._session.start(exchange)
        self._follower = asyncio.create_task(self._follow(self._session))
        return True

    async def _refuse(self, refusal: Refuse) -> None:
        log.warning("voice.refused", kind=refusal.kind, detail=refusal.detail)
        await self._incident(refusal.kind, refusal.detail)
        for message in self._wire.refused(refusal):
            self._out.put_nowait(message)
        self._out.put_nowait({"type": "websocket.close", "code": refusal.code})
        self._reason = "refused"

    async def _incident(self, kind: str, detail: str) -> None:
        await pool.run(actions.note_incident, kind=kind, detail=detail)

    def _emit(self, event: Event) -> None:
        if isinstance(event, Ended):
            self._reason = event.reason
            for message in self._wire.write(event):
                self._out.put_nowait(message)
            self._out.put_nowait({"type": "websocket.close", "code": NORMAL})
            self._closed.set()
            return
        for message in self._wire.write(event):
            self._out.put_nowait(message)

    async def _write(self) -> None:
        while (message := await self._out.get()) is not None:
            try:
                await self._send(message)
            except Exception:  # whatever the server raises for a socket that is gone; the reader ends the call
                return

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            if self._session is not None:
                self._session.tick()

    async def _follow(self, session: CallSession) -> None:
        """Wake the session when somebody else changes its conversation."""
        layer = get_channel_layer()
        if layer is None:
            return
        name = await layer.new_channel()
        await layer.group_add(session.talk.group, name)
        try:
            while True:
                message = await layer.receive(name)
                if message.get("type") == "conversation.changed":  # typing and what is overheard change nothing
                    session.nudge()
        finally:
            await layer.group_discard(session.talk.group, name)


async def open_call(call: CallGrant, start: Start, emit: Callable[[Event], None]) -> CallSession:
    """The conversation of a granted call, and a session on it."""
    line = await pool.run(selectors.line_for, call.line)
    recogniser, problem = await _recogniser()
    conversation = await pool.run(
        conversations.start_conversation,
        channel=call.channel,
        line=line,
        language=call.language,
        caller=call.caller,
        external_id=call.external_id or start.external_id,
        greeting=line.greeting(call.language) if line else "",
    )
    talk = ConversationTalk(conversation)
    session = CallSession(
        talk=talk,
        emit=emit,
        recogniser=recogniser if start.sound else None,
        rate=start.rate,
        names=await pool.run(known_names),
        recording=await talk.open_recording(recogniser.rate if recogniser else 8000) if start.sound else None,
    )
    if problem is not None and start.sound:
        # Never half-listen: a person takes the call, by keypad and voice.
        await talk.incident(*problem)
        await talk.hand_over(problem[0])
    return session


async def _recogniser() -> tuple[Recogniser | None, tuple[str, str] | None]:
    """The recogniser if it may listen to one more call, else why not."""
    try:
        recogniser = await asyncio.to_thread(get_recogniser)
    except RecogniserUnavailable as error:
        return None, (Incident.Kind.NO_RECOGNISER, str(error)[:200])
    admission = recogniser.admit()
    if not admission.ok:
        return None, (Incident.Kind.OVERLOAD, f"{admission.reason}: load {admission.load:.2f}, {admission.active} calls")
    return recogniser, None


_names: Names | None = None


def known_names() -> Names:
    """Names of places that heard names are written by; read once per process."""
    global _names
    if _names is None:
        from ticketing.organisation.models import Place

        _names = Names(Place.objects.values_list("name", flat=True))
    return _names


def offered(scope: Message, header: str) -> str:
    """A header of the handshake, by its name in lower case."""
    for name, value in scope.get("headers", ()):
        if name.decode("latin-1").lower() == header:
            return str(value.decode("latin-1"))
    return ""
