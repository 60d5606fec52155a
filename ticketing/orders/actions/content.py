"""Content of the orders room that a city brings along: grounds of return, the checklist of the reply review."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from ticketing.orders.models import ReplyCheck, ReturnReason


@transaction.atomic
def import_return_reasons(rows: Iterable[dict[str, Any]]) -> int:
    """Upsert grounds by code: {code, zh, en, needs_unit, needs_evidence}. Raises KeyError for a missing field."""
    count = 0
    for position, row in enumerate(rows, 1):
        fields = {
            "name_zh": row["zh"],
            "name_en": row["en"],
            "position": position,
            "needs_unit": bool(row.get("needs_unit")),
            "needs_evidence": bool(row.get("needs_evidence")),
        }
        ReturnReason.objects.update_or_create(code=row["code"], defaults=fields)
        count += 1
    return count


@transaction.atomic
def import_reply_checks(rows: Iterable[dict[str, Any]]) -> int:
    """Upsert lines of the checklist by code: {code, zh, en, required}. Raises KeyError for a missing field."""
    count = 0
    for position, row in enumerate(rows, 1):
        fields = {"name_zh": row["zh"], "name_en": row["en"], "position": position, "required": bool(row.get("required"))}
        ReplyCheck.objects.update_or_create(code=row["code"], defaults=fields)
        count += 1
    return count
