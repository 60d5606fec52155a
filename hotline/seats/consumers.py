"""The seat's live line: the open conversation turn by turn, and a sign of life for presence."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from hotline.conversations import actions as conversations
from hotline.conversations import pool
from hotline.conversations import selectors as talks
from hotline.conversations.actions import group_of
from hotline.conversations.errors import BadFrame, ConversationError, ServerFault
from hotline.conversations.models import Conversation
from hotline.seats import actions
from hotline.seats.selectors import SEATS
from ticketing.outbox import live

log = structlog.get_logger(__name__)

LONGEST_FRAME = 40_000  # characters
ALIVE_EVERY_SECONDS = 20.0
FORBIDDEN_CODE = 4403


class SeatConsumer(AsyncJsonWebsocketConsumer):
    """One seat's page.

    In:  {"type": "watch", "conversation", "last_seq"}, {"type": "say", "text", "client_ref"}, {"type": "typing"}, {"type": "ping"}
    Out: {"type": "turn", "turn"}, {"type": "status", ...}, {"type": "typing", "speaker"}, {"type": "partial", "text"},
         {"type": "error", "code", "message", "client_ref"}, {"type": "pong"}

    Close code 4403: not signed in as a seat.
    """

    async def connect(self) -> None:
        """Accept seats and shift leaders."""
        self.talk: Conversation | None = None
        self.seen = 0
        self.shown_status: dict[str, Any] = {}
        self.sending = asyncio.Lock()
        self.alive: asyncio.Task[None] | None = None
        await self.accept()
        user = self.scope.get("user")
        if user is None or not user.is_authenticated or not await live.in_thread(user.has_role, *SEATS):
            await self.close(code=FORBIDDEN_CODE)
            return
        self.staff = user
        self.alive = asyncio.create_task(self._stay_alive())

    async def disconnect(self, code: int) -> None:
        """Leave the conversation's group; presence is judged by the last sign of life."""
        if self.alive is not None:
            self.alive.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.alive
        await self._leave()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Read a frame; what cannot be read is answered with an error and the socket stays open."""
        if self.alive is None:
            return
        try:
            content = await self.decode_json(text_data) if text_data and len(text_data) <= LONGEST_FRAME else None
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or not isinstance(content.get("type"), str):
            await self._tell(BadFrame())
            return
        try:
            await self.receive_json(content)
        except ConversationError as error:
            await self._tell(error, str(content.get("client_ref", ""))[:40])
        except Exception:
            log.exception("seat.message_failed")
            await self._tell(ServerFault(), str(content.get("client_ref", ""))[:40])

    async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        """Take one message of the page."""
        kind = content["type"]
        if kind == "ping":
            await self.send_json({"type": "pong"})
        elif kind == "watch":
            await self._watch(content)
        elif kind == "say" and self.talk is not None:
            text, ref = content.get("text"), content.get("client_ref", "")
            if not isinstance(text, str) or not isinstance(ref, str):
                raise BadFrame
            await pool.run(conversations.seat_says, conversation=self.talk, seat=self.staff, text=text, client_ref=ref)
            await self._deliver()
        elif kind == "typing" and self.talk is not None:
            message = {"type": "conversation.typing", "speaker": "seat", "from": self.channel_name}
            await self.channel_layer.group_send(group_of(self.talk), message)
        else:
            raise BadFrame

    async def conversation_changed(self, message: dict[str, Any]) -> None:
        """A nudge: read the rows."""
        await self._deliver()

    async def conversation_typing(self, message: dict[str, Any]) -> None:
        """The citizen types."""
        if message.get("from") != self.channel_name:
            await self.send_json({"type": "typing", "speaker": str(message.get("speaker", ""))})

    async def conversation_partial(self, message: dict[str, Any]) -> None:
        """What is being said on a call just now, before it is a turn."""
        await self.send_json({"type": "partial", "text": str(message.get("text", ""))})

    async def _watch(self, content: dict[str, Any]) -> None:
        await self._leave()
        talk = await live.in_thread(talks.by_id, str(content.get("conversation", "")))
        last = content.get("last_seq")
        self.seen = last if isinstance(last, int) and not isinstance(last, bool) and last >= 0 else 0
        self.shown_status = {}
        self.talk = talk
        await self.channel_layer.group_add(group_of(talk), self.channel_name)
        await self._deliver()

    async def _leave(self) -> None:
        if self.talk is not None:
            await self.channel_layer.group_discard(group_of(self.talk), self.channel_name)
            self.talk = None

    async def _deliver(self) -> None:
        if self.talk is None:
            return
        async with self.sending:
            turns, status = await live.in_thread(self._read, self.talk, self.seen)
            for turn in turns:
                self.seen = turn["seq"]
                await self.send_json({"type": "turn", "turn": turn})
            if status != self.shown_status:
                self.shown_status = status
                await self.send_json({"type": "status", **status})

    def _read(self, talk: Conversation, seen: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        turns = [talks.turn_as_json(turn) for turn in talks.turns_after(talk, seen)]
        fresh = talks.by_id(str(talk.pk))
        return turns, {**talks.status_as_json(fresh), "seat": fresh.seat_id, "mine": fresh.seat_id == self.staff.pk}

    async def _stay_alive(self) -> None:
        while True:
            try:
                await live.in_thread(actions.seen, staff=self.staff)
                await self._deliver()
            except Exception as error:  # the database is away for a moment; the page keeps its socket
                log.warning("seat.alive_failed", error=str(error))
            await asyncio.sleep(ALIVE_EVERY_SECONDS)

    async def _tell(self, error: ConversationError, client_ref: str = "") -> None:
        await self.send_json({"type": "error", "code": error.code, "message": error.message, "client_ref": client_ref})
