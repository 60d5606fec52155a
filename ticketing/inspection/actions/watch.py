"""The watch: its rules, the alerts they raise, and cards that only the watch issues and decides on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.clocks.selectors import calendar_of, calendar_value
from ticketing.inspection.errors import AlreadyDone, InspectionForbidden, InvalidInspection
from ticketing.inspection.watch_models import WATCHERS, Alert, AlertRule, WatchCard
from ticketing.orders.actions._step import covers
from ticketing.orders.models import Callback, Card, Contestable, Secrecy, WorkOrder
from ticketing.orders.workflow import OPEN, WITH_UNIT, State
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import Unit
from ticketing.organisation.roles import UNIT_ROLES

Status = Contestable.Status
Kind = AlertRule.Kind
AT_ONCE = 5000  # orders that one rule looks at in one run, those waiting longest first
HOUR = 3600
COUNTED = {Kind.RETURNED: "return_count", Kind.REDONE: "redo_count", Kind.URGED: "urge_count"}
LATE = WITH_UNIT - {State.REPLY_REVIEW, State.SUSPENDED}


@transaction.atomic
def save_rule(
    *,
    actor: Actor,
    name: str,
    kind: str,
    threshold: int,
    days: int = 30,
    minimum: int = 10,
    is_active: bool = True,
    rule: AlertRule | None = None,
) -> AlertRule:
    """Make or change a rule. `threshold` counts working hours, times or per cent, by kind.

    Raises InvalidInspection, InspectionForbidden.
    """
    _may_watch(actor)
    name = name.strip()
    if not name:
        raise InvalidInspection("name", _("This must not be empty."))
    if kind not in Kind.values:
        raise InvalidInspection("kind", _("Choose one of the kinds."))
    if threshold < 1 or (kind == Kind.DISSATISFIED and threshold > 100):
        raise InvalidInspection("threshold", _("At least 1; a share is at most 100."))
    if AlertRule.objects.filter(name=name).exclude(pk__in=[rule.pk] if rule else []).exists():
        raise InvalidInspection("name", _("Another rule has this name."))
    kept = rule or AlertRule()
    kept.name, kept.kind, kept.threshold = name[:80], kind, threshold
    kept.days, kept.minimum, kept.is_active = max(days, 1), max(minimum, 1), is_active
    kept.changed_by, kept.changed_at = actor.name, timezone.now()
    kept.save()
    return kept


@transaction.atomic
def import_rules(*, rows: Iterable[dict[str, Any]]) -> int:
    """Rules that a city begins with: {name, kind, threshold, days, minimum}. One the inspectors have already stays theirs.

    Raises KeyError for a missing field, ValueError for an unknown kind.
    """
    count = 0
    for row in rows:
        if row["kind"] not in Kind.values:
            raise ValueError(f"alert rule {row['name']!r}: kind must be one of {', '.join(Kind.values)}")
        fields = {"kind": row["kind"], "threshold": int(row["threshold"]), "changed_at": timezone.now()}
        fields |= {name: int(row[name]) for name in ("days", "minimum") if name in row}
        AlertRule.objects.get_or_create(name=row["name"], defaults=fields)
        count += 1
    return count


def raise_alerts(*, now: datetime | None = None) -> int:
    """Run every active rule and keep what it finds, each subject once. Returns how many are new. Sealed orders stay out."""
    now = now or timezone.now()
    fresh = 0
    for rule in AlertRule.objects.filter(is_active=True):
        found: Callable[[AlertRule, datetime], list[Alert]] = _units if rule.kind == Kind.DISSATISFIED else _orders
        alerts = found(rule, now)
        known = set(Alert.objects.filter(rule=rule, key__in=[a.key for a in alerts]).values_list("key", flat=True))
        new = [alert for alert in alerts if alert.key not in known]
        Alert.objects.bulk_create(new, ignore_conflicts=True)
        fresh += len(new)
    return fresh


def _orders(rule: AlertRule, now: datetime) -> list[Alert]:
    told = Alert.objects.filter(rule=rule, order=OuterRef("pk"))
    waiting: QuerySet[WorkOrder] = (
        WorkOrder.objects.exclude(secrecy=Secrecy.SEALED).filter(~Exists(told)).select_related("unit").defer("query_code")
    )
    if rule.kind != Kind.OVERDUE:
        field = COUNTED[Kind(rule.kind)]
        often = waiting.filter(state__in=OPEN, **{f"{field}__gte": rule.threshold}).order_by("created_at")[:AT_ONCE]
        return [_alert(rule, now, order=order, figure=getattr(order, field)) for order in often]
    alerts = []
    # Working time never runs faster than the clock on the wall: what is not late by that much there is not late here.
    late = waiting.filter(state__in=LATE, due_at__lte=now - timedelta(hours=rule.threshold)).order_by("due_at")[:AT_ONCE]
    for order in late:
        assert order.due_at is not None
        counted = calendar_value(calendar_of(order.unit)).counted(order.due_at, now)
        hours = int(counted.total_seconds() // HOUR)
        if hours >= rule.threshold:
            alerts.append(_alert(rule, now, order=order, figure=hours))
    return alerts


def _units(rule: AlertRule, now: datetime) -> list[Alert]:
    asked = Callback.objects.filter(
        at__gte=now - timedelta(days=rule.days), at__lte=now, reached=True, order__order_type__counts_for_satisfaction=True
    ).exclude(order__unit=None)
    asked = asked.exclude(order__secrecy=Secrecy.SEALED).exclude(satisfaction=None, solved=None)
    unhappy = Q(satisfaction__lte=2) | Q(satisfaction=None, solved=False)
    shares = asked.order_by().values("order__unit").annotate(all=Count("pk"), bad=Count("pk", filter=unhappy))
    month = f"{timezone.localdate(now):%Y-%m}"
    units = {unit.pk: unit for unit in Unit.objects.filter(pk__in=[row["order__unit"] for row in shares])}
    alerts = []
    for row in shares:
        share = row["bad"] * 100 // row["all"]
        if row["all"] >= rule.minimum and share >= rule.threshold:
            unit = units[row["order__unit"]]
            alerts.append(Alert(rule=rule, key=f"{unit.code}:{month}", unit=unit, figure=share, raised_at=now))
    return alerts


def _alert(rule: AlertRule, now: datetime, *, order: WorkOrder, figure: int) -> Alert:
    return Alert(rule=rule, key=order.number, order=order, unit=order.unit, figure=figure, raised_at=now)


@transaction.atomic
def acknowledge(*, alert: Alert, actor: Actor, note: str) -> Alert:
    """An inspector has looked at the alert; the note says what was made of it. Raises AlreadyDone, InvalidInspection."""
    _may_watch(actor)
    note = note.strip()
    if not note:
        raise InvalidInspection("note", _("This must not be empty."))
    kept = Alert.objects.select_for_update().get(pk=alert.pk)
    if kept.acknowledged_at is not None:
        raise AlreadyDone(_("%(name)s has acknowledged this alert already.") % {"name": kept.acknowledged_by})
    kept.acknowledged_at, kept.acknowledged_by, kept.note = timezone.now(), actor.name, note[:500]
    kept.save(update_fields=["acknowledged_at", "acknowledged_by", "note"])
    return kept


@transaction.atomic
def issue_watch_card(
    *,
    actor: Actor,
    colour: str,
    reason: str,
    unit: Unit | None = None,
    order: WorkOrder | None = None,
    alert: Alert | None = None,
) -> WatchCard:
    """A card against a unit, on an order or on how the unit works. Raises InvalidInspection, InspectionForbidden."""
    _may_watch(actor)
    if colour not in Card.Colour.values:
        raise InvalidInspection("colour", _("Choose yellow or red."))
    if not reason.strip():
        raise InvalidInspection("reason", _("This must not be empty."))
    against = unit or (order.unit if order else None)
    if against is None:
        raise InvalidInspection("unit", _("The order is with no unit: name the unit."))
    return WatchCard.objects.create(
        unit=against,
        order=order,
        alert=alert,
        colour=colour,
        reason=reason.strip()[:1000],
        issued_by=actor.name,
        issued_at=timezone.now(),
    )


@transaction.atomic
def appeal_watch_card(*, card: WatchCard, actor: Actor, text: str) -> WatchCard:
    """The unit says, once, why the card is not just. Raises InspectionForbidden, AlreadyDone, InvalidInspection."""
    kept = WatchCard.objects.select_for_update().select_related("unit").get(pk=card.pk)
    if actor.role not in UNIT_ROLES or not covers(actor.unit_id, kept.unit):
        raise InspectionForbidden(_("Only the unit itself may appeal."))
    if kept.status != Status.ISSUED:
        raise AlreadyDone(_("The card was appealed against or decided on already."))
    if not text.strip():
        raise InvalidInspection("text", _("This must not be empty."))
    kept.status, kept.appeal = Status.APPEALED, text.strip()[:2000]
    kept.appealed_by, kept.appealed_at = actor.name, timezone.now()
    kept.save(update_fields=["status", "appeal", "appealed_by", "appealed_at"])
    return kept


@transaction.atomic
def decide_watch_card(*, card: WatchCard, actor: Actor, upheld: bool, text: str) -> WatchCard:
    """Uphold or revoke a card of the watch. Raises InspectionForbidden for everyone else, AlreadyDone, InvalidInspection."""
    _may_watch(actor)
    kept = WatchCard.objects.select_for_update().get(pk=card.pk)
    if kept.status not in (Status.ISSUED, Status.APPEALED):
        raise AlreadyDone(_("The card was decided on already."))
    if not text.strip():
        raise InvalidInspection("text", _("This must not be empty."))
    kept.status, kept.ruling = (Status.UPHELD if upheld else Status.REVOKED), text.strip()[:2000]
    kept.decided_by, kept.decided_at = actor.name, timezone.now()
    kept.save(update_fields=["status", "ruling", "decided_by", "decided_at"])
    return kept


def _may_watch(actor: Actor) -> None:
    if actor.role not in WATCHERS:
        raise InspectionForbidden(_("Only an inspector of the watch may do this; the hotline's roles may not."))
