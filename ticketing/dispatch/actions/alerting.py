"""Telling dispatchers and supervisors what they must see, once, until one of them has noted it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from ticketing.dispatch.models import Alert, DispatchRule
from ticketing.orders.models import WorkOrder
from ticketing.organisation.actor import Actor
from ticketing.outbox import feeds

STREAM = "inbox"

log = structlog.get_logger(__name__)


def raise_alert(*, kind: Alert.Kind, key: str, data: dict[str, Any], orders: Iterable[WorkOrder] = ()) -> Alert:
    """Raise an alert once for `key`; raising it again changes nothing and returns the first."""
    with transaction.atomic():
        alert, made = Alert.objects.get_or_create(key=key, defaults={"kind": kind, "data": data, "at": timezone.now()})
        if made:
            alert.orders.set(orders)
            feeds.publish(stream=STREAM, kind="alert", payload={"alert": alert.pk, "kind": kind})
    return alert


def note_alert(*, alert: Alert, actor: Actor, note: str = "") -> Alert:
    """Somebody has seen to it; the alert leaves the desks and stays in the list. Noted twice, the first one stands."""
    with transaction.atomic():
        row = Alert.objects.select_for_update().get(pk=alert.pk)
        if row.noted_at is None:
            row.noted_at, row.noted_by, row.note = timezone.now(), actor.name, note.strip()[:300]
            row.save(update_fields=["noted_at", "noted_by", "note"])
            feeds.publish(stream=STREAM, kind="alert", payload={"alert": row.pk, "kind": row.kind})
    return row


def switch_off_rule(*, rule: DispatchRule, error: str) -> None:
    """Take a rule that raised an error out of use and tell its editors why; orders are dispatched without it meanwhile."""
    with transaction.atomic():
        row = DispatchRule.objects.select_for_update().filter(pk=rule.pk, is_active=True).first()
        if row is None:
            return
        row.is_active, row.switched_off_because = False, error[:200]
        row.save(update_fields=["is_active", "switched_off_because"])
        moment = timezone.now().isoformat(timespec="seconds")
        key = f"rule_off:{row.pk}:{moment}"
        raise_alert(kind=Alert.Kind.RULE_OFF, key=key, data={"rule": row.name, "error": error[:200]})
    log.warning("dispatch_rule_switched_off", rule=row.name, error=error[:200])
