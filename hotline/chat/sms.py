"""Text messages by Twilio's webhook: the same conversation record, answered in TwiML.

Parameters and signature: Twilio, "Receive and reply to messages" and "Validating requests".
"""

from __future__ import annotations

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from hotline.conversations import actions, bot, limits, selectors
from hotline.conversations.errors import ConversationError
from hotline.conversations.models import Channel, Conversation, Turn
from ticketing.citizens.sealing import blind_index
from ticketing.notices import surveys

log = structlog.get_logger(__name__)

MESSAGE_CHARS = 1600  # Twilio's limit of one message
SHORT_ANSWER = 4  # characters; what is longer is words, not a key


@csrf_exempt
@require_POST
def incoming(request: HttpRequest) -> HttpResponse:
    """One text message from a citizen. 403 for a wrong signature, 400 without a sender."""
    if not _signed(request):
        log.warning("sms.bad_signature")
        return HttpResponse(_("The signature does not fit this address and token."), status=403, content_type="text/plain")
    sender, text = request.POST.get("From", ""), request.POST.get("Body", "")
    if not sender:
        return HttpResponse(_("From is missing."), status=400, content_type="text/plain")
    if (thanks := _survey_answer(sender, text.strip())) is not None:
        answer = MessagingResponse()
        answer.message(thanks)
        return HttpResponse(str(answer), content_type="text/xml; charset=utf-8")
    try:
        # The sender's number is personal, so the outside reference is its blind index.
        conversation = actions.start_conversation(
            channel=Channel.SMS, line=request.POST.get("To", "")[:20], caller=sender, external_id=blind_index(sender, "sms")
        )
        with translation.override(conversation.language):
            limits.message(conversation.pk)
            turns = _take(conversation, text.strip(), request.POST.get("MessageSid", ""))
        replies = [_as_message(turn) for turn in turns if turn.speaker != Turn.Speaker.CITIZEN]
    except ConversationError as error:
        replies = [error.message]
    answer = MessagingResponse()
    for part in _parts(replies):
        answer.message(part)
    return HttpResponse(str(answer), content_type="text/xml; charset=utf-8")


def _survey_answer(sender: str, text: str) -> str | None:
    """A digit from 1 to 5 from somebody whose survey is open, and who is not choosing in a talk: thanks; else None."""
    if text not in {"1", "2", "3", "4", "5"}:
        return None
    talk = selectors.by_external_id(Channel.SMS, blind_index(sender, "sms"))
    choosing = talk is not None and any(choice.key == text for choice in bot.recall(talk.dialogue).choices)
    survey = None if choosing else surveys.open_for(sender)
    if survey is None:
        return None
    with translation.override(survey.order.language):
        try:
            surveys.answer_survey(survey=survey, score=int(text), channel="sms")
        except surveys.SurveyClosed as error:
            return str(error)
        return _("Thank you. Your answer is kept with your matter.")


def _take(conversation: Conversation, text: str, sid: str) -> list[Turn]:
    offered = {choice.key for choice in bot.recall(conversation.dialogue).choices if choice.key}
    if conversation.owner == Conversation.Owner.BOT and len(text) <= SHORT_ANSWER and text in offered:
        return actions.press_key(conversation=conversation, digit=text, client_ref=sid)
    return actions.citizen_says(conversation=conversation, text=text, client_ref=sid)


def _as_message(turn: Turn) -> str:
    """A turn as plain text: choices as a numbered list, the source of an answer below it."""
    lines = [turn.text]
    lines += [f"{choice['key']}. {choice['label']}" for choice in turn.data.get("choices", ()) if choice.get("key")]
    lines += [
        _("Source: %(title)s") % {"title": " ".join(filter(None, (source.get("title"), source.get("article"))))}
        for source in turn.data.get("sources", ())[:1]
    ]
    return "\n".join(lines)


def _parts(replies: list[str]) -> list[str]:
    whole = "\n\n".join(filter(None, replies))
    return [whole[start : start + MESSAGE_CHARS] for start in range(0, len(whole), MESSAGE_CHARS)]


def _signed(request: HttpRequest) -> bool:
    """Whether Twilio signed this request for our public address; without a token nothing is checked."""
    if not settings.TWILIO_AUTH_TOKEN:
        return True
    base = settings.PUBLIC_BASE_URL
    url = base + request.get_full_path() if base else request.build_absolute_uri()
    signature = request.headers.get("X-Twilio-Signature", "")
    return bool(RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(url, request.POST.dict(), signature))
