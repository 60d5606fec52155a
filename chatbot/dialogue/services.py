"""The platform behind the dialogue's port: orders and search, reached through their own verbs and reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from chatbot.dialogue.flows import order_type_code
from chatbot.dialogue.ports import (
    ConsultAnswer,
    CreatedOrder,
    DutyMatch,
    NearArticle,
    OrderDraft,
    OrderStatus,
    PlaceMatch,
    Question,
    QuestionChoice,
    ServiceRefused,
    ServiceUnavailable,
    Source,
)
from chatbot.nlu.duty import FLOOR
from chatbot.nlu.service import get_understander
from chatbot.nlu.text import normalise
from chatbot.nlu.types import Understanding
from search import answers
from search import selectors as knowledge
from ticketing.citizens.actions import Contact
from ticketing.orders import actions, selectors
from ticketing.orders.errors import IllegalTransition, InvalidOrder, NotAllowed, OrderError, OrderNotFound
from ticketing.orders.models import Secrecy, WorkOrder
from ticketing.orders.workflow import State
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import DutyItem, DutyQuestion, OrderType, Place, Region

_MAX_PLACES = 3
_MAX_ORDERS = 3
_SURE_PLACE = 0.9


class PlatformServices:
    """The port for one conversation. `actor` is the bot acting for the citizen; `conversation_ref` makes creation repeatable."""

    def __init__(self, *, conversation_ref: str, channel: str, actor: Actor, region: str = "") -> None:
        self.conversation_ref, self.channel, self.actor, self.region = conversation_ref, channel, actor, region

    def understand(self, text: str, *, expecting: str = "") -> Understanding:
        """Intent and spans by the engine in use."""
        return get_understander().understand(text, expecting=expecting)

    def answer(self, question: str) -> ConsultAnswer:
        """The knowledge base's answer. Asking files a gap when there is none."""
        with _guarded():
            found = answers.answer(
                question=question, audience="citizen", region=self.region, conversation_ref=self.conversation_ref
            )
        if isinstance(found, answers.DontKnow):
            near = tuple(NearArticle(near.code, near.title) for near in found.nearest)
            return ConsultAnswer(known=False, gap_id=str(found.gap_id or ""), nearest=near)
        return ConsultAnswer(
            known=True,
            text=found.text,
            title=found.title,
            article_code=found.article_code,
            version=found.version,
            sources=_sources(found.sources),
            valid_until=found.valid_until.isoformat() if found.valid_until else "",
            score=found.score,
        )

    def article(self, code: str) -> ConsultAnswer:
        """The article's published version in force, if citizens may read it."""
        with _guarded():
            version = knowledge.article(code=code, audience="citizen")
            if version is None:
                return ConsultAnswer(known=False)
            return ConsultAnswer(
                known=True,
                text=version.answer,
                title=version.title,
                article_code=code,
                version=version.number,
                sources=_sources(answers.sources_of(version)),
                valid_until=version.valid_to.isoformat() if version.valid_to else "",
                score=1.0,
            )

    def identify_duty(self, text: str) -> list[DutyMatch]:
        """Duty items by the words people use for them."""
        ranked = get_understander().city.names().duties.rank(text)
        return [
            DutyMatch(row.entry.code, row.entry.name, row.score, row.entry.order_type) for row in ranked if row.score >= FLOOR
        ]

    def questions(self, duty_code: str) -> list[Question]:
        """The item's questions in the language in force."""
        chinese = (get_language() or "zh").startswith("zh")
        with _guarded():
            rows = list(DutyQuestion.objects.filter(item__code=duty_code).order_by("position", "pk"))
        return [_question(row, chinese) for row in rows]

    def find_place(self, text: str) -> list[PlaceMatch]:
        """Places of the gazetteer in `text`; all of one name, with their regions, when several share it."""
        gazetteer = get_understander().city.names().gazetteer
        found: dict[str, PlaceMatch] = {}
        spans = [span for span in gazetteer.find(normalise(text)) if span.kind == "place" and span.source != "pattern"]
        for span in sorted(spans, key=lambda span: (-span.confidence, -len(span.text))):
            for entry in gazetteer.namesakes(span.value):
                match = PlaceMatch(entry.code, entry.name, entry.region, span.confidence, span.confidence >= _SURE_PLACE)
                found.setdefault(entry.code, match)
        return list(found.values())[:_MAX_PLACES]

    def create_order(self, draft: OrderDraft) -> CreatedOrder:
        """Creates the order with a key made of the conversation and the draft's serial."""
        duty = DutyItem.objects.select_related("order_type").filter(code=draft.duty_code).first() if draft.duty_code else None
        contact = None
        if draft.secrecy != "anonymous" and (draft.contact_phone or draft.contact_name):
            contact = Contact(name=draft.contact_name, phone=draft.contact_phone)
        with _guarded():
            order_type = _order_type(draft.intent, duty)
            made = actions.create_order(
                actor=self.actor,
                order_type=order_type,
                title=draft.title,
                content=draft.content,
                wish=draft.wish,
                duty_item=duty,
                contact=contact,
                channel=self.channel,
                place_text=draft.place_text,
                incident_time=draft.incident_time,
                secrecy=_secrecy(draft.secrecy, order_type),
                conversation_ref=self.conversation_ref,
                answers=draft.answers,
                idempotency_key=f"bot:{self.conversation_ref}:{draft.serial}",
                language=draft.language,
                **_where(draft.place_code),
            )
        return CreatedOrder(made.order.number, made.query_code)

    def orders_of_caller(self, phone: str) -> list[OrderStatus]:
        """Recent orders of the telephone; sealed ones are never told to a voice."""
        with _guarded():
            return [_status(order) for order in selectors.orders_of_phone(phone, limit=_MAX_ORDERS)]

    def order_status(self, number: str, query_code: str) -> OrderStatus | None:
        """The order that number and code open together."""
        try:
            with _guarded():
                return _status(selectors.track(number, query_code))
        except OrderNotFound:
            return None

    def urge(self, number: str, note: str) -> None:
        """Urges the unit."""
        with _guarded():
            actions.urge_order(order=_order(number), actor=self.actor, note=note)

    def add_facts(self, number: str, text: str) -> None:
        """Adds to the order, or supplies what it waits for."""
        with _guarded():
            order = _order(number)
            verb = actions.supply_info if order.state == State.NEED_INFO else actions.add_facts
            verb(order=order, actor=self.actor, text=text)

    def withdraw(self, number: str, reason: str) -> None:
        """Withdraws the order."""
        with _guarded():
            actions.withdraw_order(order=_order(number), actor=self.actor, reason=reason)

    def rate(self, number: str, score: int, note: str) -> None:
        """Rates the handling. An order that waits for its call-back has it hereby."""
        with _guarded():
            order = _order(number)
            if order.state == State.CALLBACK:
                actions.record_callback(order=order, actor=self.actor, reached=True, satisfaction=score, note=note)
            else:
                actions.rate_order(order=order, actor=self.actor, kind="order", score=score, note=note)


