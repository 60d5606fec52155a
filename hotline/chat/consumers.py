"""The citizen's chat socket: numbered turns, replay after a break, errors that say what to do."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.utils import translation

from hotline.conversations import actions, limits, pool, selectors
from hotline.conversations.actions import group_of
from hotline.conversations.errors import BadFrame, ConversationError, ServerFault, TooFast, UnknownConversation
from hotline.conversations.models import Conversation
from ticketing.outbox import live

log = structlog.get_logger(__name__)

LONGEST_FRAME = 40_000  # characters; a text of TEXT_MAX_CHARS fits however it is escaped
MOST_WAITING = 10  # messages of one socket that wait for their turn
CHECK_EVERY_SECONDS = 15.0
UNKNOWN_CODE = 4404


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """One citizen's page on one conversation.

    In:  {"type": "hello", "last_seq": 4}, {"type": "say", "text", "client_ref"}, {"type": "key", "key"}, {"type": "typing"},
         {"type": "end"}, {"type": "ping"}
    Out: {"type": "turn", "turn": {...}} for every turn above last_seq and every new one, {"type": "status", ...},
         {"type": "typing", "speaker"}, {"type": "error", "code", "message", "client_ref"}, {"type": "pong"}

    Close code 4404: no conversation has this token.
    """

    async def connect(self) -> None:
        """Accept and find the conversation behind the token."""
        self.conversation: Conversation | None = None
        self.seen: int | None = None  # nothing is sent before the page said which number it has
        self.shown_status: dict[str, Any] = {}
        self.sending = asyncio.Lock()
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_WAITING)
        self.tasks: list[asyncio.Task[None]] = []
        await self.accept()
        try:
            found = await live.in_thread(selectors.by_token, self.scope["url_route"]["kwargs"]["token"])
        except UnknownConversation as error:
            await self._tell(error)
            await self.close(code=UNKNOWN_CODE)
            return
        self.conversation = found
        await self.channel_layer.group_add(group_of(found), self.channel_name)
        self.tasks = [asyncio.create_task(self._work()), asyncio.create_task(self._watch())]

    async def disconnect(self, code: int) -> None:
        """Leave. The conversation stays; the page may come back and go on."""
        for task in self.tasks:
            task.cancel()
        for task in self.tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self.conversation is not None:
            await self.channel_layer.group_discard(group_of(self.conversation), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Read a frame; what cannot be read is answered with an error and the socket stays open."""
        if self.conversation is None:
            return
        try:
            content = await self.decode_json(text_data) if text_data and len(text_data) <= LONGEST_FRAME else None
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or not isinstance(content.get("type"), str):
            with translation.override(self.conversation.language):
                await self._tell(BadFrame())
            return
        with translation.override(self.conversation.language):
            await self.receive_json(content)

    async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        """Take one message of the page."""
        kind = content["type"]
        if kind == "hello":
            last = content.get("last_seq")
            self.seen = last if isinstance(last, int) and not isinstance(last, bool) and last >= 0 else 0
            self.shown_status = {}
            await self._deliver()
        elif kind in ("say", "key", "end"):
            try:
                self.heard.put_nowait(content)
            except asyncio.QueueFull:
                await self._tell(TooFast(5), _ref(content))
        elif kind == "typing" and self.conversation is not None:
            await self.channel_layer.group_send(
                group_of(self.conversation), {"type": "conversation.typing", "speaker": "citizen", "from": self.channel_name}
            )
        elif kind == "ping":
            await self.send_json({"type": "pong"})
        elif kind != "typing":
            await self._tell(BadFrame())

    async def conversation_changed(self, message: dict[str, Any]) -> None:
        """A nudge: read the rows."""
        await self._deliver()

    async def conversation_typing(self, message: dict[str, Any]) -> None:
        """Somebody at the other end types."""
        if message.get("from") != self.channel_name:
            await self.send_json({"type": "typing", "speaker": str(message.get("speaker", ""))})

    async def conversation_partial(self, message: dict[str, Any]) -> None:
        """A call's words before they are a turn: for the seats alone."""

    async def _work(self) -> None:
        """Carry out what the citizen sent, one by one and in order."""
        while True:
            content = await self.heard.get()
            try:
                await pool.run(self._carry_out, content)
            except ConversationError as error:
                await self._tell(error, _ref(content))
            except Exception:
                log.exception("chat.message_failed")
                await self._tell(ServerFault(), _ref(content))
            with contextlib.suppress(Exception):
                await self._deliver()

    def _carry_out(self, content: dict[str, Any]) -> None:
        conversation = self.conversation
        assert conversation is not None
        with translation.override(conversation.language):
            if content["type"] == "end":
                actions.end(conversation=conversation, by="citizen", reason="citizen")
                return
            limits.message(conversation.pk)
            words = content.get("text") if content["type"] == "say" else content.get("key")
            if not isinstance(words, str):
                raise BadFrame
            if content["type"] == "key":
                actions.press_key(conversation=conversation, digit=words, client_ref=_ref(content))
            else:
                actions.citizen_says(conversation=conversation, text=words, client_ref=_ref(content))

    async def _deliver(self) -> None:
        """Send every turn above the last one sent, then where the conversation stands if that changed."""
        if self.seen is None or self.conversation is None:
            return
        async with self.sending:
            turns, status = await live.in_thread(self._read, self.seen)
            for turn in turns:
                self.seen = turn["seq"]
                await self.send_json({"type": "turn", "turn": turn})
            if status != self.shown_status:
                self.shown_status = status
                await self.send_json({"type": "status", **status})

    def _read(self, seen: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        assert self.conversation is not None
        turns = [selectors.turn_as_json(turn) for turn in selectors.turns_after(self.conversation, seen)]
        return turns, selectors.status_as_json(selectors.by_id(str(self.conversation.pk)))

    async def _watch(self) -> None:
        """Nudges may be lost: look now and then, and keep the conversation from being taken for left behind."""
        rounds = 0
        while True:
            await asyncio.sleep(CHECK_EVERY_SECONDS)
            rounds += 1
            try:
                await self._deliver()
                if rounds % 8 == 0 and self.conversation is not None:
                    await live.in_thread(actions.touch, conversation=self.conversation)
            except Exception as error:  # the database is away for a moment; the page keeps its socket
                log.warning("chat.check_failed", error=str(error))

    async def _tell(self, error: ConversationError, client_ref: str = "") -> None:
        await self.send_json({"type": "error", "code": error.code, "message": error.message, "client_ref": client_ref})


def _ref(content: dict[str, Any]) -> str:
    ref = content.get("client_ref")
    return ref[:40] if isinstance(ref, str) else ""
