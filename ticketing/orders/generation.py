"""Example orders of the last year, in the proportions that hotlines publish, for demos and load tests.

Shares: types and direct answers after a weekly bulletin of 2024 and a monthly one of 2023 (about half of all demands are
enquiries, half are answered at once, nine in ten come by telephone). Returns, redos and ratings after published monthly
lists. Every order walks the workflow's own edges through the one bulk verb.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from ticketing.clocks import selectors as clocks
from ticketing.clocks.working_time import WorkingCalendar
from ticketing.orders.bulk import OrderRow, StepRow
from ticketing.orders.models import WorkOrder
from ticketing.orders.phrasing import Phrasebook, get_phrasebook
from ticketing.orders.workflow import Action
from ticketing.organisation.actor import SYSTEM, Actor, citizen_actor, staff_actor
from ticketing.organisation.models import Appointment, DutyItem, OrderType, Place, Unit
from ticketing.organisation.roles import Role
from ticketing.organisation.selectors import responsible_unit

TYPE_SHARES = {"consult": 47, "help": 20, "complaint": 22, "report": 4, "suggestion": 4, "praise": 1, "other": 2}
CHANNEL_SHARES = {"voice": 88, "chat": 6, "form": 4, "sms": 2}
HOURS = [1, 1, 1, 1, 1, 1, 2, 4, 9, 12, 12, 9, 6, 6, 10, 11, 10, 8, 6, 5, 4, 3, 2, 1]  # calls by hour of day
DIRECT_SHARE = {"consult": 0.86, "help": 0.3, "praise": 0.5, "suggestion": 0.2, "other": 0.4}
RETURN_SHARE, REJECT_REPLY_SHARE, DISSATISFIED_SHARE, UNREACHED_SHARE = 0.06, 0.05, 0.07, 0.12
UNCLEAR_SHARE, YOUNG = 0.25, timedelta(hours=36)  # of the young ones: nobody has named the item, a dispatcher must look
LATE_SHARE, WITHDRAW_SHARE, URGE_SHARE = 0.03, 0.01, 0.05
SATISFACTION = {5: 62, 4: 26, 3: 8}  # of those content; the others give 1 or 2


class NoCity(Exception):
    """There is no city to make orders for: load one first."""


@dataclass
class _City:
    """What the generator draws from, read once."""

    types: dict[str, OrderType]
    items: dict[str, list[DutyItem]]
    places: list[Place]
    staff: dict[Role, list[Actor]]
    clerks: dict[int, Actor]
    calendar: WorkingCalendar
    book: Phrasebook
    units: dict[tuple[int, int], Unit | None] = field(default_factory=dict)

    def unit_for(self, item: DutyItem, place: Place) -> Unit | None:
        key = (item.pk, place.region_id)
        if key not in self.units:
            self.units[key] = responsible_unit(item, place.region)
        return self.units[key]

    def clerk_of(self, unit: Unit) -> Actor:
        known = self.clerks.get(unit.pk)
        return known or Actor(kind="staff", role=Role.UNIT_CLERK, name=unit.name[:60], unit_id=unit.pk, channel="desk")


def _read_city() -> _City:
    staff: dict[Role, list[Actor]] = {}
    clerks: dict[int, Actor] = {}
    for appointment in Appointment.objects.select_related("staff", "unit").order_by("pk"):
        role = Role(appointment.role)
        actor = staff_actor(appointment.staff, role=role)
        staff.setdefault(role, []).append(actor)
        if role == Role.UNIT_CLERK:
            clerks.setdefault(appointment.unit_id, actor)
    items: dict[str, list[DutyItem]] = {}
    for item in DutyItem.objects.filter(is_active=True).select_related("owner__region", "order_type", "owner__calendar"):
        items.setdefault(item.order_type.code, []).append(item)
    places = list(Place.objects.select_related("region").filter(region__level__in=["street", "community", "district"]))
    needed = (Role.SEAT, Role.DISPATCHER, Role.CALLBACK, Role.SUPERVISOR)
    if not items or not places or any(role not in staff for role in needed):
        raise NoCity
    return _City(
        types={t.code: t for t in OrderType.objects.all()},
        items=items,
        places=places,
        staff=staff,
        clerks=clerks,
        calendar=clocks.calendar_value(clocks.calendar_of(None)),
        book=get_phrasebook(),
    )


def example_orders(count: int, *, seed: int = 1, now: datetime | None = None) -> Iterator[OrderRow]:
    """`count` orders of the year before `now`, oldest first; the same seed gives the same orders. Raises NoCity.

    Steps that would lie in the future are left out, so that the youngest orders are still on their way.
    """
    now = now or timezone.now()
    rng, city = Random(seed), _read_city()
    moments = sorted(_moment(rng, now) for _ in range(count))
    for n, moment in enumerate(moments):
        yield _one(rng, city, n, seed, moment, now)


def _moment(rng: Random, now: datetime) -> datetime:
    """Some time in the last year; a tenth lies in the last week, as desks show mostly young orders."""
    days = rng.uniform(0, 7) if rng.random() < 0.1 else rng.uniform(0, 365)
    day = timezone.localtime(now - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
    hour = rng.choices(range(24), HOURS)[0]
    moment = day.replace(hour=hour) + timedelta(minutes=rng.randrange(60), seconds=rng.randrange(60))
    return min(moment, now - timedelta(minutes=1))


def _draw(rng: Random, shares: dict[Any, int]) -> Any:
    return rng.choices(list(shares), list(shares.values()))[0]


def _one(rng: Random, city: _City, n: int, seed: int, created: datetime, now: datetime) -> OrderRow:
    kind = _draw(rng, {k: v for k, v in TYPE_SHARES.items() if k in city.types} or {next(iter(city.types)): 1})
    pool = city.items.get(kind) or [i for items in city.items.values() for i in items]
    item, place = rng.choice(pool), rng.choice(city.places)
    what = rng.choice([item.name, *item.keywords])
    content = city.book.sentence(rng, order_type=kind, what=what, place=place.name)
    seat = rng.choice(city.staff[Role.SEAT])
    unclear = now - created < YOUNG and rng.random() < UNCLEAR_SHARE
    steps = [] if unclear else [s for s in _past(rng, city, kind, item, place, created, seat) if s.at <= now]
    return OrderRow(
        key=f"generated-{seed}-{n}",
        order_type=city.types[kind],
        title=f"{place.name}{what}"[:60],
        content=content,
        channel=_draw(rng, CHANNEL_SHARES),
        created_at=created,
        actor=seat,
        duty_item=None if unclear else item,
        region=place.region,
        place=place,
        wish=city.book.pick(rng, "wishes") if rng.random() < 0.6 else "",
        urgency=item.urgency,
        secrecy="sealed" if city.types[kind].sealed_by_default else "open",
        origin=WorkOrder.Origin.GENERATED,
        steps=steps,
    )


def _past(rng: Random, city: _City, kind: str, item: DutyItem, place: Place, created: datetime, seat: Actor) -> list[StepRow]:
    """The steps an order went through, each after the one before it."""
    book, calendar = city.book, city.calendar
    if rng.random() < DIRECT_SHARE.get(kind, 0.0):
        at = created + timedelta(minutes=rng.uniform(1, 6))
        return [StepRow(Action.CLOSE_DIRECT, at, seat, text=book.pick(rng, "direct_answers"))]
    dispatcher, caller = rng.choice(city.staff[Role.DISPATCHER]), citizen_actor(channel="voice")
    unit = city.unit_for(item, place)
    if unit is None:
        return []
    clerk, steps = city.clerk_of(unit), []
    at = created + timedelta(minutes=rng.expovariate(1 / 12) + 0.5)
    machine = rng.random() < 0.7
    by = SYSTEM if machine and kind != "report" else dispatcher
    steps.append(StepRow(Action.DISPATCH, at, by, unit=unit, text=item.name))
    if rng.random() < WITHDRAW_SHARE:
        at = at + timedelta(hours=rng.uniform(1, 20))
        return [*steps, StepRow(Action.WITHDRAW, at, caller, text=book.pick(rng, "withdrawals"))]
    if rng.random() < RETURN_SHARE:
        at = calendar.add(at, timedelta(hours=rng.uniform(0.5, 8)))
        steps.append(StepRow(Action.REQUEST_RETURN, at, clerk, text=book.pick(rng, "returns")))
        at = calendar.add(at, timedelta(hours=rng.uniform(0.2, 3)))
        if item.owner_id != unit.pk and rng.random() < 0.6:
            steps.append(StepRow(Action.ACCEPT_RETURN, at, dispatcher))
            unit, at = item.owner, at + timedelta(minutes=rng.uniform(2, 30))
            clerk = city.clerk_of(unit)
            steps.append(StepRow(Action.DISPATCH, at, dispatcher, unit=unit, text=item.name))
        else:
            steps.append(StepRow(Action.REFUSE_RETURN, at, dispatcher, text=item.name))
    at = calendar.add(at, timedelta(hours=min(rng.expovariate(1 / 1.2), 10)))
    steps.append(StepRow(Action.SIGN, at, clerk))
    if rng.random() < URGE_SHARE:
        at += timedelta(hours=rng.uniform(1, 10))
        steps.append(StepRow(Action.URGE, at, caller))
    return steps + _settle(rng, city, item, at, clerk, dispatcher)


def _settle(rng: Random, city: _City, item: DutyItem, at: datetime, clerk: Actor, dispatcher: Actor) -> list[StepRow]:
    """From the signature to the end: reply, review, call-back, perhaps another round."""
    book, calendar, steps = city.book, city.calendar, []
    limit = clocks.parse_limit(item.promised_limit, "") or clocks.Limit(7, "working_days", "")
    days = limit.value if limit.measure.endswith("days") else 1
    caller = rng.choice(city.staff[Role.CALLBACK])
    for round_number in range(3):
        share = rng.uniform(1.05, 1.6) if rng.random() < LATE_SHARE else rng.betavariate(2, 3) * 0.95
        at = calendar.add(at, timedelta(hours=7 * days * share))
        solved = rng.random() < 0.88
        text = book.pick(rng, "replies", "solved" if solved else "explained")
        steps.append(StepRow(Action.SUBMIT_REPLY, at, clerk, text=text, solved=solved))
        at = calendar.add(at, timedelta(hours=rng.uniform(0.3, 4)))
        if rng.random() < REJECT_REPLY_SHARE and round_number == 0:
            steps.append(StepRow(Action.REJECT_REPLY, at, dispatcher, text=book.pick(rng, "review_notes")))
            continue
        steps.append(StepRow(Action.APPROVE_REPLY, at, dispatcher))
        for attempt in range(3):
            at = calendar.add(at, timedelta(hours=rng.uniform(1, 7)))
            if rng.random() >= UNREACHED_SHARE:
                break
            last = attempt == 2
            steps.append(StepRow(Action.CLOSE_UNRATED if last else Action.NOTE_UNREACHED, at, caller))
            if last:
                return steps
        if rng.random() >= DISSATISFIED_SHARE:
            steps.append(StepRow(Action.CLOSE, at, caller, solved=solved, satisfaction=_draw(rng, SATISFACTION)))
            return steps
        unhappy, words = rng.choice([1, 2]), book.pick(rng, "dissatisfied")
        steps.append(StepRow(Action.NOTE_DISSATISFIED, at, caller, text=words, solved=False, satisfaction=unhappy))
        at = calendar.add(at, timedelta(hours=rng.uniform(0.5, 4)))
        if round_number == 2 or rng.random() < 0.3:
            supervisor = rng.choice(city.staff[Role.SUPERVISOR])
            steps.append(StepRow(Action.ACCEPT_CLOSING, at, supervisor, text=text))
            return steps
        steps.append(StepRow(Action.REDO, at, dispatcher, text=book.pick(rng, "dissatisfied")))
    return steps
