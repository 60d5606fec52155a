"""Many people on one matter in a short time (群体诉求): found among the latest orders, told once.

Only places, and items in a region, with enough people are looked at closely, so that an ordinary day costs two counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from ticketing.dispatch.actions.alerting import raise_alert
from ticketing.dispatch.models import Alert
from ticketing.dispatch.neighbours import is_same, matter_of
from ticketing.orders.models import Secrecy, WorkOrder
from ticketing.orders.workflow import State

MOST_IN_BUCKET = 300
GONE = (State.DRAFT, State.WITHDRAWN, State.REJECTED)


def tell_groups(*, now: datetime) -> list[Alert]:
    """Raise an alert for each group of DISPATCH_GROUP_PEOPLE people in DISPATCH_GROUP_HOURS hours; the new ones.

    A group that grows keeps its alert: the orders that joined are added to it.
    """
    made = []
    for group in find_groups(now=now):
        with transaction.atomic():
            known = Alert.objects.select_for_update().filter(kind=Alert.Kind.GROUP, orders__in=group).order_by("pk").first()
            if known is None:
                first = min(group, key=lambda order: order.pk)
                data = {"people": _people(group), "hours": settings.DISPATCH_GROUP_HOURS, "title": first.title}
                made.append(raise_alert(kind=Alert.Kind.GROUP, key=f"group:{first.pk}", data=data, orders=group))
                continue
            known.orders.add(*group)
            people = known.orders.aggregate(n=Count("citizen", distinct=True))["n"]
            if people != known.data.get("people"):
                known.data = known.data | {"people": people}
                known.save(update_fields=["data"])
    return made


def find_groups(*, now: datetime) -> Iterator[list[WorkOrder]]:
    """Groups of orders on one matter by enough different people. An order is in one group at most."""
    needed = settings.DISPATCH_GROUP_PEOPLE
    recent = WorkOrder.objects.filter(created_at__gte=now - timedelta(hours=settings.DISPATCH_GROUP_HOURS), created_at__lte=now)
    recent = recent.exclude(secrecy=Secrecy.SEALED).exclude(state__in=GONE).filter(citizen__isnull=False)
    grouped: set[int] = set()
    for keys in (("place_id",), ("duty_item_id", "region_id")):
        here = recent.filter(**{f"{key}__isnull": False for key in keys})
        buckets: Any = here.order_by().values(*keys).annotate(people=Count("citizen", distinct=True)).filter(people__gte=needed)
        for bucket in buckets.values_list(*keys):
            orders = here.filter(**dict(zip(keys, bucket, strict=True))).order_by("created_at")[:MOST_IN_BUCKET]
            waiting = [(order, matter_of(order)) for order in orders if order.pk not in grouped]
            while waiting:
                _seed, matter = waiting[0]
                group = [order for order, other in waiting if is_same(matter, other)] or [waiting[0][0]]
                if _people(group) >= needed:
                    yield group
                    grouped.update(order.pk for order in group)
                    waiting = [pair for pair in waiting if pair[0].pk not in grouped]
                else:
                    waiting = waiting[1:]


def _people(orders: list[WorkOrder]) -> int:
    return len({order.citizen_id for order in orders})
