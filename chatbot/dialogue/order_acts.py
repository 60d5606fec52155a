"""The acts about an order that exists: which one, how it stands, urging, adding, withdrawing, rating."""

from __future__ import annotations

from chatbot.dialogue.moves import ORDER_STATUS
from chatbot.dialogue.ports import OrderStatus
from chatbot.dialogue.state import Choice, Slot
from chatbot.dialogue.turn import Turn


def find_order(turn: Turn) -> bool:
    """Finds the order meant: one made in this conversation, one of the caller's vouched number, or by number and query code.

    A number alone opens nothing: it can be guessed. Either the network vouches for the telephone, or the code must fit.
    """
    if turn.known("order"):
        return True
    mine = _mine(turn)
    number = turn.value("number")
    if number:
        chosen = next((status for status in mine if status.number == number), None)
        return _take(turn, chosen) if chosen else _by_code(turn, number)
    if len(mine) == 1:
        return _take(turn, mine[0])
    if mine:
        choices = [Choice(status.title, status.number, str(n)) for n, status in enumerate(mine, start=1)]
        turn.ask("order.choose", step="number", expecting="choice", choices=choices)
        return False
    turn.ask("order.which", step="number", expecting="order_number")
    return False


def _mine(turn: Turn) -> list[OrderStatus]:
    """The orders this person may hear about without a code, newest first, at most three."""
    found = {}
    for number, code in reversed(turn.state.orders.items()):
        status = turn.services.order_status(number, code)
        if status:
            found[number] = status
    phone = turn.state.caller.get("phone")
    if phone and phone.source == "line":
        for status in turn.services.orders_of_caller(phone.value):
            found.setdefault(status.number, status)
    return list(found.values())[:3]


def _by_code(turn: Turn, number: str) -> bool:
    code = turn.value("code")
    if not code:
        turn.ask("order.code", step="code", expecting="query_code")
        return False
    status = turn.services.order_status(number, code)
    if status:
        return _take(turn, status)
    turn.say("order.not_found")
    for name in ("number", "code"):
        turn.state.slots.pop(name, None)
    turn.state.failures += 1
    if turn.state.failures >= 2:
        turn.hand_over("failures")
        return False
    turn.ask("again.order_number", step="number", expecting="order_number")
    return False


def _take(turn: Turn, status: OrderStatus) -> bool:
    turn.state.slots["order"] = Slot(status.number, status.title, 1.0, turn.utterance.seq, confirmed=True)
    return True


def _status(turn: Turn) -> OrderStatus | None:
    """The order as it stands now."""
    number = turn.value("order")
    code = turn.value("code") or turn.state.orders.get(number, "")
    if code and (status := turn.services.order_status(number, code)):
        return status
    return next((status for status in _mine(turn) if status.number == number), None)


def tell_status(turn: Turn) -> bool:
    """Says how the order stands, who has it, until when, and the reply if there is one."""
    status = _status(turn)
    if status is None:
        turn.say("order.not_found")
        return True
    data = {"number": status.number, "state": status.state}
    turn.say("order.status", kind=ORDER_STATUS, data=data, title=status.title, state=status.state_text)
    if status.unit:
        turn.say("order.unit", unit=status.unit)
    if status.due_text:
        turn.say("order.due", due=status.due_text)
    if status.reply:
        turn.say("order.reply", reply=status.reply)
    return True


def urge_order(turn: Turn) -> bool:
    """Urges the unit; the citizen's words go with it."""
    turn.services.urge(turn.value("order"), turn.value("said"))
    turn.say("urge.done")
    return True


def add_facts(turn: Turn) -> bool:
    """Adds what the citizen said."""
    turn.services.add_facts(turn.value("order"), turn.value("facts"))
    turn.say("add.done")
    return True


def withdraw_order(turn: Turn) -> bool:
    """Withdraws after a plain yes, else leaves the order as it is."""
    if turn.value("sure") != "yes":
        turn.say("withdraw.kept")
        return True
    turn.services.withdraw(turn.value("order"), turn.value("said"))
    turn.say("withdraw.done")
    return True


def rate_order(turn: Turn) -> bool:
    """Hands in the rating."""
    turn.services.rate(turn.value("order"), int(turn.value("score")), turn.value("said"))
    turn.say("rate.done")
    return True
