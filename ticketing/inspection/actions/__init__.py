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
from ticketing.inspection.actions.watch import (
    acknowledge,
    appeal_watch_card,
    decide_watch_card,
    import_rules,
    issue_watch_card,
    raise_alerts,
    save_rule,
)

__all__ = [
    "acknowledge",
    "add_place",
    "appeal_watch_card",
    "change_round",
    "decide_watch_card",
    "end_round",
    "import_rules",
    "issue_watch_card",
    "note_visit",
    "open_order",
    "plan_round",
    "raise_alerts",
    "record_finding",
    "remove_place",
    "save_rule",
]
