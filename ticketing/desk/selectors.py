"""What the pages of the desks show. Every list has a fixed number of queries, however long it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ticketing.clocks.models import Clock, ClockKind
from ticketing.clocks.selectors import ClockPanel, clock_panel, measuring_calendar
from ticketing.clocks.working_time import WorkingCalendar
from ticketing.dispatch.candidates import facts_of, rank
from ticketing.dispatch.selectors import latest_decision
from ticketing.orders import numbers
from ticketing.orders import selectors as orders
from ticketing.orders.models import OrderEvent, Reply, WorkOrder
from ticketing.orders.workflow import OPEN, WITH_UNIT, Action, State
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import CENTRE_ROLES, Role

SOON_STATES = {
    "running": "normal",
    "soon": "soon",
    "overdue": "overdue",
    "done": "done",
    "done_late": "overdue",
    "paused": "normal",
}
INBOX_STATES = (State.TRIAGE, State.RETURN_REVIEW, State.DISPUTE, State.REPLY_REVIEW, State.EXTENSION_REVIEW)
# The unit has answered in time or not: while the hotline checks the reply its clock stands.
ANSWERED = frozenset({State.REPLY_REVIEW})
ON_CLOCK = WITH_UNIT - ANSWERED
DONE_STATES = frozenset({State.CLOSED, State.CLOSED_DIRECT, State.ARCHIVED})


def day_hours(calendar: WorkingCalendar) -> float:
    """Hours of the calendar's first working weekday, 24 where every minute counts."""
    windows: Sequence[tuple[int, int]] = next((day for day in calendar.weekly if day), ())
    return sum(end - start for start, end in windows) / 60 or 24.0


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock as a page shows it; `left` counts by the clock's own measure."""

    panel: ClockPanel
    label: str
    due: datetime
    left: timedelta
    meaning: str
    working: bool
    day_hours: float
    paused: bool
    provisional: bool

    @property
    def done(self) -> bool:
        return self.panel.state.startswith("done")


def clock_view(panel: ClockPanel) -> ClockView:
    """The panel with the words and the meaning that pages need."""
    clock = panel.clock
    return ClockView(
        panel=panel,
        label=str(ClockKind(clock.kind).label),
        due=clock.due_at,
        left=panel.left,
        meaning=SOON_STATES[panel.state],
        working=clock.measure.startswith("working"),
        day_hours=day_hours(measuring_calendar(clock)),
        paused=panel.state == "paused",
        provisional=clock.provisional,
    )


@dataclass(slots=True)
class Row:
    """One order in a list, with its running handling clock where it has one."""

    order: WorkOrder
    clock: ClockView | None = None
    todo: Any = None  # the first thing this person can do, where the list shows it
    reply: Any = None

    @property
    def meaning(self) -> str:
        """The meaning of the order's state, for its badge."""
        if self.order.state in DONE_STATES:
            return "done"
        return self.clock.meaning if self.clock else "normal"


def rows_of(found: Iterable[WorkOrder], *, now: datetime | None = None) -> list[Row]:
    """Orders with their handling clocks, in three queries."""
    rows = [Row(order) for order in found]
    clocks = Clock.objects.filter(
        order_number__in=[row.order.number for row in rows], kind=ClockKind.HANDLE, stopped_at=None
    ).select_related("calendar")
    by_number = {c.order_number: c for c in clocks.prefetch_related("pauses").order_by("round")}
    for row in rows:
        clock = by_number.get(row.order.number)
        if clock is not None:
            row.clock = clock_view(clock_panel(clock, now=now))
    return rows


# --- Dispatcher ------------------------------------------------------------------------------------------------------


