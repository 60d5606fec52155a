"""The history of an order in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ticketing.clocks.models import ClockKind, TimeLimit
from ticketing.orders import selectors as orders
from ticketing.orders.models import Card, Flag, OrderEvent, WorkOrder
from ticketing.orders.workflow import Action
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role

EVENT_LOOKS: dict[str, tuple[str, str]] = {
    # action: (icon, meaning)
    Action.SAVE_DRAFT: ("file-text", "normal"),
    Action.SUBMIT: ("phone", "normal"),
    Action.DISPATCH: ("send", "normal"),
    Action.REASSIGN: ("switch-horizontal", "normal"),
    Action.UNDO_DISPATCH: ("arrow-back-up", "normal"),
    Action.SIGN: ("signature", "normal"),
    Action.REQUEST_RETURN: ("arrow-back-up", "normal"),
    Action.ASK_ASSIST: ("users", "normal"),
    Action.ASSIST_REPLY: ("message-reply", "normal"),
    Action.GATHER: ("arrow-merge", "normal"),
    Action.REQUEST_EXTENSION: ("calendar", "normal"),
    Action.GRANT_EXTENSION: ("calendar", "normal"),
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
    Action.ISSUE_CARD: ("alert-triangle", "overdue"),
    Action.HOLD_ACCOUNTABLE: ("book", "overdue"),
    Action.FLAG: ("flag", "soon"),
    "attach": ("paperclip", "normal"),
    "review_due": ("bell", "soon"),
    "merged_in": ("arrow-merge", "normal"),
    "replanned": ("calendar", "soon"),
    "succeeded": ("arrow-merge", "normal"),
}
EVENT_NAMES: dict[str, Promise] = {
    "attach": _("File added"),
    "review_due": _("The suspension is to be looked at again"),
    "merged_in": _("Another order was merged into this one"),
    "warned": _("Close to the time limit"),
    "overdue": _("Time limit passed"),
    "replanned": _("Time limits changed with a plan"),
    "succeeded": _("The successor of the unit took over"),
}
EVENT_NAMES[Action.SUBMIT] = _("Received")
# What an assisting unit reads of the history besides its own doing.
FOR_ASSISTING = frozenset(
    {Action.SUBMIT, Action.DISPATCH, Action.ADD_FACTS, Action.URGE, Action.GATHER, "warned", "overdue", "replanned"}
)
CITIZEN_SIDE = {"citizen": _("Citizen"), "system": _("System"), "bot": _("Bot")}
TEXT_ORDER = ("reason", "task", "question", "text", "answer", "reply", "guidance", "note", "internal")


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
    centre = orders.works_for_centre(staff, order)
    own_units = set() if centre else orders.unit_ids_of(staff)
    entries = orders.timeline(order)
    if not centre and not orders.sees_whole(staff, order):
        entries = [e for e in entries if e.event.actor_unit_id in own_units or e.event.action in FOR_ASSISTING]
    lead = order.unit_id in own_units
    return [
        happening(
            entry,
            hide_internal=not centre
            and entry.event.actor_unit_id not in own_units
            and not (lead and entry.event.action == Action.ASSIST_REPLY),
        )
        for entry in entries
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
    if data.get("amount") and data.get("measure") in TimeLimit.Measure.values:
        lines.append(f"+{data['amount']} {TimeLimit.Measure(data['measure']).label}")
    if data.get("plan_name"):
        words = _("%(plan)s was switched on by %(who)s") if data.get("on") else _("%(plan)s was switched off by %(who)s")
        lines.append(str(words) % {"plan": data["plan_name"], "who": data.get("by", "")})
    if data.get("flags"):
        lines.append("、".join(str(Flag(flag).label) for flag in data["flags"] if flag in Flag.values))
    if data.get("colour") in Card.Colour.values:
        lines.append(str(Card.Colour(data["colour"]).label))
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
