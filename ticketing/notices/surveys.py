"""The satisfaction survey by text message: asked once an order waits for its call-back, answered by link or by digit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import base36_to_int, int_to_base36
from django.utils.translation import gettext as _

from ticketing.citizens.actions import InvalidContact, normalise_phone
from ticketing.citizens.sealing import blind_index
from ticketing.notices.actions import Facts, active_template, facts
from ticketing.notices.models import CallbackScript, Notice, Survey
from ticketing.orders.actions import days_tried, give_up_callback, record_callback
from ticketing.orders.errors import IllegalTransition, InvalidOrder, NotAllowed, OrderError
from ticketing.orders.models import OrderEvent, Secrecy, WorkOrder
from ticketing.orders.workflow import Action, State, actions_from
from ticketing.organisation.actor import SYSTEM, Actor, citizen_actor
from ticketing.organisation.models import OrderType
from ticketing.organisation.roles import Role
from ticketing.outbox.actions import enqueue_all

TEMPLATE = "satisfaction_survey"
ASKERS = frozenset({Role.CALLBACK, Role.SHIFT_LEADER, Role.SYSTEM})
SIGN_CHARS = 12


class SurveyClosed(OrderError):
    """The survey was answered, has lapsed, or the citizen was called meanwhile."""

    code = "survey_closed"
    status = 409


def code_of(survey: Survey) -> str:
    """What stands in the link: the survey's number and a signature over it."""
    number = int_to_base36(survey.pk)
    return f"{number}-{_signature(number)}"


def _signature(number: str) -> str:
    return salted_hmac("notices.survey", number, algorithm="sha256").hexdigest()[:SIGN_CHARS]


def by_code(code: str) -> Survey | None:
    """The survey behind a link, or None for a forged or mistyped one."""
    number, _dash, given = code.partition("-")
    if not number or len(number) > 12 or not constant_time_compare(given, _signature(number)):
        return None
    try:
        return Survey.objects.select_related("order__unit").filter(pk=base36_to_int(number)).first()
    except ValueError:
        return None


def open_for(phone: str) -> Survey | None:
    """The survey that waits for the reply of a telephone, the latest first."""
    try:
        index = blind_index(normalise_phone(phone), "survey")
    except InvalidContact:
        return None
    waiting = Survey.objects.filter(phone_index=index, ended_at=None, open_until__gte=timezone.now())
    return waiting.select_related("order").order_by("-sent_at").first()


@transaction.atomic
def ask_survey(*, order: WorkOrder, actor: Actor, last_try: bool = False) -> Survey:
    """Send the survey. One is open at a time; a sealed report is never asked about by message.

    Raises IllegalTransition unless the order waits for its call-back, NotAllowed, InvalidOrder where nothing can be sent.
    """
    if actor.role not in ASKERS:
        raise NotAllowed(_("Only a call-back agent or a shift leader sends surveys."))
    kept = WorkOrder.objects.select_for_update(of=("self",)).select_related("citizen", "unit", "order_type").get(pk=order.pk)
    if kept.state != State.CALLBACK:
        raise IllegalTransition(Action.CLOSE, kept.state, actions_from(State(kept.state), actor.role))
    template, phone = active_template(TEMPLATE), kept.citizen.phone if kept.citizen else ""
    if template is None:
        raise InvalidOrder("template", _("The words of the survey are switched off or missing in the notice templates."))
    if not phone or kept.secrecy == Secrecy.SEALED:
        raise InvalidOrder("phone", _("No message can be sent for this order: there is no number, or the report is sealed."))
    if kept.surveys.filter(ended_at=None).exists():
        raise InvalidOrder("survey", _("A survey is open already and waits for its answer."))
    now = timezone.now()
    survey = Survey.objects.create(
        order=kept,
        phone_index=blind_index(normalise_phone(phone), "survey"),
        asked_by=actor.name,
        last_try=last_try,
        sent_at=now,
        open_until=now + timedelta(days=settings.SURVEY_DAYS),
    )
    text = template.text_zh if kept.language.startswith("zh") else template.text_en
    link = f"{settings.PUBLIC_BASE_URL}/r/{code_of(survey)}/"
    notice = Notice.objects.create(
        template=template, order_number=kept.number, recipient=phone, body=text.format_map(Facts(facts(kept) | {"link": link}))
    )
    enqueue_all([("notices.send", {"notices": [notice.pk]})])
    return survey


