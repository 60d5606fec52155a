"""The one place where conversations meet the dialogue engine: stored memory in, moves out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from chatbot.dialogue.engine import step
from chatbot.dialogue.moves import Move, Utterance
from chatbot.dialogue.services import PlatformServices
from chatbot.dialogue.state import BOT, PERSON, DialogueState
from hotline.conversations.models import Conversation
from ticketing.organisation.actor import Actor
from ticketing.organisation.roles import Role


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot does next and what it remembers from then on (JSON text)."""

    memory: str
    moves: tuple[Move, ...]


def begin(*, channel: str, language: str, caller_phone: str) -> str:
    """The memory of a conversation that has just been opened."""
    return _dump(DialogueState.begin(channel=channel, language=language, caller_phone=caller_phone))


def recall(memory: str) -> DialogueState:
    """The dialogue's memory as an object; an empty one for empty text."""
    return DialogueState.from_json(json.loads(memory) if memory else None)


def reply(*, conversation: Conversation, utterance: Utterance) -> Reply:
    """The bot's next moves. Writes no conversation rows; orders are made through the platform's own verbs."""
    state = recall(conversation.dialogue)
    state.owner = BOT
    done = step(state=state, utterance=utterance, services=services_for(conversation))
    return Reply(memory=_dump(done.state), moves=tuple(done.moves))


def services_for(conversation: Conversation) -> PlatformServices:
    """What the engine may ask of the platform, on behalf of this conversation."""
    actor = Actor(kind="bot", role=Role.BOT, name="bot", channel=conversation.channel)
    return PlatformServices(conversation_ref=str(conversation.pk), channel=conversation.channel, actor=actor)


def handed_to_person(memory: str) -> str:
    """The memory with the note that a person goes on from here, so that nothing is asked twice."""
    state = recall(memory)
    state.owner = PERSON
    return _dump(state)


def unfinished(memory: str) -> bool:
    """Whether the bot was in the middle of something when it stopped."""
    state = recall(memory)
    return bool(state.flow or state.expecting or state.parked)


def turn_data(move: Move) -> dict[str, Any]:
    """What a turn keeps of a move besides its words: choices, sources, order number. No personal values."""
    data: dict[str, Any] = {"move": move.kind}
    if move.prompt:
        data["prompt"] = move.prompt
    if move.choices:
        data["choices"] = [{"label": c.label, "value": c.value, "key": c.key} for c in move.choices]
    for name in ("title", "article_code", "version", "sources", "valid_until", "known", "gap_id", "number", "state"):
        if name in move.data:
            data[name] = move.data[name]
    return data


def _dump(state: DialogueState) -> str:
    return json.dumps(state.to_json(), ensure_ascii=False, sort_keys=True)
