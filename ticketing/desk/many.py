"""One action on many orders: each order is asked, done and reported on its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ticketing.desk import doings
from ticketing.desk.doings import DOINGS, Doing
from ticketing.orders.errors import IllegalTransition, OrderError, OrderNotFound
from ticketing.orders.selectors import get_order
from ticketing.orders.workflow import EDGES
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role

KEYS = ("dispatch", "sign", "sub_dispatch", "approve_reply", "supervise", "flag", "copy", "urge")
MOST = 100  # orders in one go


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order: done, or why not, in words and as the code that the API gives."""

    number: str
    title: str
    done: bool
    code: str
    words: str


def choices_for(staff: Staff) -> list[Doing]:
    """What this person's roles may do with many orders at once."""
    held = {Role(a.role) for a in staff.appointments_now()}
    walked = {edge.action for edge in EDGES if edge.roles & held}
    return [DOINGS[key] for key in KEYS if DOINGS[key].action in walked]


def clean_numbers(given: Iterable[str]) -> list[str]:
    """The numbers without doubles, in their order, at most MOST."""
    return list(dict.fromkeys("".join(str(number).split()) for number in given if str(number).strip()))[:MOST]


def do_many(
    *, doing: Doing, numbers: Iterable[str], staff: Staff, data: Any, request_id: str = "", channel: str = "desk"
) -> list[Outcome]:
    """Do it with each order in turn; one that refuses does not hold up the others."""
    return [do_one(doing, number, staff, data, request_id, channel) for number in clean_numbers(numbers)]


def do_one(doing: Doing, number: str, staff: Staff, data: Any, request_id: str, channel: str) -> Outcome:
    """One order's outcome. Never raises what an order may refuse with."""
    try:
        order = get_order(staff, number)
    except OrderNotFound:
        return Outcome(number, "", False, "not_found", _("There is no order with this number that you may see."))
    form = doing.form({**data, "version": ""}, order=order, staff=staff)
    if not form.is_valid():
        words = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return Outcome(number, order.title, False, "invalid", words)
    values = {**form.values(), "version": None}
    try:
        done = doings.do(doing=doing, order=order, staff=staff, values=values, request_id=request_id, channel=channel)
    except IllegalTransition:
        words = _("Not possible: the order is “%(state)s” now.") % {"state": order.get_state_display()}
        return Outcome(number, order.title, False, IllegalTransition.code, words)
    except OrderError as error:
        return Outcome(number, order.title, False, error.code, _("Refused: %(why)s") % {"why": error})
    return Outcome(number, done.title, True, "done", str(done.get_state_display()))
