"""Reading plans (预案): which are on, whom they cover, what they change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from ticketing.clocks.models import Measure, Plan, PlanSwitch
from ticketing.clocks.selectors import Limit
from ticketing.organisation.kept import kept
from ticketing.organisation.models import DutyCategory, DutyItem
from ticketing.organisation.selectors import units_below

NATURAL = {Measure.WORKING_DAYS: (Measure.NATURAL_DAYS, 1), Measure.WORKING_HOURS: (Measure.MINUTES, 60)}


@dataclass(frozen=True, slots=True)
class PlanValue:
    """A plan that is on, as a value that can be shared between threads. An empty set covers everything."""

    pk: int
    code: str
    name: str
    on_at: datetime
    running: str
    raises_to: str
    natural_time: bool
    limits: dict[str, tuple[int, str]]
    order_types: frozenset[int]
    categories: frozenset[int]  # with all below them
    items: frozenset[int]
    units: frozenset[int]  # with all below them

    def covers(self, *, order_type_id: int, unit_id: int | None, duty_item: DutyItem | None) -> bool:
        """Whether the plan covers an order with these facts."""
        matter = not (self.items or self.categories) or (
            duty_item is not None and (duty_item.pk in self.items or duty_item.category_id in self.categories)
        )
        return (
            matter and (not self.order_types or order_type_id in self.order_types) and (not self.units or unit_id in self.units)
        )

    def orders(self) -> Q:
        """The same condition for a table of orders with `order_type`, `duty_item` and `unit`."""
        condition = Q(pk__isnull=False)  # an empty condition would vanish beside another
        if self.items or self.categories:
            condition &= Q(duty_item__in=self.items) | Q(duty_item__category__in=self.categories)
        if self.order_types:
            condition &= Q(order_type__in=self.order_types)
        if self.units:
            condition &= Q(unit__in=self.units)
        return condition

    def limit(self, *, kind: str, value: int, measure: str, warn_fraction: float) -> Limit | None:
        """The limit of a clock under the plan, whose ordinary one is given; None where the plan leaves it alone."""
        if kind in self.limits:
            return Limit(*self.limits[kind], f"plan {self.code}", warn_fraction)
        if self.natural_time and measure in NATURAL:
            natural, factor = NATURAL[Measure(measure)]
            return Limit(value * factor, natural, f"plan {self.code}", warn_fraction)
        return None


@kept
def plans_on() -> tuple[PlanValue, ...]:
    """The plans that are on, the one that wins first."""
    return tuple(plan_value(switch) for switch in open_switches().order_by("plan__position", "plan__code"))


def open_switches() -> QuerySet[PlanSwitch]:
    """The switches that have not been switched off, with their plans."""
    return PlanSwitch.objects.filter(off_at=None).select_related("plan")


def plan_value(switch: PlanSwitch) -> PlanValue:
    """The value of a plan that is, or was, on."""
    plan = switch.plan
    named = set(plan.categories.values_list("pk", flat=True))
    parents = dict(DutyCategory.objects.values_list("pk", "parent_id")) if named else {}

    def is_below(pk: int | None) -> bool:
        while pk is not None:
            if pk in named:
                return True
            pk = parents[pk]
        return False

    units: set[int] = set()
    for pk in plan.units.values_list("pk", flat=True):
        units |= units_below(pk)
    return PlanValue(
        pk=plan.pk,
        code=plan.code,
        name=plan.name,
        on_at=switch.on_at,
        running=plan.running,
        raises_to=plan.raises_to,
        natural_time=plan.natural_time,
        limits={row.kind: (row.value, row.measure) for row in plan.limits.all()},
        order_types=frozenset(plan.order_types.values_list("pk", flat=True)),
        categories=frozenset(pk for pk in parents if is_below(pk)),
        items=frozenset(plan.items.values_list("pk", flat=True)),
        units=frozenset(units),
    )


def plan_for(*, kind: str, order_type_id: int, unit_id: int | None, duty_item: DutyItem | None, at: datetime) -> PlanValue | None:
    """The plan that was switched on by `at`, covers the order and has something to say on clocks of `kind`."""
    for plan in plans_on():
        speaks = kind in plan.limits or plan.natural_time
        if speaks and plan.on_at <= at and plan.covers(order_type_id=order_type_id, unit_id=unit_id, duty_item=duty_item):
            return plan
    return None


def raised_orders() -> list[tuple[Q, str]]:
    """Conditions on a table of orders with the urgency by which plans have them queue, the one that wins first."""
    return [(plan.orders(), plan.raises_to) for plan in plans_on() if plan.raises_to]


def all_plans() -> QuerySet[Plan]:
    """Every plan with what it covers and changes, and its open switch as `open_switch` (a list of one or none)."""
    lists = ("order_types", "categories", "items", "units", "limits")
    return Plan.objects.prefetch_related(*lists, Prefetch("switches", open_switches(), to_attr="open_switch"))


def get_plan(code: str) -> Plan | None:
    """One plan by its code, as `all_plans` has it."""
    return all_plans().filter(code=code).first()


def definition_of(plan: Plan) -> dict[str, object]:
    """A plan as a row of plans.yml, of the API and of a switch's record."""
    return {
        "code": plan.code,
        "name": plan.name,
        "purpose": plan.purpose,
        "position": plan.position,
        "order_types": sorted(row.code for row in plan.order_types.all()),
        "categories": sorted(row.code for row in plan.categories.all()),
        "items": sorted(row.code for row in plan.items.all()),
        "units": sorted(row.code for row in plan.units.all()),
        "limits": {row.kind: f"{row.value} {row.measure}" for row in plan.limits.all()},
        "raises_to": plan.raises_to,
        "natural_time": plan.natural_time,
        "running": plan.running,
    }


def switch_as_json(switch: PlanSwitch) -> dict[str, object]:
    """One switch for programs."""
    return {
        "on_at": switch.on_at,
        "on_by": switch.on_by,
        "on_reason": switch.on_reason,
        "off_at": switch.off_at,
        "off_by": switch.off_by,
        "off_reason": switch.off_reason,
        "orders_changed": switch.moved,
        "orders_returned": switch.returned,
        "definition": switch.definition,
    }
