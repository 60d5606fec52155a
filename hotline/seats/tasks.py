"""Jobs and regular work of the seats, and who may follow their streams."""

from __future__ import annotations

from typing import Any

from hotline.seats import actions
from hotline.seats.selectors import SEATS
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role
from ticketing.outbox import registry


@registry.handles("queue.changed")
def queue_changed(payload: dict[str, Any]) -> None:
    """The queue changed: offer what waits."""
    actions.drain()


@registry.handles("seats.drain")
def drain(payload: dict[str, Any]) -> None:
    """A ring's time is over: offer what waits."""
    actions.drain()


@registry.periodic("seats.watch", every_seconds=20)
def watch() -> None:
    """Sign out seats that are gone, and offer what waits whatever nudge was lost."""
    actions.sign_out_the_gone()
    actions.drain()


@registry.stream_rule("queue")
def may_follow_queue(user: Staff, stream: str) -> bool:
    """Seats and shift leaders see the queue."""
    return user.has_role(*SEATS)


@registry.stream_rule("seat")
def may_follow_seat(user: Staff, stream: str) -> bool:
    """A seat sees its own stream; a shift leader sees all."""
    return stream == f"seat:{user.pk}" or user.has_role(Role.SHIFT_LEADER)