def inbox_counts(staff: Staff) -> list[tuple[State, int]]:
    """How many orders wait for a dispatcher, by what they wait for."""
    counted = orders.visible_orders(staff).filter(state__in=INBOX_STATES).order_by().values_list("state").annotate(n=Count("pk"))
    by_state = dict(counted)
    return [(state, by_state.get(state, 0)) for state in INBOX_STATES]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One candidate unit as the inbox shows it: `share` of the best score, 0 to 100, and the reason in one line."""

    key: int
    unit: int
    unit_name: str
    score: float
    share: int
    reasons: list[dict[str, Any]]

    @property
    def reason(self) -> str:
        """The reasons in one line: what the dispatch is recorded with."""
        return "；".join(str(r["text"]) for r in self.reasons)[:300]


def proposals(order: WorkOrder, *, limit: int = 3) -> list[Proposal]:
    """The best units for an order: those of the last decision, or ranked now where none was taken yet."""
    decision = latest_decision(order)
    found = decision.candidates if decision and decision.candidates else [c.as_json() for c in rank(facts_of(order), limit=limit)]
    best = max((float(c["score"]) for c in found), default=0) or 1
    return [
        Proposal(key, c["unit"], c["unit_name"], c["score"], max(4, round(100 * float(c["score"]) / best)), c["reasons"])
        for key, c in enumerate(found[:limit], 1)
    ]


def marked(order: WorkOrder, *, most: int = 12) -> list[tuple[str, str]]:
    """The order's text cut into (piece, kind), where kind is place, time, item or empty for plain text."""
    words: dict[str, str] = {}
    place_words = [
        order.place_text,
        *([order.place.name, *order.place.aliases] if order.place else []),
        order.region.name if order.region else "",
    ]
    for kind, entries in (
        ("item", order.duty_item.keywords if order.duty_item else []),
        ("time", [order.incident_time]),
        ("place", place_words),
    ):
        words.update({word: kind for word in entries if word and len(word) > 1})
    if not words:
        return [(order.content, "")]
    longest_first = sorted(words, key=len, reverse=True)[: most * 4]
    pieces = re.split("(" + "|".join(map(re.escape, longest_first)) + ")", order.content)
    return [(piece, words.get(piece, "")) for piece in pieces if piece]


def inbox_detail(order: WorkOrder, staff: Staff) -> dict[str, Any]:
    """What the inbox shows beside its list: text, people, alike orders, candidates, the reply or return in question."""
    detail: dict[str, Any] = {
        "order": order,
        "marked": marked(order),
        "contact": orders.contact_of(order, staff),
        "similar": list(orders.similar_open_orders(order)),
        "earlier": [o for o in orders.earlier_orders(order.citizen, limit=4) if o.pk != order.pk][:3],
        "files": list(order.attachments.all()),
    }
    if order.state == State.TRIAGE:
        detail["proposals"] = proposals(order)
    elif order.state == State.REPLY_REVIEW:
        detail["reply"] = pending_reply(order)
    elif order.state in (State.RETURN_REVIEW, State.DISPUTE):
        detail["returned"] = last_event(order, Action.REQUEST_RETURN)
        detail["proposals"] = [p for p in proposals(order, limit=4) if p.unit != order.unit_id][:3]
    return detail


def pending_reply(order: WorkOrder) -> Any:
    """The reply that waits for a decision, or None."""
    return order.replies.filter(status="submitted", is_stage=False).select_related("unit").order_by("-created_at").first()


def last_event(order: WorkOrder, action: Action) -> orders.TimelineEntry | None:
    """The last event of `action` with its texts."""
    event = (
        order.events.filter(action=action).prefetch_related("commitments").select_related("actor_unit").order_by("-seq").first()
    )
    return orders.TimelineEntry(event, {c.field: c.value for c in event.commitments.all()}) if event else None


# --- Unit ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Group:
    """Part of the unit's list. `total` counts all, `rows` are those on this page."""

    key: str
    label: Promise
    meaning: str
    total: int
    rows: list[Row] = field(default_factory=list)


