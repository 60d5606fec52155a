"""One order: everything on its page apart from what can be done."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language

from ticketing.clocks.models import Clock, ClockKind
from ticketing.clocks.selectors import ClockPanel, clock_panel
from ticketing.desk.selectors.inbox import marked
from ticketing.desk.selectors.rows import DONE_STATES, clock_view
from ticketing.desk.selectors.story import happenings
from ticketing.dispatch.neighbours import neighbours
from ticketing.orders import selectors as orders
from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import Staff


def order_detail(order: WorkOrder, staff: Staff) -> dict[str, Any]:
    """Everything on the order's page apart from what can be done."""
    panels = [clock_view(panel) for panel in _panels(order)]
    whole = orders.sees_whole(staff, order)
    running = [view for view in panels if not view.done]
    ended = [view for view in panels if view.done]
    main = next((v for v in running if v.panel.clock.kind == ClockKind.HANDLE), running[0] if running else None)
    return {
        "order": order,
        "marked": marked(order),
        "clocks": sorted(running, key=lambda view: view is not main) + ended,
        "clock": main,
        "meaning": "done" if order.state in DONE_STATES else main.meaning if main else "normal",
        "events": happenings(order, staff),
        "contact": orders.contact_of(order, staff),
        "may_reveal": orders.may_reveal(order, staff),
        "files": [f for f in order.attachments.all() if whole or f.purpose == "report"],
        "replies": list(order.replies.select_related("unit")) if whole else [],
        "similar": neighbours(order) if whole else [],
        "earlier": [o for o in orders.earlier_orders(order.citizen, limit=6) if o.pk != order.pk][:5] if whole else [],
        "assists": list(order.assists.select_related("unit")),
        "whole": whole,
        "watches": list(order.supervisions.all()) if whole else [],
        "held": held_against(order, staff, whole),
        "receiver": None if order.signed_at else orders.first_receiver(order),
        "copied": [copy.unit for copy in order.copies.select_related("unit")] if whole else [],
        "answers": question_answers(order),
        "merged": list(order.merged_orders.all()[:10]) if whole else [],
    }


def held_against(order: WorkOrder, staff: Staff, whole: bool) -> list[Any]:
    """Cards and findings of the order; a unit that does not hold it sees its own alone."""
    rows: list[Any] = [*order.cards.select_related("unit"), *order.findings.select_related("unit")]
    if not whole:
        own = orders.unit_ids_of(staff)
        rows = [row for row in rows if row.unit_id in own]
    return sorted(rows, key=lambda row: row.issued_at)


def _panels(order: WorkOrder) -> list[ClockPanel]:
    clocks = Clock.objects.filter(order_number=order.ref).select_related("calendar").prefetch_related("pauses")
    return [clock_panel(clock) for clock in clocks.order_by("started_at", "pk")]


def question_answers(order: WorkOrder) -> list[tuple[str, str]]:
    """The item's questions with what the citizen answered, choices in words."""
    if not order.answers:
        return []
    chinese = (get_language() or "zh").startswith("zh")
    known = {q.slot: q for q in order.duty_item.questions.all()} if order.duty_item else {}
    answered = []
    for slot, value in order.answers.items():
        question = known.get(slot)
        label = (question.prompt_zh if chinese else question.prompt_en) if question else slot
        names = {str(c.get("value")): c.get("zh" if chinese else "en", "") for c in (question.choices if question else [])}
        answered.append((label, names.get(str(value)) or str(value)))
    return answered
