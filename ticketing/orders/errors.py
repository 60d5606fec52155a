"""What can be wrong with a verb. The API maps these to status codes; pages to sentences."""

from __future__ import annotations

from ticketing.orders.workflow import Action


class OrderError(Exception):
    """Base of all refusals; `code` is stable for programs."""

    code = "order_error"
    status = 400


class InvalidOrder(OrderError):
    """A field is wrong; `field` and `hint` say which and what to change."""

    code = "invalid"

    def __init__(self, field: str, hint: str) -> None:
        super().__init__(f"{field}: {hint}")
        self.field, self.hint = field, hint


class NotAllowed(OrderError):
    """The actor may not do this to this order."""

    code = "not_allowed"
    status = 403


class IllegalTransition(OrderError):
    """The order's state does not allow the action; `allowed` lists what it does allow the actor."""

    code = "illegal_transition"
    status = 409

    def __init__(self, action: Action, state: str, allowed: tuple[Action, ...]) -> None:
        super().__init__(f"{action} is not possible in {state}")
        self.action, self.state, self.allowed = action, state, allowed


class StaleOrder(OrderError):
    """The order changed since the form was shown; `version` is the present one."""

    code = "stale"
    status = 409

    def __init__(self, version: int) -> None:
        super().__init__(f"the order is now at version {version}")
        self.version = version


class OrderNotFound(OrderError):
    """No such order, or none that the asker may see: the two are not told apart."""

    code = "not_found"
    status = 404
