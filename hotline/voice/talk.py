"""A call's way to its conversation: what is said goes in, what is answered comes out. Off the event loop."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils import translation

from hotline.conversations import actions, bot, pool, selectors
from hotline.conversations.errors import ConversationError
from hotline.conversations.models import Conversation, Turn
from hotline.voice import actions as voice
from hotline.voice.listening import ANYTHING, Expected
from hotline.voice.models import Incident, Recording
from ticketing.outbox import live

# How many digits the bot waits for, by what it expects (chatbot's kinds of answers); 0: until the caller pauses.
DIGITS = {"phone": 11, "order_number": 12, "query_code": 6, "number": 0, "id_number": 18, "digits": 0}
OVERHEARD_CHARS = 500
CLOSED = frozenset({"yes_no", "choice", "score", "rating", "confirm"})


@dataclass(frozen=True, slots=True)
class Said:
    """One turn as a call needs it: what to show, what to speak, and whether its sound may be kept on disk."""

    seq: int
    speaker: str
    shown: dict[str, Any]
    speech: str
    keep: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """New turns, and where the conversation stands after them."""

    turns: tuple[Said, ...]
    owner: str
    status: str
    expected: Expected
    state: dict[str, Any]

    @property
    def over(self) -> bool:
        """Whether nothing more will be said."""
        return self.status == Conversation.Status.ENDED


class Talk(Protocol):
    """What a call session asks of the conversation."""

    language: str
    reference: str
    group: str
    hold_prompt: str

    async def says(self, text: str, *, confidence: float | None, audio_ms: int | None, ref: str) -> Exchange: ...
    async def keys(self, digits: str, *, audio_ms: int | None, ref: str) -> Exchange: ...
    async def silent(self) -> Exchange: ...
    async def news(self, after: int) -> Exchange: ...
    async def hand_over(self, reason: str) -> Exchange: ...
    async def break_off(self, reason: str) -> None: ...
    async def open_recording(self, rate: int) -> Recording | None: ...
    async def close_recording(self, recording: Recording, gaps: list[dict[str, Any]]) -> None: ...
    async def incident(self, kind: str, detail: str) -> None: ...
    def overhear(self, text: str) -> None: ...


class ConversationTalk:
    """The real conversation behind a call."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self.language = conversation.language
        self.reference = str(conversation.pk)
        self.group = actions.group_of(conversation)
        with translation.override(conversation.language):
            self.hold_prompt = str(actions.STILL_ON_HOLD)
        self._shown = 0  # number of the last turn that was given out

    async def says(self, text: str, *, confidence: float | None, audio_ms: int | None, ref: str) -> Exchange:
        """The citizen said something; the bot's answer comes back while it owns the conversation."""
        return await pool.run(self._says, text, confidence, audio_ms, ref)

    async def keys(self, digits: str, *, audio_ms: int | None, ref: str) -> Exchange:
        """The citizen pressed keys."""
        return await pool.run(self._keys, digits, audio_ms, ref)

    async def silent(self) -> Exchange:
        """The citizen was asked and said nothing."""
        return await pool.run(self._silent)

    async def news(self, after: int) -> Exchange:
        """What was said by others since turn `after`."""
        return await pool.run(self._exchange, (), after)

    async def hand_over(self, reason: str) -> Exchange:
        """Into the queue for a person."""
        return await pool.run(self._hand_over, reason)

    async def break_off(self, reason: str) -> None:
        """The line is gone; what is unfinished waits to be called back."""
        await pool.run(actions.break_off, conversation=self._conversation, reason=reason)

    async def open_recording(self, rate: int) -> Recording | None:
        """A row and a place for the call's sound."""
        return await pool.run(voice.open_recording, conversation=self._conversation, rate=rate)

    async def close_recording(self, recording: Recording, gaps: list[dict[str, Any]]) -> None:
        """Seal the recording; what was dropped is listened to again by a job."""
        await pool.run(voice.close_recording, recording=recording, gaps=gaps)

    async def incident(self, kind: str, detail: str) -> None:
        """Keep a row about something on the wire."""
        await pool.run(voice.note_incident, kind=Incident.Kind(kind), detail=detail, conversation=self._conversation)

    def overhear(self, text: str) -> None:
        """Show those who read along what is being said just now. Returns at once; it may be lost, the turn follows."""
        live.nudge(group=self.group, message={"type": "conversation.partial", "text": text[:OVERHEARD_CHARS]})

    def _says(self, text: str, confidence: float | None, audio_ms: int | None, ref: str) -> Exchange:
        after = self._shown
        try:
            turns = actions.citizen_says(
                conversation=self._conversation, text=text, confidence=confidence, audio_ms=audio_ms, client_ref=ref
            )
        except ConversationError:  # it ended or was too long meanwhile; what stands in the rows is what counts
            turns = []
        return self._exchange(turns, after)

    def _keys(self, digits: str, audio_ms: int | None, ref: str) -> Exchange:
        after = self._shown
        try:
            turns = actions.press_key(conversation=self._conversation, digit=digits, audio_ms=audio_ms, client_ref=ref)
        except ConversationError:
            turns = []
        return self._exchange(turns, after)

    def _silent(self) -> Exchange:
        after = self._shown
        return self._exchange(actions.citizen_silent(conversation=self._conversation), after)

    def _hand_over(self, reason: str) -> Exchange:
        with contextlib.suppress(ConversationError):
            actions.hand_over(conversation=self._conversation, reason=reason, by="system")
        return self._exchange((), self._shown)

    def _exchange(self, fresh: Any, after: int) -> Exchange:
        """All turns after `after` from the rows; spoken forms from the `fresh` ones, which alone have them."""
        speech = {turn.seq: getattr(turn, "speech", "") for turn in fresh}
        turns = selectors.turns_after(self._conversation, after)
        row = Conversation.objects.get(pk=self._conversation.pk)
        if turns:
            self._shown = max(self._shown, turns[-1].seq)
        state = selectors.status_as_json(row)
        memory = bot.recall(row.dialogue) if row.owner == Conversation.Owner.BOT else None
        state["expecting"] = memory.expecting if memory else ""
        return Exchange(
            turns=tuple(_said(turn, speech.get(turn.seq, "")) for turn in turns),
            owner=row.owner,
            status=row.status,
            expected=_expected(memory),
            state=state,
        )


def _said(turn: Turn, speech: str) -> Said:
    keep = turn.data.get("move") == "answer"  # an article of the knowledge base; all else may hold personal data
    return Said(turn.seq, turn.speaker, selectors.turn_as_json(turn), speech or turn.text, keep)


def _expected(memory: Any) -> Expected:
    if memory is None:
        return ANYTHING
    if memory.expecting in DIGITS:
        return Expected("digits", DIGITS[memory.expecting])
    if memory.expecting in CLOSED or memory.choices:
        return Expected("closed")
    return ANYTHING
