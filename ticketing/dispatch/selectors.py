"""Reading decisions, versions and what differs between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from ticketing.dispatch.actions.releases import bare_rules, live_rules
from ticketing.dispatch.models import Alert, Claim, Decision, Release, ReleaseEvent
from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import DutyItem, Unit


def latest_decision(order: WorkOrder) -> Decision | None:
    """The last decision on an order with its candidates, or None before routing has run."""
    return order.decisions.select_related("chosen_unit").order_by("-at").first()


def claims_on(orders: Iterable[WorkOrder], *, now: datetime) -> dict[int, Claim]:
    """Who works on which of the orders now, by the order's key; in one query."""
    found = Claim.objects.filter(order__in=[order.pk for order in orders], until__gt=now).select_related("staff")
    return {claim.pk: claim for claim in found}


def release(kind: Release.Kind, state: Release.State) -> Release | None:
    """The draft, or the version in force, of a kind; None where there is none."""
    return Release.objects.filter(kind=kind, state=state).first()


def release_steps(kind: Release.Kind) -> QuerySet[ReleaseEvent]:
    """Who did what with the versions of a kind, newest first."""
    return ReleaseEvent.objects.filter(release__kind=kind).select_related("release")


def rule_changes(draft: Release) -> list[tuple[str, str]]:
    """What a draft of rules changes against those in force: (added, changed or removed; the rule's name)."""
    now = {row["name"]: row for row in bare_rules(live_rules())}
    then = {row["name"]: row for row in bare_rules(draft.content)}
    found = [("added" if name not in now else "changed", name) for name, row in then.items() if now.get(name) != row]
    return found + [("removed", name) for name in now if name not in then]


def target_names(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The names of the units and duty items that rules send to, by code."""
    wanted = [code for row in rows for code in row["then"].values()]
    items = DutyItem.objects.filter(code__in=wanted).values_list("code", "name")
    return dict(items) | dict(Unit.objects.filter(code__in=wanted).values_list("code", "name"))


def unit_names(codes: Iterable[str]) -> dict[str, str]:
    """Names of units by code."""
    return dict(Unit.objects.filter(code__in=list(codes)).values_list("code", "name"))


def open_alerts() -> QuerySet[Alert]:
    """What nobody has noted yet, newest first."""
    return Alert.objects.filter(noted_at=None)
