"""What a seat sees: the queue, its talks, the form filled from what was understood, help beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot.nlu.service import get_understander
from hotline.conversations import selectors as talks
from hotline.conversations.models import Conversation, Turn
from hotline.seats.models import Presence, Ring
from search import selectors as knowledge
from search.selectors import Found
from ticketing.citizens.selectors import mask
from ticketing.dispatch.neighbours import matter_of_person
from ticketing.orders import selectors as orders
from ticketing.orders.models import Reply, WorkOrder
from ticketing.orders.privacy import mask_numbers
from ticketing.orders.workflow import OPEN
from ticketing.organisation.models import DutyItem, OrderType, Place, Staff
from ticketing.organisation.roles import Role

SEATS = (Role.SEAT, Role.SHIFT_LEADER)  # who takes conversations
LISTENED_TURNS = 8  # citizen's turns since the bot stopped that are understood for the form
SURE, FAIR = 0.8, 0.5

REASONS = {
    "asked": gettext_lazy("Asked for a person"),
    "emergency": gettext_lazy("Emergency"),
    "anger": gettext_lazy("Upset"),
    "failures": gettext_lazy("Not understood twice"),
    "bot_fault": gettext_lazy("Fault of the bot"),
    "unavailable": gettext_lazy("Fault of the bot"),
    "no_answer": gettext_lazy("No answer in the knowledge base"),
    "refused": gettext_lazy("Needs a person's decision"),
    "person_first": gettext_lazy("Person first"),
    "broken_off": gettext_lazy("Broken off, call back"),
    "hung_up": gettext_lazy("Broken off, call back"),
    "left": gettext_lazy("Left, get in touch"),
    "released": gettext_lazy("Given back"),
    "transferred": gettext_lazy("Passed on by a seat agent"),
    "requeued": gettext_lazy("Seat agent was gone"),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the queue."""

    talk: Conversation
    reason: str
    urgent: bool
    call_back: bool
    waited: timedelta
    contact: str
    first_words: str
    meant_for: str


def presence_of(staff: Staff) -> Presence | None:
    """The seat's state now."""
    return Presence.objects.filter(staff=staff).first()


def ringing_for(staff: Staff) -> Ring | None:
    """What rings at this seat."""
    return (
        Ring.objects.filter(staff=staff, outcome=Ring.Outcome.RINGING, until__gte=timezone.now())
        .select_related("conversation__citizen")
        .first()
    )


def missed_lately(staff: Staff) -> bool:
    """Whether the seat is busy because it missed a ring."""
    presence = presence_of(staff)
    last = Ring.objects.filter(staff=staff).exclude(outcome=Ring.Outcome.RINGING).order_by("-rung_at").first()
    return bool(
        presence
        and presence.state == Presence.State.BUSY
        and last
        and last.outcome == Ring.Outcome.MISSED
        and last.done_at
        and presence.since >= last.done_at - timedelta(seconds=2)
    )


def rows(conversations: list[Conversation]) -> list[Waiting]:
    """Conversations as rows: reason, waiting time, masked contact, the last thing the citizen said. Two queries."""
    now = timezone.now()
    last_words: dict[Any, str] = {}
    for turn in Turn.objects.filter(conversation__in=conversations, speaker=Turn.Speaker.CITIZEN, kind="text").order_by("seq"):
        last_words[turn.conversation_id] = turn.text
    return [
        Waiting(
            talk=talk,
            reason=reason_words(talk),
            urgent=talk.priority == 0,
            call_back=talk.status == Conversation.Status.BROKEN_OFF,
            waited=now - (talk.queued_at or talk.started_at),
            contact=mask("phone", talk.citizen.phone) if talk.citizen else "",
            first_words=mask_numbers(last_words.get(talk.pk, ""))[:60],
            meant_for=str(talk.wanted_seat or talk.wanted_skill),
        )
        for talk in conversations
    ]


def reason_words(talk: Conversation) -> str:
    """Why it was handed over, in words."""
    if talk.status == Conversation.Status.BROKEN_OFF and talk.owner == Conversation.Owner.QUEUE:
        return str(REASONS["broken_off"])
    return str(REASONS.get(talk.hand_over_reason, talk.hand_over_reason))


