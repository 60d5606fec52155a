"""Reading the watch: what waits, alerts and cards by filter, who may see which card."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from ticketing.inspection.watch_models import WATCHERS, Alert, AlertRule, WatchCard
from ticketing.orders.models import Card, Contestable, WorkOrder
from ticketing.orders.selectors import unit_ids_of, visible_orders
from ticketing.orders.workflow import OPEN, WITH_UNIT, State
from ticketing.organisation.actor import Actor, staff_actor
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import UNIT_ROLES, Role

WORDS_MAX = 5


def watcher_of(staff: Staff, *, channel: str = "desk", request_id: str = "") -> Actor | None:
    """The person as an inspector of the watch; None for everyone else."""
    if not staff.has_role(*WATCHERS):
        return None
    return staff_actor(staff, role=Role.INSPECTOR, channel=channel, request_id=request_id)


def appellant_of(staff: Staff, card: WatchCard, *, channel: str = "desk", request_id: str = "") -> Actor | None:
    """The person in a role of the unit that the card is against; None for everyone else."""
    above = {card.unit_id, *card.unit.ancestors().values_list("pk", flat=True)}
    for held in staff.appointments_now():
        if held.role in UNIT_ROLES and held.unit_id in above:
            return Actor(
                kind="staff",
                role=Role(held.role),
                name=staff.display_name,
                staff_id=staff.pk,
                unit_id=held.unit_id,
                request_id=request_id,
                channel=channel,
            )
    return None


def watch_counts(staff: Staff, *, now: datetime) -> dict[str, int]:
    """What the watch looks at first, in two queries over orders and cards."""
    late = Q(state__in=WITH_UNIT - {State.REPLY_REVIEW}, due_at__lte=now)
    seen = visible_orders(staff).filter(state__in=OPEN).order_by()
    counts: dict[str, Any] = seen.aggregate(
        overdue=Count("pk", filter=late),
        supervised=Count("pk", filter=Q(supervised=True)),
        returned=Count("pk", filter=Q(return_count__gte=1)),
    )
    counts["alerts"] = find_alerts(state="open").count()
    counts["appeals"] = WatchCard.objects.filter(status=Contestable.Status.APPEALED).count()
    return counts


def hotline_cards(staff: Staff, *, limit: int = 20) -> QuerySet[Card]:
    """The hotline's own cards on orders that the person may see, newest first."""
    visible: QuerySet[WorkOrder] = visible_orders(staff)
    found = Card.objects.filter(order__in=visible.values("pk").order_by()).select_related("unit", "order")
    return found.order_by("-issued_at")[:limit]


def find_alerts(*, words: str = "", state: str = "", rule: int | None = None) -> QuerySet[Alert]:
    """Alerts, those that nobody acknowledged first; `state` is open or done."""
    found = Alert.objects.select_related("rule", "order", "unit")
    for word in _words(words):
        anywhere = Q(order__number__startswith=word) | Q(order__title__icontains=word) | Q(unit__name__icontains=word)
        found = found.filter(anywhere | Q(note__icontains=word))
    if state in ("open", "done"):
        found = found.filter(acknowledged_at__isnull=state == "open")
    if rule is not None:
        found = found.filter(rule=rule)
    return found.order_by("acknowledged_at", "-raised_at", "-pk") if state == "done" else found.order_by("-raised_at", "-pk")


def rules() -> QuerySet[AlertRule]:
    """All rules with the number of their alerts that wait."""
    waiting = Count("alerts", filter=Q(alerts__acknowledged_at=None))
    return AlertRule.objects.annotate(waiting=waiting).order_by("kind", "threshold", "pk")


def visible_cards(staff: Staff) -> QuerySet[WatchCard]:
    """Cards that the person may see: the watch and the hotline's leaders all of them, a unit its own."""
    found = WatchCard.objects.select_related("unit", "order", "alert__rule")
    if staff.has_role(*WATCHERS, Role.SUPERVISOR, Role.SHIFT_LEADER, Role.LEADER):
        return found
    return found.filter(unit_id__in=unit_ids_of(staff))


def find_cards(staff: Staff, *, words: str = "", status: str = "", colour: str = "") -> QuerySet[WatchCard]:
    """Visible cards by words, status and colour, newest first."""
    found = visible_cards(staff)
    for word in _words(words):
        found = found.filter(Q(unit__name__icontains=word) | Q(reason__icontains=word) | Q(order__number__startswith=word))
    if status in Contestable.Status.values:
        found = found.filter(status=status)
    if colour in Card.Colour.values:
        found = found.filter(colour=colour)
    return found.order_by("-issued_at", "-pk")


def card_totals(staff: Staff) -> list[dict[str, Any]]:
    """Cards by unit, most first: yellow, red and revoked ones."""
    revoked = Q(status=Contestable.Status.REVOKED)
    found: QuerySet[Any, dict[str, Any]] = visible_cards(staff).order_by().values("unit__name")  # type: ignore[assignment]
    return list(
        found.annotate(
            yellow=Count("pk", filter=Q(colour=Card.Colour.YELLOW) & ~revoked),
            red=Count("pk", filter=Q(colour=Card.Colour.RED) & ~revoked),
            revoked=Count("pk", filter=revoked),
        ).order_by("-red", "-yellow", "unit__name")[:20]
    )


def _words(words: str) -> list[str]:
    return words.replace("\x00", "").split()[:WORDS_MAX]
