"""Verbs of a conversation. Everything that is written about one goes through these."""

from __future__ import annotations

from hotline.conversations.actions._rows import group_of
from hotline.conversations.actions.owner import (
    STILL_ON_HOLD,
    break_off,
    end,
    hand_over,
    hold,
    link_order,
    release,
    requeue,
    seat_says,
    take,
    transfer,
    unhold,
)
from hotline.conversations.actions.talk import (
    add_heard_later,
    citizen_says,
    citizen_silent,
    press_key,
    record,
    start_conversation,
    touch,
)

__all__ = [
    "STILL_ON_HOLD",
    "add_heard_later",
    "break_off",
    "citizen_says",
    "citizen_silent",
    "end",
    "group_of",
    "hand_over",
    "hold",
    "link_order",
    "press_key",
    "record",
    "release",
    "requeue",
    "seat_says",
    "start_conversation",
    "take",
    "touch",
    "transfer",
    "unhold",
]
