"""Today's figures for the wall, each computed from rows and events, in a constant number of queries."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, F, Min, Q
from django.db.models.functions import ExtractHour
from django.utils import timezone
from django.utils.translation import gettext as _

from hotline.conversations.models import Channel, Conversation
from hotline.seats.models import Presence
from hotline.voice.models import Line
from ticketing.orders.models import OrderEvent, Rating, Secrecy
from ticketing.orders.sealed import countable
from ticketing.orders.workflow import WITH_UNIT, Action, State
from ticketing.organisation.models import Level, Region

RED_ROWS = 6
TOPICS = 6
TICKER_ROWS = 9
TOPIC_DAYS = 7
RATING_DAYS = 30
SATISFIED_FROM = 3  # of 5: 基本满意 and better
TICKER_ACTIONS = (
    Action.SUBMIT, Action.DISPATCH, Action.SIGN, Action.SUBMIT_REPLY, Action.APPROVE_REPLY, Action.CLOSE, Action.CLOSE_DIRECT,
    Action.NOTE_DISSATISFIED, Action.REDO, Action.URGE, Action.RATE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number. `meaning` is normal, soon, overdue or done; `note` says of what or since when."""

    code: str
    label: str
    value: str
    unit: str
    note: str
    meaning: str = "normal"


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One line's queue: how many wait and the longest wait in seconds."""

    line: str
    waiting: int
    longest_seconds: int


@dataclass(frozen=True, slots=True)
class Red:
    """An order past its warning: no words of the citizen."""

    number: str
    subject: str
    unit: str
    due_at: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class Topic:
    """A duty item with its orders of the last days and of as many days before."""

    name: str
    count: int
    before: int
    percent: int  # of the greatest, for the bar

    @property
    def trend(self) -> str:
        """up, down or level."""
        return "up" if self.count > self.before else "down" if self.count < self.before else "level"


