"""Naming who handles sealed reports, and ending it. Each naming is a row that stays."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from ticketing.orders.actions._step import required
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.models import SealedHandler
from ticketing.organisation.models import Staff, Unit
from ticketing.organisation.roles import Role


def name_handler(*, by: Staff, staff: Staff, document: str, unit: Unit | None = None) -> SealedHandler:
    """Name a person for all sealed reports, or for those with `unit`. An administrator names others, never herself.

    Raises NotAllowed; InvalidOrder where the person is named already or no document says so.
    """
    if not by.has_role(Role.ADMIN):
        raise NotAllowed("only an administrator names handlers of sealed reports")
    if by.pk == staff.pk:
        raise NotAllowed("nobody names himself; another administrator must do it")
    return _name(by=by.display_name, staff=staff, unit=unit, document=document)


def _name(*, by: str, staff: Staff, unit: Unit | None, document: str) -> SealedHandler:
    document = required(document, "document", at_most=120)
    try:
        with transaction.atomic():
            return SealedHandler.objects.create(staff=staff, unit=unit, document=document, named_by=by, named_at=timezone.now())
    except IntegrityError:
        raise InvalidOrder("staff", "is named for this already") from None


def end_naming(*, by: Staff, handler: SealedHandler) -> SealedHandler:
    """From now on the person sees no sealed report any more. Raises NotAllowed."""
    if not by.has_role(Role.ADMIN):
        raise NotAllowed("only an administrator ends a naming")
    if handler.ended_at is None:
        handler.ended_by, handler.ended_at = by.display_name, timezone.now()
        handler.save(update_fields=["ended_by", "ended_at"])
    return handler


def import_handlers(rows: Any) -> int:
    """Name the people of a city's file: {username, unit (code, left out for all), document}. Raises ValueError naming a row."""
    count = 0
    for row in rows:
        staff = Staff.objects.filter(username=row.get("username")).first()
        unit = Unit.objects.filter(code=row["unit"]).first() if row.get("unit") else None
        if staff is None or (row.get("unit") and unit is None):
            raise ValueError(f"sealed handler {row.get('username')!r}: no such person or unit")
        if not SealedHandler.objects.filter(staff=staff, unit=unit, ended_at=None).exists():
            _name(by="import", staff=staff, unit=unit, document=str(row.get("document") or ""))
        count += 1
    return count