@contextmanager
def _guarded() -> Iterator[None]:
    """Turns what the rooms below raise into what the engine knows: a refusal with a sentence, or unavailability."""
    try:
        yield
    except OrderNotFound:
        raise
    except IllegalTransition as error:
        raise ServiceRefused(_("This is not possible any more at the present stage of your matter.")) from error
    except NotAllowed as error:
        raise ServiceRefused(_("A member of staff has to do this for you.")) from error
    except InvalidOrder as error:
        raise ServiceRefused(_refusal(error)) from error
    except (OrderError, DatabaseError) as error:
        raise ServiceUnavailable(str(error)) from error


def _sources(found: Iterable[answers.Source]) -> tuple[Source, ...]:
    return tuple(Source(row.title, row.article, row.date.isoformat() if row.date else "", row.url) for row in found)


def _refusal(error: InvalidOrder) -> str:
    sentences = {
        "kind": _("You have rated this matter already."),
        "phone": _("The telephone number cannot be used."),
        "content": _("The description is missing or too long."),
    }
    return sentences.get(error.field, _("Something in the registration cannot be used."))


def _order(number: str) -> WorkOrder:
    order = WorkOrder.objects.filter(number=number).first()
    if order is None:
        raise ServiceUnavailable(f"order {number} is gone")
    return order


