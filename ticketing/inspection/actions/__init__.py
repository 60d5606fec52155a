"""The verbs of the inspection room: keyword-only, each in one transaction."""

from ticketing.inspection.actions.rounds import (
    add_place,
    change_round,
    end_round,
    note_visit,
    open_order,
    plan_round,
    record_finding,
    remove_place,
)

__all__ = [
    "add_place",
    "change_round",
    "end_round",
    "note_visit",
    "open_order",
    "plan_round",
    "record_finding",
    "remove_place",
]
