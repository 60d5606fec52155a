"""What can be wrong with a verb of this room: the refusals of orders, so that pages and the API answer alike."""

from __future__ import annotations

from ticketing.orders.errors import InvalidOrder, NotAllowed, OrderError


class InvalidQuality(InvalidOrder):
    """A field is wrong; `field` and `hint` say which and what to change, in the reader's language."""


class QualityForbidden(NotAllowed):
    """The person may not do this here."""


class NotNow(OrderError):
    """The talk or the period does not stand where this is possible."""

    code = "not_now"
    status = 409
