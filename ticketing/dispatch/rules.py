"""Dispatch rules: from rows to rules and back, which of them an order meets, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from ticketing.dispatch.conditions import Condition, ConditionError, Subject, compile_condition, written
from ticketing.dispatch.models import DispatchRule
from ticketing.organisation.kept import kept
from ticketing.organisation.models import DutyCategory, DutyItem, OrderType, Region, Unit, Urgency
from ticketing.organisation.selectors import order_type as type_by_code

NAME_CHARACTERS = 80
LAST_POSITION = 32_000


class BadRule(ValueError):
    """A rule that cannot stand; `field` is name, position, when or then."""

    def __init__(self, field: str, what: str, position: int = 0) -> None:
        super().__init__(what)
        self.field, self.position = field, position


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that could not be asked, and why."""

    rule: DispatchRule
    error: str


def met(rules: Iterable[DispatchRule], subject: Subject) -> tuple[list[DispatchRule], list[Fault]]:
    """The rules whose condition holds, in their order, and those that raised an error.

    A rule that asks for nothing is met by nothing.
    """
    holding, faults = [], []
    for rule in rules:
        try:
            expression = rule.expression
            if expression and compile_condition(expression)(subject):
                holding.append(rule)
        except Exception as error:  # whatever is wrong with one rule must not stop the dispatch of orders
            faults.append(Fault(rule, str(error) or type(error).__name__))
    return holding, faults


def subject_of(*, text: str, item: DutyItem | None, chain: Iterable[Region], urgency: str = "", order_type: str = "") -> Subject:
    """What conditions may ask of an order: its words, and its facts by code and by name."""
    facts: dict[str, frozenset[str]] = {"region": frozenset(word for r in chain for word in (r.code, r.name))}
    if item is not None:
        facts["item"] = frozenset({item.code, item.name})
        facts["category"] = _category_words(item.category_id)
    if urgency:
        facts["urgency"] = _urgency_words(urgency)
    if order_type:
        kind = type_by_code(order_type)
        facts["type"] = frozenset({order_type, kind.name_zh, kind.name_en}) if kind else frozenset({order_type})
    return Subject(text, facts)


@kept
def _category_words(category_id: int | None) -> frozenset[str]:
    return frozenset(word for pair in DutyCategory.objects.filter(pk=category_id).values_list("code", "name") for word in pair)


def _urgency_words(urgency: str) -> frozenset[str]:
    return frozenset({urgency, str(Urgency(urgency).label)}) if urgency in Urgency.values else frozenset({urgency})


def read_condition(text: str) -> Condition:
    """A condition whose codes and names all exist here. Raises BadRule with the position in the text."""
    try:
        condition = compile_condition(text)
    except ConditionError as error:
        raise BadRule("when", str(error), error.position) from error
    for field, value, position in condition.named:
        if not _exists(field, value):
            what = _("there is no %(field)s “%(value)s” here") % {"field": field, "value": value}
            raise BadRule("when", str(ConditionError(what, position)), position)
    return condition


def _exists(field: str, value: str) -> bool:
    named = Q(code=value) | Q(name=value)
    match field:
        case "item":
            return DutyItem.objects.filter(named).exists()
        case "category":
            return DutyCategory.objects.filter(named).exists()
        case "region":
            return Region.objects.filter(named).exists()
        case "type":
            return OrderType.objects.filter(Q(code=value) | Q(name_zh=value) | Q(name_en=value)).exists()
    return value in Urgency.values or value in map(str, Urgency.labels)


def expression_of(when: Any) -> str:
    """The condition of a row: written out, or given as words, item and region. Raises BadRule."""
    if isinstance(when, str):
        return when.strip()
    if not isinstance(when, Mapping):
        raise BadRule("when", _("A rule's condition must be a text, or words, an item and a region."))
    return written(
        any_of=[str(word) for word in when.get("any_keywords") or []],
        all_of=[str(word) for word in when.get("all_keywords") or []],
        item=str(when.get("duty_item") or ""),
        region=str(when.get("region") or ""),
        condition=str(when.get("condition") or ""),
    )