def due_bounds(now: datetime) -> tuple[datetime, datetime]:
    """End of today and end of this week (Sunday midnight), local time."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + timedelta(days=1)
    return tomorrow, midnight + timedelta(days=7 - midnight.weekday())


def unit_groups(staff: Staff, *, now: datetime | None = None) -> list[Group]:
    """The groups of the unit's list with their totals, in one query."""
    now = now or timezone.now()
    today, week = due_bounds(now)
    open_ones = ~Q(state__in=ANSWERED)
    count = (
        orders.unit_list(staff)
        .order_by()
        .aggregate(
            overdue=Count("pk", filter=open_ones & Q(due_at__lte=now)),
            today=Count("pk", filter=open_ones & Q(due_at__gt=now, due_at__lt=today)),
            week=Count("pk", filter=open_ones & Q(due_at__gt=now, due_at__gte=today, due_at__lt=week)),
            later=Count("pk", filter=open_ones & (Q(due_at__gte=week) | Q(due_at=None))),
            answered=Count("pk", filter=Q(state__in=ANSWERED)),
        )
    )
    return [
        Group("overdue", _("Overdue"), "overdue", count["overdue"]),
        Group("today", _("Due today"), "soon", count["today"]),
        Group("week", _("Due this week"), "normal", count["week"]),
        Group("later", _("Later"), "normal", count["later"]),
        Group("answered", _("Reply with the hotline"), "normal", count["answered"]),
    ]


def group_of(order: WorkOrder, now: datetime) -> str:
    """Which group of the unit's list an order belongs to."""
    today, week = due_bounds(now)
    if order.state in ANSWERED:
        return "answered"
    if order.due_at is None:
        return "later"
    if order.due_at <= now:
        return "overdue"
    return "today" if order.due_at < today else "week" if order.due_at < week else "later"


# --- Supervision -----------------------------------------------------------------------------------------------------


def supervision_counts(staff: Staff, *, now: datetime) -> dict[str, int]:
    """Red, yellow, watched and often returned orders, counted in one query."""
    return (
        orders.visible_orders(staff)
        .filter(state__in=OPEN)
        .order_by()
        .aggregate(
            red=Count("pk", filter=Q(state__in=ON_CLOCK, due_at__lte=now)),
            yellow=Count("pk", filter=Q(state__in=ON_CLOCK, warn_at__lte=now, due_at__gt=now)),
            watched=Count("pk", filter=Q(supervised=True)),
            returned=Count("pk", filter=Q(return_count__gte=1)),
            urged=Count("pk", filter=Q(urge_count__gte=1)),
        )
    )


def supervision_list(staff: Staff, kind: str, *, now: datetime) -> QuerySet[WorkOrder]:
    """The orders behind one of the counts of `supervision_counts`."""
    seen = orders.visible_orders(staff).filter(state__in=OPEN)
    if kind == "yellow":
        return seen.filter(state__in=ON_CLOCK, warn_at__lte=now, due_at__gt=now).order_by("due_at")
    if kind == "watched":
        return seen.filter(supervised=True).order_by("due_at", "created_at")
    if kind == "returned":
        return seen.filter(return_count__gte=1).order_by("-return_count", "created_at")
    if kind == "urged":
        return seen.filter(urge_count__gte=1).order_by("-urge_count", "created_at")
    return orders.red_list(staff, now=now).filter(state__in=ON_CLOCK, due_at__lte=now)


# --- Finding ---------------------------------------------------------------------------------------------------------


def find_orders(staff: Staff, *, words: str = "", state: str = "", unit: int | None = None) -> QuerySet[WorkOrder]:
    """Orders by number (whole or its beginning), by words in title or content, by state and unit; newest first."""
    found = orders.visible_orders(staff).order_by("-created_at")
    compact = "".join(words.split())
    if compact.isdigit() and len(compact) >= 4:
        found = found.filter(number__startswith=compact[:12])
    else:
        for word in words.split()[:5]:
            found = found.filter(Q(title__icontains=word) | Q(content__icontains=word) | Q(place_text__icontains=word))
    if state in State.values:
        found = found.filter(state=state)
    if unit:
        found = found.filter(unit_id=unit)
    return found