@transaction.atomic
def answer_survey(*, survey: Survey, score: int, channel: str, solved: bool | None = None, note: str = "") -> WorkOrder:
    """The citizen's answer, 1 to 5: it is the order's call-back and its rating of the handling, of nothing else.

    Raises SurveyClosed, InvalidOrder.
    """
    if not 1 <= score <= 5:
        raise InvalidOrder("score", _("Choose 1 to 5."))
    kept = Survey.objects.select_for_update(of=("self",)).select_related("order").get(pk=survey.pk)
    now = timezone.now()
    if kept.ended_at is not None or kept.open_until < now:
        raise SurveyClosed(_("This survey is closed. Thank you all the same."))
    try:
        done = record_callback(
            order=kept.order,
            actor=citizen_actor(channel=channel),
            reached=True,
            solved=solved,
            satisfaction=score,
            note=note.strip()[:300],
        )
    except IllegalTransition:
        raise SurveyClosed(_("This survey is closed. Thank you all the same.")) from None
    kept.score, kept.answered_at, kept.ended_at = score, now, now
    kept.save(update_fields=["score", "answered_at", "ended_at"])
    return done


def ask_after_vain_calls(*, event_ids: Iterable[int]) -> list[Survey]:
    """Where a message follows calls in vain (CALLBACK_THEN=sms): send it after the last day of trying. Idempotent."""
    if settings.CALLBACK_THEN != "sms":
        return []
    events = OrderEvent.objects.filter(pk__in=list(event_ids), action=Action.NOTE_UNREACHED).select_related("order")
    sent = []
    for event in events:
        if event.order.surveys.filter(last_try=True, sent_at__gte=event.at).exists() or days_tried(event.order) < (
            settings.CALLBACK_DAYS
        ):
            continue
        try:
            sent.append(ask_survey(order=event.order, actor=SYSTEM, last_try=True))
        except InvalidOrder:  # no telephone, or no words: nothing more can be tried
            if not event.order.surveys.filter(ended_at=None).exists():
                give_up_callback(order=event.order, actor=SYSTEM, note=_("No message could be sent."))
        except IllegalTransition:  # it was answered meanwhile
            continue
    return sent


def end_surveys() -> int:
    """End what nobody answered, or what a call overtook; an order that was tried out closes without a rating."""
    now, ended = timezone.now(), 0
    over = Survey.objects.filter(ended_at=None).exclude(open_until__gte=now, order__state=State.CALLBACK)
    for survey in over.select_related("order")[:500]:
        with transaction.atomic():
            Survey.objects.filter(pk=survey.pk).update(ended_at=now)
            if survey.last_try and survey.order.state == State.CALLBACK:
                give_up_callback(order=survey.order, actor=SYSTEM, note=_("The survey was not answered."))
        ended += 1
    return ended


def script_for(order: WorkOrder) -> str:
    """What to say in the call about an order, filled in; empty where no script fits."""
    scripts = CallbackScript.objects.filter(is_active=True)
    fitting = [
        script
        for script in scripts
        if script.order_type_id in (None, order.order_type_id) and (not script.redone or order.redo_count)
    ]
    if not fitting:
        return ""
    best = max(fitting, key=lambda script: (script.redone, script.order_type_id is not None))
    text = best.text_zh if order.language.startswith("zh") else best.text_en
    return text.format_map(Facts(facts(order) | {"query_code": "", "place": order.place_text, "redone": str(order.redo_count)}))


@transaction.atomic
def import_scripts(*, rows: Iterable[dict[str, Any]]) -> int:
    """Upsert scripts by code: {code, order_type, redone, zh, en}. Raises KeyError for a missing field."""
    types = {row.code: row for row in OrderType.objects.all()}
    count = 0
    for row in rows:
        fields = {
            "order_type": types[row["order_type"]] if row.get("order_type") else None,
            "redone": bool(row.get("redone")),
            "text_zh": row["zh"],
            "text_en": row["en"],
        }
        CallbackScript.objects.update_or_create(code=row["code"], defaults=fields)
        count += 1
    return count
