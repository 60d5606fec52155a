"""Writing clocks: running ones, the table of limits, and plans."""

from ticketing.clocks.actions.limits import import_time_limits
from ticketing.clocks.actions.plans import import_plans, note_replanned, replan_clocks, save_plan, switch_off, switch_on
from ticketing.clocks.actions.running import (
    due_moment,
    extend_clock,
    pause_clocks,
    plan_clock,
    resume_clocks,
    start_clocks,
    stop_clocks,
    sweep,
)

__all__ = [
    "due_moment",
    "extend_clock",
    "import_plans",
    "import_time_limits",
    "note_replanned",
    "pause_clocks",
    "plan_clock",
    "replan_clocks",
    "resume_clocks",
    "save_plan",
    "start_clocks",
    "stop_clocks",
    "sweep",
    "switch_off",
    "switch_on",
]
