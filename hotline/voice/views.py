"""The citizen's call page, and what Twilio asks by HTTP."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST
from twilio.twiml.voice_response import Connect, VoiceResponse

from hotline.conversations import actions as conversations
from hotline.conversations import limits
from hotline.conversations import selectors as conversation_selectors
from hotline.conversations.errors import TooFast
from hotline.voice import actions, selectors
from hotline.voice.adapters import twilio
from hotline.voice.models import Incident
from hotline.voice.tokens import CallGrant, grant
from speech_models import service

OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
# What networks send in the place of a withheld number; +266696687 spells ANONYMOUS.
WITHHELD = frozenset({"", "anonymous", "unavailable", "restricted", "unknown", "+266696687", "266696687"})
KEYPAD = "123456789*0#"


@require_GET
@ensure_csrf_cookie
def call_page(request: HttpRequest) -> HttpResponse:
    """Call the hotline from the browser: speak, type, or press keys."""
    context = {"line": selectors.main_line(), "builtin_model": service.uses_builtin(), "keypad": KEYPAD}
    return render(request, "voice/call.html", context)


@require_POST
def call_token(request: HttpRequest) -> JsonResponse:
    """A short-lived token for one call from a page."""
    try:
        limits.start(limits.address_of(request))
    except TooFast as error:
        answer = JsonResponse({"error": {"code": error.code, "message": error.message}}, status=error.status)
        answer["Retry-After"] = str(error.seconds)
        return answer
    line = selectors.main_line()
    language = "en" if (get_language() or "").startswith("en") else "zh-hans"
    call = CallGrant(channel="browser", line=line.number if line else "", language=language)
    return JsonResponse({"token": grant(call)})


@csrf_exempt
@require_POST
def twilio_incoming(request: HttpRequest) -> HttpResponse:
    """Twilio asks what to do with a call: connect its sound to our socket, with a token that names line and caller."""
    if not _signed(request):
        actions.note_incident(
            kind=Incident.Kind.BAD_SIGNATURE, detail="incoming webhook", external_id=request.POST.get("CallSid", "")
        )
        return HttpResponseForbidden("The signature does not fit. Check TWILIO_AUTH_TOKEN and PUBLIC_BASE_URL.")
    caller = request.POST.get("From", "").strip()
    line = selectors.line_for(request.POST.get("To", ""))
    call = CallGrant(
        channel="voice",
        line=line.number if line else "",
        caller="" if caller.lower() in WITHHELD else caller[:32],
        external_id=request.POST.get("CallSid", "")[:64],
    )
    response = VoiceResponse()
    connect = Connect()
    stream = connect.stream(url=twilio.media_url(_public_base(request)))
    stream.parameter(name="token", value=grant(call))
    response.append(connect)
    return HttpResponse(str(response), content_type="text/xml; charset=utf-8")


@csrf_exempt
@require_POST
def twilio_status(request: HttpRequest) -> HttpResponse:
    """Twilio says that a call is over, also when its socket never said so."""
    if not _signed(request):
        actions.note_incident(
            kind=Incident.Kind.BAD_SIGNATURE, detail="status webhook", external_id=request.POST.get("CallSid", "")
        )
        return HttpResponseForbidden("The signature does not fit.")
    sid, status = request.POST.get("CallSid", ""), request.POST.get("CallStatus", "")
    conversation = conversation_selectors.by_external_id("voice", sid) if sid and status in OVER else None
    if conversation is not None:
        conversations.break_off(conversation=conversation, reason=f"twilio_{status}"[:40])
    return HttpResponse(status=204)


def _public_base(request: HttpRequest) -> str:
    return settings.PUBLIC_BASE_URL or f"{request.scheme}://{request.get_host()}"


def _signed(request: HttpRequest) -> bool:
    url = _public_base(request) + request.get_full_path()
    signature = request.headers.get("X-Twilio-Signature", "")
    return twilio.webhook_signature_ok(url, {key: str(value) for key, value in request.POST.items()}, signature)
