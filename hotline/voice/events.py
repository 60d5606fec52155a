"""What a call tells its far end. Adapters put it into their own protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class PartialText:
    """What is understood so far of what is being said; sent at most five times a second."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnShown:
    """A numbered turn of the conversation, ours or the citizen's, as `selectors.turn_as_json` has it."""

    turn: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Speech:
    """8 kHz 16-bit PCM to play after what plays already; the far end answers `mark` when it is over.

    The mark of the last piece of an answer begins with `end`; that piece is empty where it cannot be spoken.
    """

    pcm: bytes
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class ClearSpeech:
    """Stop playing at once: the citizen interrupts."""


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Where the call stands: owner (bot, queue, seat), status, whether we listen, what is asked now."""

    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over for our side; the adapter closes the line."""

    reason: str


Event = PartialText | TurnShown | Speech | ClearSpeech | StateChanged | Ended
