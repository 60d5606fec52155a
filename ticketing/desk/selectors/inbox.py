"""What the dispatcher's inbox shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from ticketing.dispatch.candidates import facts_of, rank
from ticketing.dispatch.neighbours import neighbours
from ticketing.dispatch.selectors import latest_decision
from ticketing.orders import selectors as orders
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import Action, State
from ticketing.organisation.models import Staff

INBOX_STATES = (State.TRIAGE, State.RETURN_REVIEW, State.DISPUTE, State.REPLY_REVIEW, State.EXTENSION_REVIEW)


def inbox_counts(staff: Staff) -> list[tuple[State, int]]:
    """How many orders wait for a dispatcher, by what they wait for."""
    counted = orders.visible_orders(staff).filter(state__in=INBOX_STATES).order_by().values_list("state").annotate(n=Count("pk"))
    by_state = dict(counted)
    return [(state, by_state.get(state, 0)) for state in INBOX_STATES]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One candidate unit as the inbox shows it: `share` of the best score, 0 to 100, and the reason in one line."""

    key: int
    unit: int
    unit_name: str
    score: float
    share: int
    reasons: list[dict[str, Any]]

    @property
    def reason(self) -> str:
        """The reasons in one line: what the dispatch is recorded with."""
        return "；".join(str(r["text"]) for r in self.reasons)[:300]


def proposals(order: WorkOrder, *, limit: int = 3) -> list[Proposal]:
    """The best units for an order: those of the last decision, or ranked now where none was taken yet."""
    decision = latest_decision(order)
    found = decision.candidates if decision and decision.candidates else [c.as_json() for c in rank(facts_of(order), limit=limit)]
    best = max((float(c["score"]) for c in found), default=0) or 1
    return [
        Proposal(key, c["unit"], c["unit_name"], c["score"], max(4, round(100 * float(c["score"]) / best)), c["reasons"])
        for key, c in enumerate(found[:limit], 1)
    ]


def marked(order: WorkOrder, *, most: int = 12) -> list[tuple[str, str]]:
    """The order's text cut into (piece, kind), where kind is place, time, item or empty for plain text."""
    words: dict[str, str] = {}
    place_words = [
        order.place_text,
        *([order.place.name, *order.place.aliases] if order.place else []),
        order.region.name if order.region else "",
    ]
    for kind, entries in (
        ("item", order.duty_item.keywords if order.duty_item else []),
        ("time", [order.incident_time]),
        ("place", place_words),
    ):
        words.update({word: kind for word in entries if word and len(word) > 1})
    if not words:
        return [(order.content, "")]
    longest_first = sorted(words, key=len, reverse=True)[: most * 4]
    pieces = re.split("(" + "|".join(map(re.escape, longest_first)) + ")", order.content)
    return [(piece, words.get(piece, "")) for piece in pieces if piece]


def inbox_detail(order: WorkOrder, staff: Staff) -> dict[str, Any]:
    """What the inbox shows beside its list: text, people, alike orders, candidates, the reply or return in question."""
    detail: dict[str, Any] = {
        "order": order,
        "marked": marked(order),
        "contact": orders.contact_of(order, staff),
        "similar": neighbours(order),
        "earlier": [o for o in orders.earlier_orders(order.citizen, limit=4) if o.pk != order.pk][:3],
        "files": list(order.attachments.all()),
    }
    if order.state == State.TRIAGE:
        detail["proposals"] = proposals(order)
    elif order.state == State.REPLY_REVIEW:
        detail["reply"] = pending_reply(order)
    elif order.state == State.EXTENSION_REVIEW:
        detail["extension"] = last_event(order, Action.REQUEST_EXTENSION)
        detail["asked"] = order.extensions.order_by("-round").first()
    elif order.state in (State.RETURN_REVIEW, State.DISPUTE):
        detail["returned"] = last_event(order, Action.REQUEST_RETURN)
        detail["proposals"] = [p for p in proposals(order, limit=4) if p.unit != order.unit_id][:3]
    return detail


def pending_reply(order: WorkOrder) -> Any:
    """The reply that waits for a decision, or None."""
    return order.replies.filter(status="submitted", is_stage=False).select_related("unit").order_by("-created_at").first()


def last_event(order: WorkOrder, action: Action) -> orders.TimelineEntry | None:
    """The last event of `action` with its texts."""
    event = (
        order.events.filter(action=action).prefetch_related("commitments").select_related("actor_unit").order_by("-seq").first()
    )
    return orders.TimelineEntry(event, {c.field: c.value for c in event.commitments.all()}) if event else None
