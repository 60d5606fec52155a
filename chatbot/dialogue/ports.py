"""The port of the dialogue engine: all it may ask of the platform, and the plain data that comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from chatbot.nlu.types import Understanding


class ServiceRefused(Exception):
    """The platform's rules do not allow it now. `str()` is a sentence for the citizen, in the conversation's language."""


class ServiceUnavailable(Exception):
    """The platform could not do it, through no fault of the citizen. `str()` is for the log."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer comes from: the document, its article, its date (ISO 8601) and its address."""

    title: str
    article: str = ""
    date: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class NearArticle:
    """An article that came near a question without being sure enough to be told."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class ConsultAnswer:
    """An answer of the knowledge base, or the plain statement that it has none (`known` is False and a gap was filed)."""

    known: bool
    text: str = ""
    title: str = ""
    article_code: str = ""
    version: int = 0
    sources: tuple[Source, ...] = ()
    valid_until: str = ""
    score: float = 0.0
    gap_id: str = ""
    nearest: tuple[NearArticle, ...] = ()


@dataclass(frozen=True, slots=True)
class DutyMatch:
    """A duty item that a text may be about; `score` from 0 to 1, `order_type` the usual one of the item."""

    code: str
    name: str
    score: float
    order_type: str = ""


@dataclass(frozen=True, slots=True)
class QuestionChoice:
    """One of the answers of a choice question."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a duty item; `kind` is text, choice, yes_no, number, place or time."""

    slot: str
    kind: str
    prompt: str
    required: bool = False
    choices: tuple[QuestionChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceMatch:
    """A place of the gazetteer. `exact` is False when it was found by sound, and then it must be confirmed."""

    code: str
    name: str
    region: str = ""
    confidence: float = 1.0
    exact: bool = True


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """All that was said about a matter, as confirmed by the citizen. `answers` are by slot of the duty item's questions.

    `secrecy` is open, secret (name withheld from the unit), anonymous (no contact kept) or empty when it was not spoken of.
    `intent` says the kind of demand.
    """

    intent: str
    title: str
    content: str
    wish: str = ""
    duty_code: str = ""
    place_code: str = ""
    place_text: str = ""
    incident_time: str = ""
    contact_phone: str = ""
    contact_name: str = ""
    secrecy: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    language: str = "zh-hans"
    serial: int = 0


@dataclass(frozen=True, slots=True)
class CreatedOrder:
    """A created order: its number (12 digits) and the code that opens its tracking page (6 digits)."""

    number: str
    query_code: str


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """What a citizen may hear about an order of theirs."""

    number: str
    title: str
    state: str
    state_text: str
    unit: str = ""
    due_text: str = ""
    reply: str = ""


class Services(Protocol):
    """What the engine may ask. Every method answers within a bounded time or raises ServiceUnavailable."""

    def understand(self, text: str, *, expecting: str = "") -> Understanding:
        """Intent and spans of `text`; `expecting` is the kind of answer the bot waits for."""
        ...

    def answer(self, question: str) -> ConsultAnswer:
        """The knowledge base's answer with its sources, or `known=False`."""
        ...

    def article(self, code: str) -> ConsultAnswer:
        """An article that the citizen chose, with its sources; `known=False` when it may not be told (any more)."""
        ...

    def identify_duty(self, text: str) -> list[DutyMatch]:
        """Duty items the text may be about, best first, at most five."""
        ...

    def questions(self, duty_code: str) -> list[Question]:
        """The questions of a duty item in the order they are asked, in the conversation's language."""
        ...

    def find_place(self, text: str) -> list[PlaceMatch]:
        """Places named in `text`, best first, at most three; several of one name come with their regions."""
        ...

    def create_order(self, draft: OrderDraft) -> CreatedOrder:
        """Creates the order; the same serial of the same conversation gives the same order. Raises ServiceRefused."""
        ...

    def orders_of_caller(self, phone: str) -> list[OrderStatus]:
        """Open and recent orders of a telephone number that the network vouches for, newest first, at most three."""
        ...

    def order_status(self, number: str, query_code: str) -> OrderStatus | None:
        """The order when number and query code fit together, else None."""
        ...

    def urge(self, number: str, note: str) -> None:
        """Urges the unit that holds the order. Raises ServiceRefused."""
        ...

    def add_facts(self, number: str, text: str) -> None:
        """Adds what the citizen says to the order. Raises ServiceRefused."""
        ...

    def withdraw(self, number: str, reason: str) -> None:
        """Withdraws the order. Raises ServiceRefused."""
        ...

    def rate(self, number: str, score: int, note: str) -> None:
        """Rates the order from 1 to 5. Raises ServiceRefused."""
        ...
