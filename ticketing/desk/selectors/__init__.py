"""What the pages of the desks show, by desk. Every list has a fixed number of queries, however long it is."""

from ticketing.desk.selectors.callback import callback_rows
from ticketing.desk.selectors.detail import order_detail, question_answers
from ticketing.desk.selectors.due import Day, due_calendar, month_of
from ticketing.desk.selectors.finding import find_orders, looks_like_number
from ticketing.desk.selectors.held import KINDS, held_list
from ticketing.desk.selectors.inbox import (
    INBOX_STATES,
    Proposal,
    inbox_counts,
    inbox_detail,
    last_event,
    marked,
    pending_reply,
    proposals,
)
from ticketing.desk.selectors.nuisance import nuisance_list, nuisance_steps
from ticketing.desk.selectors.rows import ANSWERED, DONE_STATES, ON_CLOCK, ClockView, Row, clock_view, rows_of
from ticketing.desk.selectors.story import Happening, changes_since, happening, happenings
from ticketing.desk.selectors.supervision import supervision_counts, supervision_list
from ticketing.desk.selectors.unit import Branch, Group, due_bounds, group_of, unit_groups, unit_tree
from ticketing.desk.selectors.writing import Typed, filled_in, reply_templates, typed_before

__all__ = [
    "ANSWERED",
    "DONE_STATES",
    "INBOX_STATES",
    "KINDS",
    "ON_CLOCK",
    "Branch",
    "ClockView",
    "Day",
    "Group",
    "Happening",
    "Proposal",
    "Row",
    "Typed",
    "callback_rows",
    "changes_since",
    "clock_view",
    "due_bounds",
    "due_calendar",
    "filled_in",
    "find_orders",
    "group_of",
    "happening",
    "happenings",
    "held_list",
    "inbox_counts",
    "inbox_detail",
    "last_event",
    "looks_like_number",
    "marked",
    "month_of",
    "nuisance_list",
    "nuisance_steps",
    "order_detail",
    "pending_reply",
    "proposals",
    "question_answers",
    "reply_templates",
    "rows_of",
    "supervision_counts",
    "supervision_list",
    "typed_before",
    "unit_groups",
    "unit_tree",
]
