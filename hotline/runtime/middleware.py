"""What every HTTP request carries: an id that logs, jobs and history share."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger("hotline.http")

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")
NUMBER = re.compile(r"(?<!\d)\d{12}(?!\d)")  # an order's: a log must not tell that a sealed report exists
SLOW_SECONDS = 1.0


class RequestContextMiddleware:
    """Gives the request its id (`request.request_id`), keeps the one of a trusted proxy, returns it as a header.

    Writes one line for a request that failed or was slow; queries are left out, as they may hold what people typed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "") if settings.BEHIND_PROXY else ""
        request_id = given if SANE.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.monotonic()
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        response.headers[HEADER] = request_id
        seconds = time.monotonic() - began
        level = "warning" if response.status_code >= 500 or seconds > SLOW_SECONDS else "debug"
        getattr(log, level)(
            "http.request",
            request_id=request_id,
            method=request.method,
            path=NUMBER.sub("*", request.path),
            status=response.status_code,
            ms=round(seconds * 1000),
        )
        return response