def looks_like_number(words: str) -> str:
    """The order number that was typed or pasted, or an empty text."""
    compact = "".join(words.split())
    return compact if numbers.is_valid(compact) else ""


# --- One order -------------------------------------------------------------------------------------------------------

EVENT_LOOKS: dict[str, tuple[str, str]] = {
    # action: (icon, meaning)
    Action.SUBMIT: ("phone", "normal"),
    Action.DISPATCH: ("send", "normal"),
    Action.REASSIGN: ("switch-horizontal", "normal"),
    Action.UNDO_DISPATCH: ("arrow-back-up", "normal"),
    Action.SIGN: ("signature", "normal"),
    Action.REQUEST_RETURN: ("arrow-back-up", "normal"),
    Action.STAGE_REPLY: ("message-dots", "normal"),
    Action.SUBMIT_REPLY: ("message-reply", "normal"),
    Action.APPROVE_REPLY: ("circle-check", "done"),
    Action.CLOSE: ("circle-check", "done"),
    Action.CLOSE_UNRATED: ("circle-check", "done"),
    Action.CLOSE_DIRECT: ("message-check", "done"),
    Action.ACCEPT_CLOSING: ("circle-check", "done"),
    Action.NOTE_UNREACHED: ("phone-off", "normal"),
    Action.URGE: ("bell-ringing", "soon"),
    Action.SUPERVISE: ("flag", "soon"),
    Action.RATE: ("star", "normal"),
    Action.MERGE: ("arrow-merge", "normal"),
    Action.WITHDRAW: ("x", "normal"),
    "warned": ("alert-triangle", "soon"),
    "overdue": ("alert-circle", "overdue"),
    "attach": ("paperclip", "normal"),
    "merged_in": ("arrow-merge", "normal"),
}
EVENT_NAMES: dict[str, Promise] = {
    "attach": _("File added"),
    "merged_in": _("Another order was merged into this one"),
    "warned": _("Close to the time limit"),
    "overdue": _("Time limit passed"),
}
EVENT_NAMES[Action.SUBMIT] = _("Received")
CITIZEN_SIDE = {"citizen": _("Citizen"), "system": _("System"), "bot": _("Bot")}
TEXT_ORDER = ("reason", "question", "text", "answer", "reply", "guidance", "note", "internal")


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as the timeline shows it."""

    title: str
    who: str
    at: datetime
    text: str
    meaning: str
    icon: str
    kind: str


def happenings(order: WorkOrder, staff: Staff) -> list[Happening]:
    """The order's history in words, oldest first. Internal notes are left out for other units."""
    centre = staff.has_role(*CENTRE_ROLES, Role.INSPECTOR, Role.ADMIN)
    own_units = set() if centre else orders.unit_ids_of(staff)
    return [
        happening(entry, hide_internal=not centre and entry.event.actor_unit_id not in own_units)
        for entry in orders.timeline(order)
    ]


def happening(entry: orders.TimelineEntry, *, hide_internal: bool = False) -> Happening:
    """One event in words."""
    event = entry.event
    icon, meaning = EVENT_LOOKS.get(event.action, ("point", "normal"))
    return Happening(
        title=str(EVENT_NAMES.get(event.action, event.label)),
        who=_who(event),
        at=event.at,
        text=_text(entry, hide_internal=hide_internal),
        meaning=meaning,
        icon=icon,
        kind=event.actor_kind,
    )


def _who(event: OrderEvent) -> str:
    if event.actor_kind in CITIZEN_SIDE:
        return str(CITIZEN_SIDE[event.actor_kind])
    unit = event.actor_unit
    place = (unit.short_name or unit.name) if unit else ""
    return " · ".join(part for part in (place, str(Role(event.actor_role).label), event.actor_name) if part)


