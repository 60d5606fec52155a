"""The table of limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from ticketing.clocks.models import Measure, TimeLimit
from ticketing.clocks.selectors import parse_limit
from ticketing.organisation import kept
from ticketing.organisation.models import DutyCategory, DutyItem, OrderType


def import_time_limits(rows: Iterable[dict[str, Any]]) -> int:
    """Replace the table of limits with `rows`: kind, order_type, urgency, level, category, duty_item, value, measure,
    warn_fraction, legal_limit ("20 working_days") and end_day_included.

    Raises ValueError naming the row that refers to something unknown.
    """
    types = {t.code: t for t in OrderType.objects.all()}
    items = {i.code: i for i in DutyItem.objects.all()}
    categories = {c.code: c for c in DutyCategory.objects.all()}
    limits = []
    for number, row in enumerate(rows, 1):
        try:
            limits.append(
                TimeLimit(
                    kind=row["kind"],
                    order_type=types[row["order_type"]] if row.get("order_type") else None,
                    urgency=row.get("urgency") or "",
                    level=row.get("level") or "",
                    category=categories[row["category"]] if row.get("category") else None,
                    duty_item=items[row["duty_item"]] if row.get("duty_item") else None,
                    value=int(row["value"]),
                    measure=Measure(row.get("measure") or row["unit"]).value,
                    warn_fraction=float(row.get("warn_fraction") or 0.75),
                    legal_limit=_legal(row.get("legal_limit") or ""),
                    end_day_included=bool(row.get("end_day_included", True)),
                )
            )
        except (KeyError, ValueError) as error:
            raise ValueError(f"time limit {number}: {error}") from error
    with transaction.atomic():
        TimeLimit.objects.all().delete()
        TimeLimit.objects.bulk_create(limits)
    kept.forget()
    return len(limits)


def _legal(text: str) -> str:
    if text and parse_limit(text, "legal") is None:
        raise ValueError(f'"{text}" is not a limit such as "20 working_days"')
    return text