@dataclass(frozen=True, slots=True)
class District:
    """A district's orders of the last days and how many of its orders are overdue."""

    name: str
    count: int
    overdue: int
    heat: int  # 0 to 4, by share of the greatest


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the ticker."""

    at: datetime
    label: str
    number: str
    subject: str
    unit: str


@dataclass(frozen=True, slots=True)
class Wall:
    """All that the wall shows at one moment."""

    at: datetime
    figures: list[Figure]
    queue: list[QueueLine]
    seats: dict[str, int]
    hours: list[int]
    red: list[Red]
    topics: list[Topic]
    districts: list[District]
    ticker: list[Tick]


def wall(*, now: datetime | None = None) -> Wall:
    """The wall at `now`. Sealed reports are in none of its figures."""
    now = now or timezone.now()
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    orders = _orders_today(now, today)
    talks = _talks_today(today)
    return Wall(
        at=now,
        figures=_figures(orders, talks, _satisfaction(now)),
        queue=_queue(now),
        seats=_seats(),
        hours=_hours(today),
        red=_red(now),
        topics=_topics(now),
        districts=_districts(now),
        ticker=_ticker(now),
    )


def wall_as_json(found: Wall) -> dict[str, Any]:
    """The wall for programs."""
    return asdict(found)


def _orders_today(now: datetime, today: datetime) -> dict[str, int]:
    return countable().aggregate(
        created=Count("pk", filter=Q(created_at__gte=today)),
        dispatched=Count("pk", filter=Q(dispatched_at__gte=today)),
        direct=Count("pk", filter=Q(state=State.CLOSED_DIRECT, closed_at__gte=today)),
        closed=Count("pk", filter=Q(closed_at__gte=today)),
        overdue=Count("pk", filter=Q(state__in=WITH_UNIT, due_at__lt=now)),
        soon=Count("pk", filter=Q(state__in=WITH_UNIT, due_at__gte=now, warn_at__lt=now)),
        triage=Count("pk", filter=Q(state=State.TRIAGE)),
    )


def _talks_today(today: datetime) -> dict[str, Any]:
    waiting = Q(owner=Conversation.Owner.QUEUE) & ~Q(status=Conversation.Status.ENDED)
    return Conversation.objects.aggregate(
        contacts=Count("pk", filter=Q(started_at__gte=today)),
        calls=Count("pk", filter=Q(started_at__gte=today, channel__in=[Channel.VOICE, Channel.BROWSER])),
        alone=Count("pk", filter=Q(started_at__gte=today, owner=Conversation.Owner.BOT, queued_at=None)),
        waiting=Count("pk", filter=waiting),
        emergencies=Count("pk", filter=waiting & Q(priority=0)),
        talking=Count("pk", filter=Q(owner=Conversation.Owner.SEAT) & ~Q(status=Conversation.Status.ENDED)),
    )


def _satisfaction(now: datetime) -> dict[str, Any]:
    counted = Rating.objects.filter(
        kind=Rating.Kind.ORDER, at__gte=now - timedelta(days=RATING_DAYS), order__order_type__counts_for_satisfaction=True
    ).exclude(order__secrecy=Secrecy.SEALED)
    return counted.aggregate(number=Count("pk"), content=Count("pk", filter=Q(score__gte=SATISFIED_FROM)), mean=Avg("score"))


def _figures(orders: dict[str, int], talks: dict[str, Any], rated: dict[str, Any]) -> list[Figure]:
    share = f"{100 * rated['content'] / rated['number']:.1f}" if rated["number"] else "—"
    bot_share = round(100 * talks["alone"] / talks["contacts"]) if talks["contacts"] else 0
    return [
        Figure("contacts", _("Contacts today"), str(talks["contacts"]), "", _("of these calls: %(n)d") % {"n": talks["calls"]}),
        Figure(
            "waiting", _("In the queue"), str(talks["waiting"]), "",
            _("emergencies: %(n)d, talking: %(m)d") % {"n": talks["emergencies"], "m": talks["talking"]},
            "overdue" if talks["emergencies"] else "soon" if talks["waiting"] > 5 else "normal",
        ),
        Figure("created", _("Orders created today"), str(orders["created"]), "", _("waiting for dispatch: %(n)d") % {"n": orders["triage"]}),
        Figure("dispatched", _("Dispatched today"), str(orders["dispatched"]), "", _("closed today: %(n)d") % {"n": orders["closed"]}),
        Figure(
            "overdue", _("Overdue"), str(orders["overdue"]), "", _("soon due: %(n)d") % {"n": orders["soon"]},
            "overdue" if orders["overdue"] else "done",
        ),
        Figure("direct", _("Answered directly today"), str(orders["direct"]), "", _("on the spot, without a unit")),
        Figure("bot", _("Bot alone today"), str(bot_share), "%", _("%(n)d of %(m)d contacts") % {"n": talks["alone"], "m": talks["contacts"]}),
        Figure(
            "satisfaction", _("Satisfaction rate"), share, "%" if rated["number"] else "",
            _("%(n)d ratings in %(d)d days") % {"n": rated["number"], "d": RATING_DAYS},
        ),
    ]  # fmt: skip


def _queue(now: datetime) -> list[QueueLine]:
    found = (
        Conversation.objects.filter(owner=Conversation.Owner.QUEUE)
        .exclude(status=Conversation.Status.ENDED)
        .values("line_number", "channel")
        .annotate(waiting=Count("pk"), oldest=Min("queued_at"))
        .order_by("-waiting")
    )
    labels, names = dict(Channel.choices), dict(Line.objects.values_list("number", "name"))
    return [
        QueueLine(
            line=names.get(row["line_number"]) or row["line_number"] or str(labels[row["channel"]]),
            waiting=row["waiting"],
            longest_seconds=int((now - row["oldest"]).total_seconds()) if row["oldest"] else 0,
        )
        for row in found
    ]


def _seats() -> dict[str, int]:
    found = Presence.objects.exclude(state=Presence.State.SIGNED_OUT).values("state").annotate(n=Count("pk"))
    counted = {row["state"]: row["n"] for row in found}
    return {str(label): counted[value] for value, label in Presence.State.choices if value in counted}


def _hours(today: datetime) -> list[int]:
    found = (
        countable().filter(created_at__gte=today).annotate(hour=ExtractHour("created_at")).values("hour").annotate(n=Count("pk"))
    )
    counted = {row["hour"]: row["n"] for row in found}
    return [counted.get(hour, 0) for hour in range(24)]


def _red(now: datetime) -> list[Red]:
    found = (
        countable()
        .filter(state__in=WITH_UNIT, warn_at__lte=now, due_at__isnull=False)
        .select_related("duty_item", "order_type", "unit")
        .order_by("due_at")[:RED_ROWS]
    )
    return [
        Red(
            o.number,
            str(o.duty_item or o.order_type),
            (o.unit.short_name or o.unit.name) if o.unit else "",
            o.due_at,
            o.due_at < now,
        )
        for o in found
        if o.due_at
    ]


def _topics(now: datetime) -> list[Topic]:
    since, before = now - timedelta(days=TOPIC_DAYS), now - timedelta(days=2 * TOPIC_DAYS)
    found = list(
        countable()
        .filter(created_at__gte=before, duty_item__isnull=False)
        .values(name=F("duty_item__name"))
        .annotate(count=Count("pk", filter=Q(created_at__gte=since)), before=Count("pk", filter=Q(created_at__lt=since)))
        .order_by("-count", "name")[:TOPICS]
    )
    greatest = max((row["count"] for row in found), default=0) or 1
    return [
        Topic(row["name"], row["count"], row["before"], round(100 * row["count"] / greatest)) for row in found if row["count"]
    ]


def _districts(now: datetime) -> list[District]:
    regions = {r["pk"]: r for r in Region.objects.values("pk", "parent_id", "name", "level")}

    def district_of(pk: int | None) -> int | None:
        while pk is not None and regions[pk]["level"] != Level.DISTRICT:
            pk = regions[pk]["parent_id"]
        return pk

    rows = (
        countable()
        .filter(region__isnull=False)
        .filter(Q(created_at__gte=now - timedelta(days=TOPIC_DAYS)) | Q(state__in=WITH_UNIT, due_at__lt=now))
        .values("region_id")
        .annotate(
            count=Count("pk", filter=Q(created_at__gte=now - timedelta(days=TOPIC_DAYS))),
            overdue=Count("pk", filter=Q(state__in=WITH_UNIT, due_at__lt=now)),
        )
    )
    totals = {pk: [0, 0] for pk, r in regions.items() if r["level"] == Level.DISTRICT}
    for row in rows:
        district = district_of(row["region_id"])
        if district is not None:
            totals[district][0] += row["count"]
            totals[district][1] += row["overdue"]
    greatest = max((count for count, _overdue in totals.values()), default=0) or 1
    return [
        District(regions[pk]["name"], count, overdue, min(4, round(4 * count / greatest)))
        for pk, (count, overdue) in sorted(totals.items(), key=lambda entry: -entry[1][0])
    ][:12]


def _ticker(now: datetime) -> list[Tick]:
    # Of the last day alone: the index on action and time then finds them among millions.
    found = (
        OrderEvent.objects.filter(action__in=TICKER_ACTIONS, at__gte=now - timedelta(days=1), at__lte=now)
        .exclude(order__secrecy=Secrecy.SEALED)
        .select_related("order__duty_item", "order__order_type", "order__unit")
        .order_by("-at", "-pk")[:TICKER_ROWS]
    )
    return [
        Tick(e.at, e.label, e.order.number, str(e.order.duty_item or e.order.order_type), str(e.order.unit or "")) for e in found
    ]
