"""Plans (预案): written down in quiet days, switched on and off by a person with a reason.

Switching asks the room of orders, through a job, to go over the orders concerned: clocks do not know their orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.clocks import plans, selectors
from ticketing.clocks.actions.running import back_to_ordinary, under_plan, unmark
from ticketing.clocks.errors import PlanConflict, PlanError, PlanForbidden
from ticketing.clocks.models import Clock, ClockKind, Plan, PlanLimit, PlanSwitch
from ticketing.organisation import kept
from ticketing.organisation.actor import SYSTEM, Actor
from ticketing.organisation.models import DutyCategory, DutyItem, OrderType, Unit
from ticketing.organisation.roles import Role
from ticketing.outbox.actions import enqueue

SWITCHERS = frozenset({Role.SUPERVISOR, Role.SHIFT_LEADER, Role.LEADER, Role.ADMIN})
WRITERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
LISTS: dict[str, type[models.Model]] = {
    "order_types": OrderType, "categories": DutyCategory, "items": DutyItem, "units": Unit
}  # fmt: skip
PLAIN = ("name", "purpose", "position", "raises_to", "natural_time", "running")
# Other processes read anew which plans are on after so long; what they started meanwhile is gone over once more.
AGAIN = timedelta(seconds=kept.SECONDS + 15)


@transaction.atomic
def save_plan(*, code: str, values: Mapping[str, Any], actor: Actor) -> Plan:
    """Write a plan down, or change one that is off. `values` are those of `plans.definition_of`, each may be left out.

    Lists hold codes; `limits` maps a kind of clock to a text such as "30 minutes". Raises PlanForbidden, PlanConflict for
    a plan that is on, PlanError naming the field that does not fit.
    """
    if actor.role not in WRITERS | {Role.SYSTEM}:
        raise PlanForbidden(_("Plans are written by supervisors and administrators."))
    unknown = set(values) - {"code", *PLAIN, *LISTS, "limits"}
    if unknown:
        raise PlanError(_("Unknown fields: %(fields)s.") % {"fields": ", ".join(sorted(map(str, unknown)))})
    plan = Plan.objects.select_for_update().filter(code=code).first() or Plan(code=code)
    if plan.pk and plan.switches.filter(off_at=None).exists():
        raise PlanConflict(_("“%(plan)s” is on. Switch it off, change it, and switch it on again.") % {"plan": plan})
    for name in PLAIN:
        if name in values:
            setattr(plan, name, values[name])
    plan.changed_by = actor.name
    try:
        plan.full_clean()
    except ValidationError as error:
        field, texts = next(iter(error.message_dict.items()))
        raise PlanError(" ".join(texts), field) from error
    limits = None if values.get("limits") is None else [_limit(kind, text) for kind, text in dict(values["limits"]).items()]
    lists = {name: _known(name, model, values[name]) for name, model in LISTS.items() if values.get(name) is not None}
    plan.save()
    for name, rows in lists.items():
        getattr(plan, name).set(rows)
    if limits is not None:
        plan.limits.all().delete()
        PlanLimit.objects.bulk_create([PlanLimit(plan=plan, kind=k, value=v, measure=m) for k, v, m in limits])
    if not (plan.limits.exists() or plan.natural_time or plan.raises_to):
        raise PlanError(_("The plan changes nothing: give it a limit, natural time or a place in the queue."), "limits")
    kept.forget()
    return plan


def _limit(kind: str, text: Any) -> tuple[str, int, str]:
    limit = selectors.parse_limit(str(text), "plan")
    if kind not in ClockKind.values:
        raise PlanError(_("There is no clock “%(kind)s”.") % {"kind": kind}, "limits")
    if limit is None or not 1 <= limit.value <= 100_000:
        raise PlanError(_("“%(text)s” is not a limit such as “30 minutes”.") % {"text": text}, f"limit_{kind}")
    return kind, limit.value, limit.measure


def _known(name: str, model: type[models.Model], codes: Any) -> list[Any]:
    wanted = list(dict.fromkeys(str(code).strip() for code in codes))
    rows: list[Any] = list(model._default_manager.filter(code__in=wanted))
    missing = [code for code in wanted if code not in {row.code for row in rows}]
    if missing:
        raise PlanError(
            _("Not known: %(codes)s. Look the code up and write it exactly.") % {"codes": "、".join(missing[:10])}, name
        )
    return rows


def import_plans(rows: Iterable[dict[str, Any]]) -> int:
    """Write plans down by code from the rows of a file; plans not named stay. Returns how many. Raises ValueError."""
    saved = []
    for row in rows:
        try:
            saved.append(save_plan(code=str(row["code"]), values=row, actor=SYSTEM))
        except PlanError as error:
            raise ValueError(f"{error.field}: {error}" if error.field else str(error)) from error
    return len(saved)


@transaction.atomic
def switch_on(*, plan: Plan, actor: Actor, reason: str) -> PlanSwitch:
    """Let a plan apply from now on. Raises PlanForbidden, PlanError without a reason, PlanConflict where it is on."""
    reason, now = _may_switch(plan, actor, reason), timezone.now()
    if PlanSwitch.objects.filter(plan=plan, off_at=None).exists():
        raise PlanConflict(_("“%(plan)s” is on already.") % {"plan": plan})
    switch = PlanSwitch.objects.create(
        plan=plan,
        definition=plans.definition_of(plan),
        on_at=now,
        on_by=actor.name,
        on_role=actor.role,
        on_staff=actor.staff_id,
        on_reason=reason,
    )
    _go_over_the_orders(switch)
    return switch


@transaction.atomic
def switch_off(*, plan: Plan, actor: Actor, reason: str) -> PlanSwitch:
    """End a plan; its clocks come back as its rule says. Raises PlanForbidden, PlanError, PlanConflict where it is off."""
    reason = _may_switch(plan, actor, reason)
    switch = PlanSwitch.objects.filter(plan=plan, off_at=None).first()
    if switch is None:
        raise PlanConflict(_("“%(plan)s” is off already.") % {"plan": plan})
    switch.off_at, switch.off_by, switch.off_role = timezone.now(), actor.name, actor.role
    switch.off_staff, switch.off_reason = actor.staff_id, reason
    switch.save(update_fields=["off_at", "off_by", "off_role", "off_staff", "off_reason"])
    _go_over_the_orders(switch)
    return switch


def _may_switch(plan: Plan, actor: Actor, reason: str) -> str:
    if actor.role not in SWITCHERS:
        raise PlanForbidden(_("Plans are switched by supervisors, shift leaders, leaders and administrators."))
    if not reason.strip():
        raise PlanError(_("Say why: the reason stays in the plan's history."), "reason")
    Plan.objects.select_for_update().get(pk=plan.pk)  # two people at one switch
    return reason.strip()[:300]


def _go_over_the_orders(switch: PlanSwitch) -> None:
    kept.forget()
    enqueue(kind="orders.replan", payload={"switch": switch.pk})
    enqueue(kind="orders.replan", payload={"switch": switch.pk}, run_after=timezone.now() + AGAIN)


def replan_clocks(
    *, order_number: str, order_type_id: int, duty_item: DutyItem | None, at: datetime | None = None
) -> list[Clock]:
    """Bring the running clocks of an order under the plans that are on, and back where none is; returns those changed.

    Safe to repeat. A plan that leaves running clocks alone does so when it begins and when it ends.
    """
    at = at or timezone.now()
    changed = []
    running = Clock.objects.filter(order_number=order_number, stopped_at=None).select_related("calendar", "plan")
    for clock in running.prefetch_related("pauses"):
        plan = plans.plan_for(kind=clock.kind, order_type_id=order_type_id, unit_id=clock.unit_id_ref, duty_item=duty_item, at=at)
        if clock.plan_id == (plan.pk if plan else None) or (clock.plan and clock.plan.running == Plan.Running.LEAVE):
            continue
        moved = clock.plan_id is not None
        if moved:
            back_to_ordinary(clock)
        if plan is not None and plan.running != Plan.Running.LEAVE:
            since = clock.started_at if plan.running == Plan.Running.FROM_START else max(clock.started_at, plan.on_at)
            held = [pause for pause in clock.pauses.all() if pause.ended_at is not None and pause.ended_at > since]
            # What is held now counts on from its resumption, which adds the whole of the pause.
            since = min([since, *(pause.started_at for pause in clock.pauses.all() if pause.ended_at is None)])
            moved = under_plan(clock, plan, since=since, held=held) or moved
        if moved:
            clock.provisional = selectors.calendar_value(clock.calendar).is_provisional(clock.started_at, clock.due_at)
            unmark(clock, at)
            clock.save()
            changed.append(clock)
    return changed


def note_replanned(*, switch: PlanSwitch, orders: int) -> None:
    """Add to the switch how many orders had their clocks changed, so that its page shows how far it is."""
    name = "returned" if switch.off_at else "moved"
    PlanSwitch.objects.filter(pk=switch.pk).update(**{name: F(name) + orders})
