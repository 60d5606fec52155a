"""Finding orders by number, words, state and unit."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from ticketing.orders import numbers
from ticketing.orders import selectors as orders
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import State
from ticketing.organisation.models import Staff


def find_orders(staff: Staff, *, words: str = "", state: str = "", unit: int | None = None) -> QuerySet[WorkOrder]:
    """Orders by number (whole or its beginning), by words in title or content, by state and unit; newest first."""
    found = orders.visible_orders(staff).order_by("-created_at")
    compact = "".join(words.split())
    if compact.isdigit() and len(compact) >= 4:
        found = found.filter(number__startswith=compact[:12])
    else:
        for word in words.split()[:5]:
            found = found.filter(Q(title__icontains=word) | Q(content__icontains=word) | Q(place_text__icontains=word))
    if state in State.values:
        found = found.filter(state=state)
    if unit:
        found = found.filter(unit_id=unit)
    return found


def looks_like_number(words: str) -> str:
    """The order number that was typed or pasted, or an empty text."""
    compact = "".join(words.split())
    return compact if numbers.is_valid(compact) else ""
