"""Where a conversation stands: plain data that goes into a database row and comes back unchanged."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

BOT, PERSON, ENDED = "bot", "person", "ended"
STATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be clicked, said or keyed."""

    label: str
    value: str
    key: str = ""


@dataclass(slots=True)
class Slot:
    """One fact: its value, the words it came from, how sure it is, the turn it came from, and whether the citizen confirmed it.

    `source` is said, line (given by the telephone network), rule (derived) or skipped (not known, or kept back).
    """

    value: str
    text: str = ""
    confidence: float = 1.0
    seq: int = 0
    confirmed: bool = False
    source: str = "said"


@dataclass(slots=True)
class Draft:
    """A flow laid aside while another matter is dealt with."""

    flow: str
    step: str
    slots: dict[str, Slot]
    asked: dict[str, int]


@dataclass(slots=True)
class DialogueState:
    """The whole of a conversation as far as the bot needs it.

    `slots` belong to the running flow, `caller` holds what is true of the person in every flow (phone, name). `step` is the
    step that waits for an answer and `expecting` the kind of answer. `serial` counts drafts and makes creation idempotent.
    """

    language: str = "zh-hans"
    channel: str = ""
    owner: str = BOT
    flow: str = ""
    step: str = ""
    expecting: str = ""
    choices: list[Choice] = field(default_factory=list)
    slots: dict[str, Slot] = field(default_factory=dict)
    caller: dict[str, Slot] = field(default_factory=dict)
    parked: list[Draft] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    failures: int = 0
    keyed: str = ""
    serial: int = 0
    turn: int = 0
    last: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def begin(cls, *, channel: str, language: str = "zh-hans", caller_phone: str = "") -> DialogueState:
        """The state of a conversation that has just been opened. `caller_phone` is only what the network vouches for."""
        state = cls(language=language, channel=channel)
        if caller_phone:
            state.caller["phone"] = Slot(value=caller_phone, text=caller_phone, source="line", confirmed=True)
        return state

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the version of its shape."""
        return {"version": STATE_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any] | None) -> DialogueState:
        """The state that `to_json` wrote; an empty state for empty data. Unknown keys are left out."""
        if not data:
            return cls()
        known = {key: value for key, value in data.items() if key in cls.__dataclass_fields__}
        state = cls(**known)
        state.choices = [Choice(**choice) for choice in data.get("choices", ())]
        state.slots = _slots(data.get("slots", {}))
        state.caller = _slots(data.get("caller", {}))
        state.parked = [Draft(**{**draft, "slots": _slots(draft["slots"])}) for draft in data.get("parked", ())]
        return state


def _slots(data: dict[str, dict[str, Any]]) -> dict[str, Slot]:
    return {name: Slot(**slot) for name, slot in data.items()}
