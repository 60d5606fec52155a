"""What goes into the dialogue engine and what comes out: utterances, moves, steps."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from chatbot.dialogue.state import Choice, DialogueState

SAY, ASK, ANSWER, READ_BACK = "say", "ask", "answer", "read_back"
ORDER_CREATED, ORDER_STATUS, HAND_OVER, END = "order_created", "order_status", "hand_over", "end"
MOVE_KINDS = (SAY, ASK, ANSWER, READ_BACK, ORDER_CREATED, ORDER_STATUS, HAND_OVER, END)

START, TEXT, KEY, SILENCE = "start", "text", "key", "silence"
UTTERANCE_KINDS = (START, TEXT, KEY, SILENCE)


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing the citizen did.

    `kind` is start (the conversation opens; `text` may hold the line's own greeting), text, key (telephone keys: one or more of
    0-9, * and #) or silence (the citizen was asked and said nothing). `seq` is the number of the turn it is stored under,
    `confidence` the recogniser's, None for typed text.
    """

    text: str = ""
    kind: str = TEXT
    seq: int = 0
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """One thing the bot does next.

    `text` is shown, `speech` is spoken (numbers in groups, no symbols), `prompt` names the fixed prompt it was made from, so that
    a channel can play a recording when `args` is empty. `data` is for machines (sources of an answer, slots of a hand-over).
    """

    kind: str
    text: str = ""
    speech: str = ""
    prompt: str = ""
    args: dict[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain data for storage and for the wire."""
        made = asdict(self)
        made["choices"] = [asdict(choice) for choice in self.choices]
        return made

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Move:
        """The move that `to_json` wrote."""
        return cls(**{**data, "choices": tuple(Choice(**choice) for choice in data.get("choices", ()))})


@dataclass(frozen=True, slots=True)
class Step:
    """The state after an utterance and the moves to carry out in order."""

    state: DialogueState
    moves: list[Move]
