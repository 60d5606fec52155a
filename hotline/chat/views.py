"""The chat page. It works as a plain page with forms; a script makes it live where there is one."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from hotline.conversations import actions, limits, selectors
from hotline.conversations.errors import ConversationError, UnknownConversation
from hotline.conversations.models import Channel, Conversation, Turn

COOKIE = "chat"
COOKIE_SECONDS = 24 * 3600
COOKIE_SALT = "hotline.chat"


def _mine(request: HttpRequest) -> tuple[str, Conversation | None]:
    token = request.get_signed_cookie(COOKIE, default="", salt=COOKIE_SALT, max_age=COOKIE_SECONDS) or ""
    try:
        return token, selectors.by_token(token)
    except UnknownConversation:
        return "", None


@never_cache
@require_GET
def room(request: HttpRequest) -> HttpResponse:
    """The conversation of this browser, or the invitation to begin one (`?q=` is a first question)."""
    token, conversation = _mine(request)
    return _page(request, token, conversation, text=request.GET.get("q", "")[:200])


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Begin a conversation; a text sent with it is its first message. The key goes into a cookie of this browser."""
    token, conversation = _mine(request)
    text = request.POST.get("text", "")
    response = redirect(reverse("chat:room") + "#say")
    try:
        if conversation is None or conversation.status == Conversation.Status.ENDED:
            limits.start(limits.address_of(request))
            language = translation.get_language() or "zh-hans"
            conversation = actions.start_conversation(channel=Channel.CHAT, language=language)
            token = conversation.token
            _keep(request, response, token)
        if text.strip():
            limits.message(conversation.pk)
            actions.citizen_says(conversation=conversation, text=text, client_ref=request.POST.get("client_ref", ""))
    except ConversationError as error:
        page = _page(request, token, conversation, text=text, error=error)
        if conversation is not None:
            _keep(request, page, token)
        return page
    return response


@require_POST
def say(request: HttpRequest) -> HttpResponse:
    """Send a message, or press one of the offered choices, without a script."""
    token, conversation = _mine(request)
    if conversation is None:
        return start(request)
    text, key, ref = request.POST.get("text", ""), request.POST.get("key", ""), request.POST.get("client_ref", "")
    try:
        limits.message(conversation.pk)
        if key:
            actions.press_key(conversation=conversation, digit=key, client_ref=ref)
        else:
            actions.citizen_says(conversation=conversation, text=request.POST.get("choice") or text, client_ref=ref)
    except ConversationError as error:
        conversation.refresh_from_db()
        return _page(request, token, conversation, text=text, error=error)
    return redirect(reverse("chat:room") + "#say")


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End the conversation of this browser."""
    _token, conversation = _mine(request)
    if conversation is not None:
        actions.end(conversation=conversation, by="citizen", reason="citizen")
    return redirect("chat:room")


def _page(
    request: HttpRequest, token: str, conversation: Conversation | None, *, text: str = "", error: ConversationError | None = None
) -> HttpResponse:
    turns = selectors.turns_after(conversation, 0) if conversation else []
    last = turns[-1] if turns else None
    context = {
        "conversation": conversation,
        "is_open": conversation is not None and conversation.status != Conversation.Status.ENDED,
        "token": token,
        "turns": turns,
        "status": selectors.status_as_json(conversation) if conversation else {},
        # of the turns shown here: the bot may have answered since the conversation was read
        "last_seq": last.seq if last else 0,
        "choices": last.data.get("choices", []) if last and last.speaker == Turn.Speaker.BOT else [],
        "text": text,
        "error": error,
        "limit": settings.TEXT_MAX_CHARS,
        "client_ref": secrets.token_hex(12),
    }
    return render(request, "chat/room.html", context, status=error.status if error else 200)


def _keep(request: HttpRequest, response: HttpResponse, token: str) -> None:
    response.set_signed_cookie(
        COOKIE,
        token,
        salt=COOKIE_SALT,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
        path="/chat/",
    )
