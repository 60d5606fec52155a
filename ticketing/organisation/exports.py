"""The organisation as the rows of its files: what an import reads, an export writes, value for value."""

from __future__ import annotations

from typing import Any

from ticketing.organisation.models import (
    Appointment,
    CalendarDay,
    DutyCategory,
    DutyItem,
    DutyQuestion,
    OrderType,
    Place,
    Region,
    Staff,
    Unit,
    WorkCalendar,
)

Rows = list[dict[str, Any]]


def _without_empty(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """The row without those of `names` that say nothing."""
    return {key: value for key, value in row.items() if key not in names or value not in (None, "", [], False)}


def regions() -> Rows:
    """Rows of regions.yml, a parent always before its children."""
    return [
        _without_empty(
            {
                "code": r.code,
                "name": r.name,
                "level": r.level,
                "parent": r.parent.code if r.parent else None,
                "kind": r.kind,
                "latitude": r.latitude,
                "longitude": r.longitude,
            },
            "latitude",
            "longitude",
        )
        for r in Region.objects.with_tree_fields().select_related("parent")
    ]


def units() -> Rows:
    """Rows of units.yml."""
    rows = []
    for unit in Unit.objects.with_tree_fields().select_related("parent", "line", "region", "calendar"):
        row = {
            "code": unit.code,
            "name": unit.name,
            "short_name": unit.short_name,
            "level": unit.level,
            "kind": unit.kind,
            "parent": unit.parent.code if unit.parent else None,
            "line": unit.line.code if unit.line else None,
            "region": unit.region.code,
            "phone": unit.phone,
            "accepts_orders": unit.accepts_orders,
            "calendar": unit.calendar.code if unit.calendar else None,
        }
        if not unit.is_active:
            row["active"] = False
        rows.append(_without_empty(row, "calendar"))
    return rows


def places() -> Rows:
    """Rows of places.csv: aliases joined by "|", spoken as 1 or 0."""
    return [
        {
            "code": p.code,
            "name": p.name,
            "aliases": "|".join(p.aliases),
            "kind": p.kind,
            "region": p.region.code,
            "latitude": "" if p.latitude is None else p.latitude,
            "longitude": "" if p.longitude is None else p.longitude,
            "spoken": int(p.spoken),
        }
        for p in Place.objects.select_related("region").order_by("pk")
    ]


def order_types() -> Rows:
    """Rows of order_types.yml."""
    return [
        {
            "code": t.code,
            "name_zh": t.name_zh,
            "name_en": t.name_en,
            "position": t.position,
            "sealed_by_default": t.sealed_by_default,
            "counts_for_satisfaction": t.counts_for_satisfaction,
        }
        for t in OrderType.objects.all()
    ]


def duty_categories() -> Rows:
    """Rows of duty_categories.yml, a parent always before its children."""
    return [
        {"code": c.code, "name": c.name, "name_en": c.name_en, "parent": c.parent.code if c.parent else None}
        for c in DutyCategory.objects.with_tree_fields().select_related("parent")
    ]


def duty_items() -> Rows:
    """Rows of duty_items.yml with the questions of each item."""
    questions: dict[int, Rows] = {}
    for question in DutyQuestion.objects.order_by("item_id", "position"):
        row = {
            "slot": question.slot,
            "kind": question.kind,
            "required": question.required,
            "prompt_zh": question.prompt_zh,
            "prompt_en": question.prompt_en,
            "choices": question.choices,
        }
        questions.setdefault(question.item_id, []).append(_without_empty(row, "choices"))
    rows = []
    for item in DutyItem.objects.select_related("category", "order_type", "owner").order_by("code"):
        row = {
            "code": item.code,
            "name": item.name,
            "name_en": item.name_en,
            "category": item.category.code,
            "order_type": item.order_type.code,
            "owner": item.owner.code,
            "acts_at": item.acts_at,
            "urgency": item.urgency,
            "keywords": item.keywords,
            "legal_basis": item.legal_basis,
            "legal_limit": item.legal_limit,
            "promised_limit": item.promised_limit,
            "questions": questions.get(item.pk, []),
        }
        if not item.is_active:
            row["active"] = False
        rows.append(row)
    return rows


def calendars() -> Rows:
    """Rows of calendar.yml with the days that differ."""
    days: dict[int, Rows] = {}
    for day in CalendarDay.objects.order_by("calendar_id", "date"):
        row = {"date": day.date, "kind": day.kind, "name": day.name, "windows": day.windows, "provisional": day.provisional}
        days.setdefault(day.calendar_id, []).append(_without_empty(row, "windows", "provisional"))
    return [
        {"code": c.code, "name": c.name, "is_default": c.is_default, "windows": c.windows, "days": days.get(c.pk, [])}
        for c in WorkCalendar.objects.order_by("pk")
    ]


def staff() -> Rows:
    """Rows of cast.yml for staff, without passwords."""
    roles: dict[int, Rows] = {}
    for appointment in Appointment.objects.select_related("unit").order_by("pk"):
        roles.setdefault(appointment.staff_id, []).append({"role": appointment.role, "unit": appointment.unit.code})
    rows = []
    for person in Staff.objects.select_related("unit").order_by("pk"):
        if person.unit is None or person.pk not in roles:
            continue  # an account made by hand without a post is no content
        row: dict[str, Any] = {
            "username": person.username,
            "name": person.display_name,
            "employee_number": person.employee_number,
            "unit": person.unit.code,
            "roles": roles[person.pk],
            "skills": person.skills,
        }
        if not person.is_active:
            row["active"] = False
        rows.append(row)
    return rows