def row_of(rule: DispatchRule) -> dict[str, Any]:
    """A rule as a row of dispatch_rules.yml."""
    then = {"unit": rule.to_unit.code} if rule.to_unit else {"duty_item": rule.to_item.code} if rule.to_item else {}
    row = {"name": rule.name, "position": rule.position, "when": rule.expression, "then": then, "active": rule.is_active}
    return row | ({"switched_off_because": rule.switched_off_because} if rule.switched_off_because else {})


def checked_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row that may be published, trimmed. Raises BadRule with the field and what to change."""
    name = str(row.get("name") or "").strip()
    if not name or len(name) > NAME_CHARACTERS:
        raise BadRule("name", _("Give the rule a name of at most %(most)d characters.") % {"most": NAME_CHARACTERS})
    try:
        position = int(row.get("position") or 0)
    except (TypeError, ValueError):
        position = -1
    if not 0 <= position <= LAST_POSITION:
        raise BadRule("position", _("The position must be a whole number from 0 to %(last)d.") % {"last": LAST_POSITION})
    when = expression_of(row.get("when") or "")
    if not when:
        raise BadRule("when", _('Write a condition, such as any("漏水", "爆管").'))
    read_condition(when)
    then = row.get("then") or {}
    unit, item = str(then.get("unit") or "").strip(), str(then.get("duty_item") or "").strip()
    if bool(unit) == bool(item):
        raise BadRule("then", _("Name either a unit or a duty item, not both and not neither."))
    if unit and not Unit.objects.filter(code=unit, is_active=True, accepts_orders=True).exists():
        raise BadRule("then", _("There is no unit “%(code)s” that takes orders.") % {"code": unit})
    if item and not DutyItem.objects.filter(code=item, is_active=True).exists():
        raise BadRule("then", _("There is no duty item “%(code)s” in use.") % {"code": item})
    checked: dict[str, Any] = {"name": name, "position": position, "when": when, "active": bool(row.get("active", True))}
    return checked | {"then": {"unit": unit} if unit else {"duty_item": item}}


def rules_from(
    rows: Iterable[Mapping[str, Any]],
    *,
    units: Mapping[str, Unit],
    items: Mapping[str, DutyItem],
    regions: Mapping[str, Region],
) -> list[DispatchRule]:
    """Rules, not saved, behind rows of dispatch_rules.yml: {name, position, when, then, active}.

    `when` is a condition, or holds condition, any_keywords, all_keywords, duty_item, region; `then` a unit or a duty_item.
    Raises BadRule naming the rule that refers to something unknown or whose condition does not read.
    """
    rules = []
    for number, row in enumerate(rows, 1):
        name, when, then = str(row.get("name") or ""), row.get("when") or {}, row.get("then") or {}
        if not name:
            raise BadRule("name", f"dispatch rule {number}: it has no name")
        when = {"condition": when} if isinstance(when, str) else when
        try:
            rule = DispatchRule(
                name=name,
                position=int(row.get("position") or number * 10),
                condition=str(when.get("condition") or "").strip(),
                any_keywords=list(when.get("any_keywords") or []),
                all_keywords=list(when.get("all_keywords") or []),
                region=regions[str(when["region"])] if when.get("region") else None,
                to_unit=units[str(then["unit"])] if then.get("unit") else None,
                is_active=bool(row.get("active", True)),
                switched_off_because=str(row.get("switched_off_because") or ""),
            )
            rule.duty_item = items[str(when["duty_item"])] if when.get("duty_item") else None
            rule.to_item = items[str(then["duty_item"])] if then.get("duty_item") else None
            compile_condition(rule.condition or '"-"')
        except KeyError as error:
            raise BadRule("when", f"dispatch rule {name!r}: {error} is unknown") from error
        except ConditionError as error:
            raise BadRule("when", f"dispatch rule {name!r}: {error}", error.position) from error
        rules.append(rule)
    return rules
