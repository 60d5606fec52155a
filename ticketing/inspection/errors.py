"""What can be wrong with a verb of this room: the refusals of orders, so that pages and the API answer alike."""

from __future__ import annotations

from ticketing.orders.errors import InvalidOrder, NotAllowed, OrderError


class InvalidInspection(InvalidOrder):
    """A field is wrong; `field` and `hint` say which and what to change, in the reader's language."""


class InspectionForbidden(NotAllowed):
    """The person's role may not do this here."""


class AlreadyDone(OrderError):
    """The thing was done before, by this person or another; a second time is refused."""

    code = "already_done"
    status = 409
