"""The chat for programs: JSON over plain HTTP. The token that `start` gives is the only key to a conversation."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from hotline.conversations import actions, limits, selectors
from hotline.conversations.errors import BadFrame, ConversationError, TooFast
from hotline.conversations.models import Channel, Conversation

View = Callable[..., HttpResponse]


def _answers_errors(view: View) -> View:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except ConversationError as error:
            response = JsonResponse({"error": {"code": error.code, "message": error.message}}, status=error.status)
            if isinstance(error, TooFast):
                response.headers["Retry-After"] = str(error.seconds)
            return response

    return wrapped


def _body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of the request; form fields count as one. Raises BadFrame."""
    if request.content_type != "application/json":
        return dict(request.POST.items())
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise BadFrame from None
    if not isinstance(body, dict):
        raise BadFrame
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise BadFrame
    return value


@csrf_exempt
@require_POST
@_answers_errors
def start(request: HttpRequest) -> HttpResponse:
    """POST {"language"?} -> 201 {"token", "conversation", "socket", "turns", "status"}."""
    limits.start(limits.address_of(request))
    language = _text(_body(request), "language") or translation.get_language() or "zh-hans"
    conversation = actions.start_conversation(channel=Channel.CHAT, language=language)
    return JsonResponse(
        {
            "token": conversation.token,
            "conversation": str(conversation.pk),
            "socket": f"/ws/chat/{conversation.token}/",
            **_picture(conversation, 0),
        },
        status=201,
    )


@csrf_exempt
@require_POST
@_answers_errors
def say(request: HttpRequest, token: str) -> HttpResponse:
    """POST {"text", "client_ref"?} -> {"turns": new ones, "status"}. The same client_ref again stores nothing."""
    conversation = selectors.by_token(token)
    with translation.override(conversation.language):
        limits.message(conversation.pk)
        body = _body(request)
        turns = actions.citizen_says(conversation=conversation, text=_text(body, "text"), client_ref=_text(body, "client_ref"))
        return _answer(conversation, turns)


@csrf_exempt
@require_POST
@_answers_errors
def key(request: HttpRequest, token: str) -> HttpResponse:
    """POST {"key": "1"} -> as for say: one of the offered choices by its key."""
    conversation = selectors.by_token(token)
    with translation.override(conversation.language):
        limits.message(conversation.pk)
        body = _body(request)
        turns = actions.press_key(conversation=conversation, digit=_text(body, "key"), client_ref=_text(body, "client_ref"))
        return _answer(conversation, turns)


@never_cache
@require_GET
@_answers_errors
def turns(request: HttpRequest, token: str) -> HttpResponse:
    """GET ?after=4 -> {"turns": those numbered above 4, "status"}."""
    conversation = selectors.by_token(token)
    after = request.GET.get("after", "0")
    return JsonResponse(_picture(conversation, int(after) if after.isdecimal() and len(after) < 9 else 0))


@csrf_exempt
@require_POST
@_answers_errors
def end(request: HttpRequest, token: str) -> HttpResponse:
    """POST -> {"status"}: the citizen ends the conversation."""
    conversation = actions.end(conversation=selectors.by_token(token), by="citizen", reason="citizen")
    return JsonResponse({"status": selectors.status_as_json(conversation)})


def _answer(conversation: Conversation, turns: list[Any]) -> HttpResponse:
    conversation.refresh_from_db()
    return JsonResponse(
        {"turns": [selectors.turn_as_json(turn) for turn in turns], "status": selectors.status_as_json(conversation)}
    )


def _picture(conversation: Conversation, after: int) -> dict[str, Any]:
    return {
        "turns": [selectors.turn_as_json(turn) for turn in selectors.turns_after(conversation, after)],
        "status": selectors.status_as_json(conversation),
    }