@dataclass(frozen=True, slots=True)
class Filled:
    """A form field that filled itself: value, how sure, which turn it came from."""

    value: str
    label: str
    sure: str  # sure, fair, weak, confirmed
    percent: int
    seq: int


# What the dialogue and the understanding call a thing, and the field of the form it belongs to.
FIELD_OF = {
    "what": "content",
    "wish": "wish",
    "place": "place_text",
    "time": "incident_time",
    "duty": "duty_item",
    "duty_item": "duty_item",
    "phone": "phone",
    "name": "name",
    "secrecy": "secrecy",
}
QUESTION_PREFIX = "q."  # answers to the duty item's own questions
TYPE_OF_INTENT = {
    "report_complaint": "complaint",
    "request_help": "help",
    "report_violation": "report",
    "suggest": "suggestion",
    "praise": "praise",
    "consult_policy": "consult",
}
SECRECY = {"secret": "confidential", "anonymous": "anonymous", "open": "open"}


def filled_form(talk: Conversation) -> dict[str, Filled]:
    """The form's fields from what was said, to the bot or to the seat since. Nothing confirmed is overwritten by a guess."""
    found: dict[str, Filled] = {}
    answers: dict[str, Filled] = {}
    for name, fact in talks.facts(talk).items():
        target = FIELD_OF.get(name)
        filled = _filled(fact.value, fact.text or fact.value, fact.confidence, fact.seq, confirmed=fact.confirmed)
        if target:
            found.setdefault(target, filled)
        elif name.startswith(QUESTION_PREFIX):
            answers[f"answer_{name.removeprefix(QUESTION_PREFIX)}"] = filled
        elif name == "intent" and fact.value in TYPE_OF_INTENT:
            found["order_type"] = _filled(TYPE_OF_INTENT[fact.value], "", fact.confidence, fact.seq)
    for turn, spans in _listened(talk):
        for span in spans:
            target = FIELD_OF.get(span.kind)
            known = found.get(target) if target else None
            if target and (known is None or (known.sure != "confirmed" and known.percent < span.confidence * 100)):
                found[target] = _filled(span.value, span.text, span.confidence, turn.seq)
    if "content" not in found:
        words = [t for t in talk.turns.filter(speaker=Turn.Speaker.CITIZEN, kind="text").order_by("seq") if len(t.text) > 3]
        if words:
            found["content"] = Filled(";".join(t.text for t in words)[:2000], "", "fair", 60, words[0].seq)
    if "secrecy" in found:
        said = found["secrecy"]
        found["secrecy"] = Filled(SECRECY.get(said.value, "open"), said.label, said.sure, said.percent, said.seq)
    _name_codes(found)
    return {**found, **answers}


def _filled(value: str, label: str, confidence: float, seq: int, *, confirmed: bool = False) -> Filled:
    sure = "confirmed" if confirmed else "sure" if confidence >= SURE else "fair" if confidence >= FAIR else "weak"
    return Filled(value=value, label=label, sure=sure, percent=round(confidence * 100), seq=seq)


def _listened(talk: Conversation) -> list[tuple[Turn, tuple[Any, ...]]]:
    """Spans of what the citizen said since the bot fell silent."""
    if talk.owner == Conversation.Owner.BOT or talk.queued_at is None:
        return []
    since = talk.turns.filter(speaker=Turn.Speaker.CITIZEN, kind="text", at__gte=talk.queued_at).order_by("-seq")
    understander = get_understander()
    return [(turn, understander.understand(turn.text[:500]).spans) for turn in reversed(since[:LISTENED_TURNS])]


def _name_codes(found: dict[str, Filled]) -> None:
    """Codes become what people read: the place's name; the duty item gives the usual type."""
    if "place_text" in found:
        filled = found["place_text"]
        place = Place.objects.filter(code=filled.value).first()
        words = place.name if place else filled.value or filled.label
        if place:
            found["place"] = filled
        found["place_text"] = Filled(words, filled.label, filled.sure, filled.percent, filled.seq)
    if "duty_item" in found:
        filled = found["duty_item"]
        item = DutyItem.objects.filter(code=filled.value).select_related("order_type").first()
        if item is None:
            del found["duty_item"]
        else:
            found["duty_item"] = Filled(item.code, item.name, filled.sure, filled.percent, filled.seq)
            found.setdefault(
                "order_type", Filled(item.order_type.code, str(item.order_type), filled.sure, filled.percent, filled.seq)
            )


