"""The lists of the desks as Excel: the same rows that the page shows this person, contacts masked by role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ticketing.desk import places, selectors
from ticketing.exchange.registry import Export, register
from ticketing.orders import selectors as orders
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import State
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import UNIT_ROLES

CHUNK = 500
Filters = dict[str, str]
Found = Callable[[Staff, Filters], QuerySet[WorkOrder]]


def with_contact(staff: Staff) -> bool:
    """Whether the person's work needs to know whom an order comes from; the others get no such columns at all."""
    return staff.has_role(*orders.SEES_CONTACT, *UNIT_ROLES)


def headings(staff: Staff) -> list[str]:
    """The columns that this person gets."""
    names = [
        _("Order number"),
        _("Type"),
        _("State"),
        _("Urgency"),
        _("Secrecy"),
        _("Title"),
        _("Content"),
        _("Wish"),
        _("Duty item"),
        _("Region"),
        _("Place"),
        _("Channel"),
        _("Lead unit"),
        _("Received"),
        _("Dispatched"),
        _("Signed"),
        _("Due"),
        _("Replied"),
        _("Closed"),
        _("Returns"),
        _("Redone"),
        _("Urged"),
    ]
    return [*names, _("Name (masked)"), _("Telephone (masked)")] if with_contact(staff) else names


def order_row(order: WorkOrder, staff: Staff) -> list[Any]:
    """One order as a row under `headings`."""
    values: list[Any] = [
        order.number,
        str(order.order_type),
        order.get_state_display(),
        order.get_urgency_display(),
        order.get_secrecy_display(),
        order.title,
        order.content,
        order.wish,
        order.duty_item.label if order.duty_item else "",
        order.region.name if order.region else "",
        order.place_text,
        order.channel,
        order.unit.name if order.unit else "",
        order.created_at,
        order.dispatched_at,
        order.signed_at,
        order.due_at,
        order.replied_at,
        order.closed_at,
        order.return_count,
        order.redo_count,
        order.urge_count,
    ]
    if with_contact(staff):
        contact = orders.contact_of(order, staff)
        values += [contact["name"], contact["phone"]]
    return values


def rows(found: Found, staff: Staff, filters: Filters) -> Iterator[list[Any]]:
    """The rows of a list, read in pieces so that memory stays flat."""
    for order in found(staff, filters).select_related("citizen").iterator(chunk_size=CHUNK):
        yield order_row(order, staff)


def count(found: Found, staff: Staff, filters: Filters) -> int:
    """How many rows the list has for this person."""
    return found(staff, filters).count()


def _all(staff: Staff, filters: Filters) -> QuerySet[WorkOrder]:
    return selectors.find_orders(staff, words=filters.get("q", "").strip()[:80], state=filters.get("state", ""))


def _inbox(staff: Staff, filters: Filters) -> QuerySet[WorkOrder]:
    found, state = orders.inbox(staff), filters.get("state", "")
    return found.filter(state=state) if state in selectors.INBOX_STATES else found


def _unit(staff: Staff, filters: Filters) -> QuerySet[WorkOrder]:
    found, state = orders.unit_list(staff), filters.get("state", "")
    return found.filter(state=state) if state in State.values else found


def _callback(staff: Staff, filters: Filters) -> QuerySet[WorkOrder]:
    return orders.callback_list(staff)


def _supervision(staff: Staff, filters: Filters) -> QuerySet[WorkOrder]:
    kind = filters.get("kind", "")
    known = ("red", "yellow", "watched", "returned", "urged")
    return selectors.supervision_list(staff, kind if kind in known else "red", now=timezone.now())


def register_exports() -> None:
    """Announce the lists of the desks."""
    lists: list[tuple[str, Any, places.Place, Found, tuple[str, ...]]] = [
        ("orders", gettext_lazy("All orders"), places.ORDERS, _all, ("q", "state")),
        ("inbox", gettext_lazy("Dispatch inbox"), places.INBOX, _inbox, ("state",)),
        ("unit", gettext_lazy("Orders of my unit"), places.UNIT, _unit, ("state",)),
        ("callback", gettext_lazy("Call-backs"), places.CALLBACK, _callback, ()),
        ("supervision", gettext_lazy("Supervision"), places.SUPERVISION, _supervision, ("kind",)),
    ]
    for kind, label, place, found, filters in lists:
        register(
            Export(
                kind=kind,
                label=label,
                roles=place.roles,
                headings=headings,
                count=partial(count, found),
                rows=partial(rows, found),
                filters=filters,
                widths=[16, 10, 14, 8, 10, 36, 60, 24, 20, 16, 28, 10, 24, *[19] * 6, 8, 8, 8, 12, 16],
            )
        )
