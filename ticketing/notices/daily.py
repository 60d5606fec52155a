"""The daily notice: what each unit got, signed, answered, closed, gave back and did again on a day, and what is late."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.notices.models import FIGURES, DailyNotice
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.models import OrderEvent, Secrecy, WorkOrder
from ticketing.orders.selectors import visible_orders
from ticketing.orders.workflow import WITH_UNIT, Action, State
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import Staff, Unit
from ticketing.organisation.roles import Role

READERS = frozenset({Role.SUPERVISOR, Role.SHIFT_LEADER, Role.LEADER, Role.INSPECTOR})
MAKERS = frozenset({Role.SUPERVISOR, Role.SYSTEM})
LISTED = 50  # late and returned orders that are named
MOMENTS = {"dispatched": "dispatched_at", "signed": "signed_at", "replied": "replied_at", "closed": "closed_at"}
EVENTS = {"returned": Action.REQUEST_RETURN, "redone": Action.REDO}
ON_CLOCK = WITH_UNIT - {State.REPLY_REVIEW, State.SUSPENDED}


def make_daily_notice(*, day: date, actor: Actor) -> DailyNotice:
    """The notice of a day that is over; made once, however often this runs. Sealed reports are in no figure.

    Raises NotAllowed, InvalidOrder for a day that is not over.
    """
    if actor.role not in MAKERS:
        raise NotAllowed(_("Only a supervisor makes the daily notice."))
    if day >= timezone.localdate():
        raise InvalidOrder("day", _("This day is not over yet: choose an earlier one."))
    known = DailyNotice.objects.filter(day=day).first()
    if known is not None:
        return known
    rows, late, returned = _figures(day)
    try:
        with transaction.atomic():
            return DailyNotice.objects.create(
                day=day, made_at=timezone.now(), made_by=actor.name, rows=rows, late=late, returned=returned
            )
    except IntegrityError:
        return DailyNotice.objects.get(day=day)


def _figures(day: date) -> tuple[list[dict[str, object]], list[str], list[str]]:
    start = timezone.make_aware(datetime.combine(day, time.min))
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    open_ones = WorkOrder.objects.exclude(secrecy=Secrecy.SEALED).exclude(unit=None).order_by()
    counts: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(FIGURES, 0))
    for name, field in MOMENTS.items():
        found = open_ones.filter(**{f"{field}__gte": start, f"{field}__lt": end})
        for unit, n in found.values_list("unit").annotate(n=Count("pk")):
            counts[unit][name] = n
    events = OrderEvent.objects.filter(at__gte=start, at__lt=end).exclude(order__secrecy=Secrecy.SEALED).order_by()
    for name, action in EVENTS.items():
        whose = "actor_unit" if name == "returned" else "order__unit"
        for unit, n in events.filter(action=action).exclude(**{whose: None}).values_list(whose).annotate(n=Count("pk")):
            counts[unit][name] = n
    late = open_ones.filter(state__in=ON_CLOCK, due_at__lt=end)
    for unit, n in late.values_list("unit").annotate(n=Count("pk")):
        counts[unit]["late"] = n
    units = Unit.objects.in_bulk(list(counts))
    rows: list[dict[str, object]] = [{"code": units[pk].code, "unit": units[pk].name, **counts[pk]} for pk in counts]
    rows.sort(key=lambda row: (-int(str(row["late"])), -int(str(row["returned"])), str(row["code"])))
    numbers = late.order_by("due_at").values_list("number", flat=True)[:LISTED]
    given_back = events.filter(action=EVENTS["returned"]).order_by("at").values_list("order__number", flat=True)
    return rows, list(numbers), list(dict.fromkeys(given_back))[:LISTED]


def named(staff: Staff, numbers: list[str]) -> list[WorkOrder]:
    """The orders of a notice that this person may see, in the notice's order."""
    seen: QuerySet[WorkOrder] = visible_orders(staff).filter(number__in=numbers).select_related("unit").defer("query_code")
    found = {order.number: order for order in seen}
    return [found[number] for number in numbers if number in found]
