"""The verbs of dispatch."""

from ticketing.dispatch.actions.alerting import note_alert, raise_alert, switch_off_rule
from ticketing.dispatch.actions.rehearsing import MOST_KEPT, ask_rehearsal, run_rehearsal
from ticketing.dispatch.actions.releases import (
    EDITORS,
    PUBLISHERS,
    ReleaseError,
    ReleaseForbidden,
    discard_draft,
    draft_model,
    draft_owners,
    keep_live,
    live_rules,
    open_rules,
    publish,
    put_rules,
    remove_rule,
    roll_back,
    save_rule,
)
from ticketing.dispatch.actions.routing import MARGIN, choose_unit, import_rules, judge, route_orders

__all__ = [
    "EDITORS",
    "MARGIN",
    "MOST_KEPT",
    "PUBLISHERS",
    "ReleaseError",
    "ReleaseForbidden",
    "ask_rehearsal",
    "choose_unit",
    "discard_draft",
    "draft_model",
    "draft_owners",
    "import_rules",
    "judge",
    "keep_live",
    "live_rules",
    "note_alert",
    "open_rules",
    "publish",
    "put_rules",
    "raise_alert",
    "remove_rule",
    "roll_back",
    "route_orders",
    "run_rehearsal",
    "save_rule",
    "switch_off_rule",
]
