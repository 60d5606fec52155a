"""How the API says that something went wrong: always what, and what to do about it."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler

from ticketing.orders.errors import IllegalTransition, InvalidOrder, OrderError, StaleOrder


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Orders' refusals as JSON with a stable `code`; everything else as Django REST framework does it."""
    if not isinstance(error, OrderError):
        return default_handler(error, context)
    body: dict[str, Any] = {"code": error.code, "detail": str(error)}
    match error:
        case IllegalTransition():
            body |= {"state": error.state, "allowed": [str(a) for a in error.allowed]}
        case StaleOrder():
            body |= {"version": error.version}
        case InvalidOrder():
            body |= {"field": error.field, "hint": error.hint}
    return Response(body, status=error.status)