def _order_type(intent: str, duty: DutyItem | None) -> OrderType:
    code = order_type_code(intent, duty.order_type.code if duty else "")
    found = OrderType.objects.filter(code=code).first() or OrderType.objects.order_by("position", "code").first()
    if found is None:
        raise ServiceUnavailable("no order types are defined")
    return found


def _secrecy(said: str, order_type: OrderType) -> str:
    """Secret and anonymous reports of violations are sealed; a secret complaint hides the contact from the unit."""
    if order_type.sealed_by_default:
        return Secrecy.OPEN if said == "open" else Secrecy.SEALED
    return Secrecy.CONFIDENTIAL if said in {"secret", "anonymous"} else Secrecy.OPEN


def _where(code: str) -> dict[str, Any]:
    """A gazetteer place or a region, whichever the code names."""
    if not code:
        return {}
    place = Place.objects.select_related("region").filter(code=code).first()
    if place:
        return {"place": place}
    region = Region.objects.filter(code=code).first()
    return {"region": region} if region else {}


def _question(row: DutyQuestion, chinese: bool) -> Question:
    language = "zh" if chinese else "en"
    choices = tuple(QuestionChoice(str(choice["value"]), str(choice.get(language, choice["value"]))) for choice in row.choices)
    return Question(row.slot, row.kind, row.prompt_zh if chinese else row.prompt_en, row.required, choices)


def _status(order: WorkOrder) -> OrderStatus:
    replies = list(selectors.public_replies(order))
    due = ""
    if order.due_at and order.state in {State.DISPATCHED, State.PROCESSING, State.SUSPENDED, State.EXTENSION_REVIEW}:
        due = _("An answer is due by %(moment)s") % {"moment": date_format(timezone.localtime(order.due_at), _("F j, H:i"))}
    return OrderStatus(
        number=order.number,
        title=order.title,
        state=order.state,
        state_text=_PUBLIC_STATES[State(order.state)]() if order.state in _PUBLIC_STATES else order.get_state_display(),
        unit=order.unit.name if order.unit else "",
        due_text=due,
        reply=replies[-1].public_text if replies else "",
    )


_PUBLIC_STATES = {
    # What citizens hear instead of the trade's own terms.
    State.TRIAGE: lambda: _("received, waiting to be passed on"),
    State.NEED_INFO: lambda: _("waiting for more facts from you"),
    State.DISPATCHED: lambda: _("passed on to the unit in charge"),
    State.RETURN_REVIEW: lambda: _("being passed on to the right unit"),
    State.DISPUTE: lambda: _("being passed on to the right unit"),
    State.PROCESSING: lambda: _("being dealt with"),
    State.EXTENSION_REVIEW: lambda: _("being dealt with"),
    State.JOINING: lambda: _("being dealt with"),
    State.SUSPENDED: lambda: _("paused, it will go on later"),
    State.REPLY_REVIEW: lambda: _("dealt with, the reply is being checked"),
    State.CALLBACK: lambda: _("answered, please rate it"),
    State.DISSATISFIED: lambda: _("being looked at again"),
    State.CLOSED: lambda: _("finished"),
    State.CLOSED_DIRECT: lambda: _("answered"),
    State.REJECTED: lambda: _("not taken on, you were told where to go"),
    State.TRANSFERRED: lambda: _("passed on to another body"),
    State.WITHDRAWN: lambda: _("withdrawn"),
    State.MERGED: lambda: _("joined with another matter"),
    State.ARCHIVED: lambda: _("finished and archived"),
}