@dataclass(frozen=True, slots=True)
class Assist:
    """What helps beside the form."""

    answers: list[Found] = field(default_factory=list)
    earlier: list[WorkOrder] = field(default_factory=list)
    duplicates: list[WorkOrder] = field(default_factory=list)
    repeat: WorkOrder | None = None  # the citizen's first open order on the same matter
    last_reply: Reply | None = None  # what its unit last answered
    alerts: list[str] = field(default_factory=list)


def assist(talk: Conversation, staff: Staff) -> Assist:
    """Answers to what was last said, the citizen's earlier orders, open orders on the same thing nearby, alerts."""
    last = talk.turns.filter(speaker=Turn.Speaker.CITIZEN, kind="text").order_by("-seq").first()
    filled = filled_form(talk)
    alerts = []
    if talk.priority == 0:
        alerts.append(_("Emergency: make sure that 110, 119 or 120 was told, then take down the place."))
    if talk.status == Conversation.Status.BROKEN_OFF:
        alerts.append(_("The conversation broke off. Call the citizen back; what was said is here."))
    if talk.hand_over_reason == "anger":
        alerts.append(_("The citizen is upset. Let them finish, then repeat what you understood."))
    repeat = _repeat(talk, filled)
    return Assist(
        repeat=repeat,
        last_reply=orders.public_replies(repeat).last() if repeat else None,
        answers=knowledge.suggest(text=last.text[:200], limit=3) if last else [],
        earlier=list(orders.earlier_orders(talk.citizen, limit=5)),
        duplicates=_duplicates(staff, filled, besides=talk.order_number),
        alerts=alerts,
    )


def _repeat(talk: Conversation, filled: dict[str, Filled]) -> WorkOrder | None:
    if talk.citizen is None or "duty_item" not in filled:
        return None
    place = Place.objects.filter(code=filled["place"].value).first() if "place" in filled else None
    found = matter_of_person(citizen=talk.citizen, item_code=filled["duty_item"].value, place=place)
    return found if found is not None and found.number != talk.order_number else None


def _duplicates(staff: Staff, filled: dict[str, Filled], *, besides: str) -> list[WorkOrder]:
    if "duty_item" not in filled:
        return []
    found = orders.visible_orders(staff).filter(duty_item__code=filled["duty_item"].value, state__in=OPEN)
    if "place" in filled:
        place = Place.objects.filter(code=filled["place"].value).first()
        if place:
            found = found.filter(region_id=place.region_id)
    return list(found.exclude(number=besides).order_by("-created_at")[:3])


def form_choices() -> dict[str, Any]:
    """What the form's lists offer."""
    return {
        "order_types": list(OrderType.objects.all()),
        "duty_items": list(DutyItem.objects.filter(is_active=True).select_related("category").order_by("code")),
    }


def free_seats() -> QuerySet[Presence]:
    """Seats that are idle and were seen lately, who is idle longest first."""
    alive = timezone.now() - timedelta(seconds=settings.SEAT_OFFLINE_SECONDS)
    return Presence.objects.filter(state=Presence.State.IDLE, seen_at__gte=alive).select_related("staff").order_by("since")


def skills() -> list[str]:
    """What seats are skilled in, of all who take conversations."""
    staff = Staff.objects.filter(is_active=True, appointments__role__in=SEATS).distinct()
    return sorted({skill for person in staff for skill in person.skills})


def seats_now() -> list[Presence]:
    """All seats that are not signed out, for the shift leader."""
    alive = timezone.now() - timedelta(seconds=settings.SEAT_OFFLINE_SECONDS)
    return list(
        Presence.objects.exclude(state=Presence.State.SIGNED_OUT)
        .filter(seen_at__gte=alive)
        .select_related("staff")
        .order_by("since")
    )
