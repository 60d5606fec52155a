"""What the citizen's pages read: duty items for a text, places for a name, a draft, an order in friendly words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hotline.portal.models import ReportDraft
from ticketing.orders import selectors as orders
from ticketing.orders.errors import OrderNotFound
from ticketing.orders.models import Attachment, WorkOrder
from ticketing.orders.sealed import by_ref
from ticketing.orders.workflow import State, actions_from
from ticketing.organisation.models import DutyItem, DutyQuestion
from ticketing.organisation.roles import Role


def duty_item(code: str) -> DutyItem | None:
    """An active duty item by code."""
    return DutyItem.objects.filter(code=code, is_active=True).select_related("category", "order_type").first() if code else None


def questions_of(item: DutyItem | None) -> list[DutyQuestion]:
    """The questions of an item that the form asks itself; place has a field of its own."""
    return list(item.questions.exclude(kind=DutyQuestion.Kind.PLACE)) if item else []


def prompt_of(question: DutyQuestion) -> str:
    """The question in the language of the page."""
    return question.prompt_zh if (get_language() or "zh").startswith("zh") else question.prompt_en


def choices_of(question: DutyQuestion) -> list[tuple[str, str]]:
    """Value and label of a question's choices in the language of the page."""
    name = "zh" if (get_language() or "zh").startswith("zh") else "en"
    if question.kind == DutyQuestion.Kind.YES_NO:
        return [("yes", _("Yes")), ("no", _("No"))]
    return [(str(choice["value"]), str(choice.get(name) or choice["value"])) for choice in question.choices]


def draft(key: str) -> ReportDraft | None:
    """A draft by its key."""
    return ReportDraft.objects.filter(key=key).first() if key else None


def draft_data(draft: ReportDraft) -> dict[str, Any]:
    """The fields of a draft."""
    return json.loads(draft.data) if draft.data else {}


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of the way, as `{% progress %}` shows it."""

    label: str
    state: str
    at: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Tracked:
    """An order as its citizen may see it: no name, no number, nothing that was typed."""

    order: WorkOrder
    subject: str
    sentence: str
    next_step: str
    steps: list[Progress]
    replies: list[Any]
    photos: list[Attachment]
    actions: frozenset[str]
    rated: int | None


def tracked(order: WorkOrder) -> Tracked:
    """Everything the tracking page shows of an order."""
    sentence, following = _sentence(order)
    ratings = {rating.kind: rating.score for rating in order.ratings.all()}
    return Tracked(
        order=order,
        subject=str(order.duty_item or order.order_type),
        sentence=sentence,
        next_step=following,
        steps=_steps(order),
        replies=list(orders.public_replies(order)),
        photos=list(order.attachments.filter(public=True)),
        actions=frozenset(str(action) for action in actions_from(State(order.state), Role.CITIZEN)),
        rated=ratings.get("order"),
    )


def _moment(value: datetime | None) -> str:
    return date_format(timezone.localtime(value), _("j F (D) H:i")) if value else ""


def _steps(order: WorkOrder) -> list[Progress]:
    progress = orders.progress_of(order)
    labels = {
        "received": _("Received"),
        "dispatched": _("Passed to a unit"),
        "in_process": _("Being dealt with"),
        "replied": _("Answer given"),
        "closed": _("Finished"),
    }
    reached, ended = progress["reached"], order.state in (State.CLOSED, State.CLOSED_DIRECT, State.ARCHIVED)
    return [
        Progress(
            label=labels[name],
            state="done" if n < reached or (n == reached and ended) else "now" if n == reached else "todo",
            at=moment if n <= reached else None,
            text=str(progress["unit"]) if name == "dispatched" and n <= reached and progress["unit"] else "",
        )
        for n, (name, moment) in enumerate(progress["steps"])
    ]


def _sentence(order: WorkOrder) -> tuple[str, str]:
    """What is the case now, and what happens next, in plain words."""
    unit, due = str(order.unit or ""), _moment(order.due_at)
    match State(order.state):
        case State.DRAFT | State.TRIAGE:
            return _("We have received your matter."), _("Next we find the body that is responsible and pass it on.")
        case State.NEED_INFO:
            question = orders.open_question(order)
            asked = _("We ask you: %(question)s") % {"question": question} if question else _("We need one more fact from you.")
            return asked, _("Please add it below; then the matter goes on at once.")
        case State.DISPATCHED | State.RETURN_REVIEW | State.DISPUTE:
            if not unit:
                return _("We are finding out who is responsible."), _("You need not do anything.")
            return (
                _("Your matter was passed to %(unit)s.") % {"unit": unit},
                _("They must have dealt with it by %(due)s.") % {"due": due} if due else _("They will take it on next."),
            )
        case State.PROCESSING | State.EXTENSION_REVIEW | State.JOINING:
            return (
                _("%(unit)s is dealing with your matter.") % {"unit": unit},
                _("They must answer you by %(due)s.") % {"due": due} if due else _("They will answer you here."),
            )
        case State.SUSPENDED:
            return (
                _("%(unit)s has to wait for something it cannot decide itself.") % {"unit": unit},
                _("The time limit rests meanwhile; it goes on when the reason is gone."),
            )
        case State.REPLY_REVIEW:
            return _("%(unit)s has answered; we are checking the answer.") % {"unit": unit}, _("You get it here after the check.")
        case State.CALLBACK:
            return _("%(unit)s has answered.") % {"unit": unit}, _(
                "Please tell us below whether it is solved, or wait for our call."
            )
        case State.DISSATISFIED:
            return _("You told us that it is not solved."), _("We are checking whether it has to be done again.")
        case State.CLOSED | State.CLOSED_DIRECT | State.ARCHIVED:
            return _("Your matter is finished."), _("You can rate it. If it is not solved after all, tell us within 30 days.")
        case State.REJECTED:
            return _("This matter cannot be dealt with by the hotline."), _("The answer below says where to go instead.")
        case State.TRANSFERRED:
            return _("Your matter was passed to another service."), _("That service deals with it from now on.")
        case State.WITHDRAWN:
            return _("You have withdrawn this matter."), _("You can report it again at any time.")
        case State.MERGED:
            return (
                _("Your matter is dealt with together with another report of the same thing."),
                _("What is found out there is answered here too."),
            )
    return str(State(order.state).label), ""


def order_of(draft: ReportDraft) -> WorkOrder:
    """The order that a draft became. Raises OrderNotFound."""
    order = by_ref(draft.order_number)
    if order is None:
        raise OrderNotFound(draft.order_number)
    return order