def _text(entry: orders.TimelineEntry, *, hide_internal: bool) -> str:
    data, lines = entry.event.data, []
    if data.get("unit_name"):
        lines.append(str(_("To: %(unit)s")) % {"unit": data["unit_name"]})
    if entry.event.action in (Action.TRANSFER, Action.SUB_DISPATCH) and data.get("to"):
        lines.append(str(_("To: %(unit)s")) % {"unit": data["to"]})
    if entry.event.action == Action.MERGE and data.get("into"):
        lines.append(str(_("Into order %(number)s")) % {"number": data["into"]})
    if entry.event.action == "merged_in":
        lines.append(str(_("Order %(number)s")) % {"number": data.get("number", "")})
    if data.get("clock") in ClockKind.values:
        lines.append(str(ClockKind(data["clock"]).label))
    if data.get("satisfaction"):
        lines.append(str(_("Satisfaction: %(score)s of 5")) % {"score": data["satisfaction"]})
    if data.get("score"):
        lines.append(str(_("Rating: %(score)s of 5")) % {"score": data["score"]})
    if entry.event.action == Action.SUBMIT:
        return "\n".join(lines)
    for name in TEXT_ORDER:
        text = entry.texts.get(name, "")
        if text and not (name == "internal" and hide_internal):
            lines.append(str(_("Internal: %(text)s")) % {"text": text} if name == "internal" else text)
    return "\n".join(lines)


def changes_since(order: WorkOrder, version: int) -> list[Happening]:
    """What happened to the order after `version`, for a person whose form grew stale."""
    return [happening(entry, hide_internal=True) for entry in orders.timeline(order) if entry.event.seq > version]


def order_detail(order: WorkOrder, staff: Staff) -> dict[str, Any]:
    """Everything on the order's page apart from what can be done."""
    panels = [clock_view(panel) for panel in _panels(order)]
    running = [view for view in panels if not view.done]
    ended = [view for view in panels if view.done]
    main = next((v for v in running if v.panel.clock.kind == ClockKind.HANDLE), running[0] if running else None)
    return {
        "order": order,
        "marked": marked(order),
        "clocks": sorted(running, key=lambda view: view is not main) + ended,
        "clock": main,
        "meaning": "done" if order.state in DONE_STATES else main.meaning if main else "normal",
        "events": happenings(order, staff),
        "contact": orders.contact_of(order, staff),
        "may_reveal": orders.may_reveal(order, staff),
        "files": list(order.attachments.all()),
        "replies": list(order.replies.select_related("unit")),
        "similar": list(orders.similar_open_orders(order)),
        "earlier": [o for o in orders.earlier_orders(order.citizen, limit=6) if o.pk != order.pk][:5],
        "answers": question_answers(order),
        "merged": list(order.merged_orders.all()[:10]),
    }


def _panels(order: WorkOrder) -> list[ClockPanel]:
    clocks = Clock.objects.filter(order_number=order.number).select_related("calendar").prefetch_related("pauses")
    return [clock_panel(clock) for clock in clocks.order_by("started_at", "pk")]


def question_answers(order: WorkOrder) -> list[tuple[str, str]]:
    """The item's questions with what the citizen answered, choices in words."""
    if not order.answers:
        return []
    chinese = (get_language() or "zh").startswith("zh")
    known = {q.slot: q for q in order.duty_item.questions.all()} if order.duty_item else {}
    answered = []
    for slot, value in order.answers.items():
        question = known.get(slot)
        label = (question.prompt_zh if chinese else question.prompt_en) if question else slot
        names = {str(c.get("value")): c.get("zh" if chinese else "en", "") for c in (question.choices if question else [])}
        answered.append((label, names.get(str(value)) or str(value)))
    return answered


# --- Call-back -------------------------------------------------------------------------------------------------------


def callback_rows(found: Iterable[WorkOrder]) -> list[Row]:
    """Orders to be called about, each with the reply that was promised, in two queries."""
    rows = [Row(order) for order in found]
    replies = (
        Reply.objects.filter(order__in=[r.order for r in rows], status=Reply.Status.APPROVED)
        .select_related("unit")
        .order_by("created_at")
    )
    by_order = {reply.order_id: reply for reply in replies}
    for row in rows:
        row.reply = by_order.get(row.order.pk)
    return rows
