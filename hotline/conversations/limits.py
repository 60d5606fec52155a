"""How much may come from one conversation or one address of the network in a while."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from hotline.conversations.errors import TooFast


def spend(*, purpose: str, key: str, limit: int, seconds: int) -> None:
    """Count one use of `purpose` by `key` in the present window of `seconds`. Raises TooFast past `limit`; 0 is no limit."""
    if limit <= 0:
        return
    now = time.time()
    window = int(now // seconds)
    name = f"limit:{purpose}:{key}:{window}"
    cache.add(name, 0, timeout=seconds + 5)
    try:
        used = cache.incr(name)
    except ValueError:  # the entry left the cache between the two calls
        used = 1
    if used > limit:
        raise TooFast(max(1, int((window + 1) * seconds - now)))


def message(conversation_id: object) -> None:
    """Count one message of a conversation. Raises TooFast."""
    spend(purpose="message", key=str(conversation_id), limit=settings.CHAT_MESSAGES_PER_MINUTE, seconds=60)


def start(address: str) -> None:
    """Count one new conversation from an address. Raises TooFast."""
    spend(purpose="start", key=address, limit=settings.CHAT_STARTS_PER_HOUR, seconds=3600)


def address_of(request: HttpRequest) -> str:
    """The network address a request came from; behind our own proxy the one that the proxy saw."""
    if settings.BEHIND_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))
