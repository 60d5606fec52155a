"""The life of a work order as data: states, actions, and every edge with the roles that may walk it.

The table follows the practice of running hotlines (受理 派单 签收 办理 回复 回访 办结 归档); where practice differs
from city to city the choice made here is recorded in docs/decisions/. A generated test walks every edge and every
non-edge for every role, so nothing outside this table can change a state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from ticketing.organisation.roles import Role


class State(TextChoices):
    DRAFT = "draft", _("Draft")
    NEED_INFO = "need_info", _("Waiting for facts")
    TRIAGE = "triage", _("Waiting for dispatch")
    DISPATCHED = "dispatched", _("Waiting for signature")
    RETURN_REVIEW = "return_review", _("Return under review")
    DISPUTE = "dispute", _("Dispute ruling")
    PROCESSING = "processing", _("In process")
    EXTENSION_REVIEW = "extension_review", _("Extension under review")
    SUSPENDED = "suspended", _("Suspended")
    JOINING = "joining", _("Waiting for the merged reply")
    REPLY_REVIEW = "reply_review", _("Reply under review")
    CALLBACK = "callback", _("Waiting for call-back")
    DISSATISFIED = "dissatisfied", _("Dissatisfaction under review")
    CLOSED = "closed", _("Closed")
    CLOSED_DIRECT = "closed_direct", _("Answered directly")
    REJECTED = "rejected", _("Not accepted, citizen told")
    TRANSFERRED = "transferred", _("Transferred")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    MERGED = "merged", _("Merged")
    ARCHIVED = "archived", _("Archived")


TERMINAL = frozenset(
    {State.CLOSED, State.CLOSED_DIRECT, State.REJECTED, State.TRANSFERRED, State.WITHDRAWN, State.MERGED, State.ARCHIVED}
)
OPEN = frozenset(State) - TERMINAL
# The order is with the unit in these states: the unit acts, or waits for a decision on something it asked for.
WITH_UNIT = frozenset(
    {
        State.DISPATCHED,
        State.RETURN_REVIEW,
        State.PROCESSING,
        State.EXTENSION_REVIEW,
        State.SUSPENDED,
        State.JOINING,
        State.REPLY_REVIEW,
    }
)


class Action(TextChoices):
    SAVE_DRAFT = "save_draft", _("Save the draft")
    SUBMIT = "submit", _("Submit")
    ASK_INFO = "ask_info", _("Ask for facts")
    SUPPLY_INFO = "supply_info", _("Supply facts")
    LAPSE = "lapse", _("Close for lack of facts")
    CLOSE_DIRECT = "close_direct", _("Answer directly")
    DISPATCH = "dispatch", _("Dispatch")
    UNDO_DISPATCH = "undo_dispatch", _("Undo the dispatch")
    REJECT = "reject", _("Do not accept")
    ESCALATE = "escalate", _("Submit to a leader")
    TRANSFER = "transfer", _("Transfer")
    REFUSE_TRANSFER = "refuse_transfer", _("Take back a refused transfer")
    MERGE = "merge", _("Merge")
    UNMERGE = "unmerge", _("Undo the merge")
    SIGN = "sign", _("Sign")
    REQUEST_RETURN = "request_return", _("Ask to return")
    ACCEPT_RETURN = "accept_return", _("Accept the return")
    REFUSE_RETURN = "refuse_return", _("Refuse the return")
    DISPUTE = "dispute", _("Refer to a dispute ruling")
    RULE = "rule", _("Rule on the dispute")
    REASSIGN = "reassign", _("Reassign")
    SUB_DISPATCH = "sub_dispatch", _("Dispatch inside the unit")
    STAGE_REPLY = "stage_reply", _("Stage reply")
    REQUEST_EXTENSION = "request_extension", _("Ask for an extension")
    GRANT_EXTENSION = "grant_extension", _("Grant the extension")
    REFUSE_EXTENSION = "refuse_extension", _("Refuse the extension")
    SUSPEND = "suspend", _("Suspend")
    RESUME = "resume", _("Resume")
    ASK_ASSIST = "ask_assist", _("Ask another unit to assist")
    CANCEL_ASSIST = "cancel_assist", _("Call off the assistance")
    ASSIST_REPLY = "assist_reply", _("Reply for our part")
    ASSIST_DECLINE = "assist_decline", _("Decline to assist")
    GATHER = "gather", _("Gather the assisting replies")
    SUBMIT_REPLY = "submit_reply", _("Submit the reply")
    ENDORSE_REPLY = "endorse_reply", _("Endorse the reply")
    APPROVE_REPLY = "approve_reply", _("Approve the reply")
    REJECT_REPLY = "reject_reply", _("Send the reply back")
    NOTE_UNREACHED = "note_unreached", _("Not reached")
    CLOSE = "close", _("Close")
    CLOSE_UNRATED = "close_unrated", _("Close without a rating")
    NOTE_DISSATISFIED = "note_dissatisfied", _("Note dissatisfaction")
    REDO = "redo", _("Redo")
    ACCEPT_CLOSING = "accept_closing", _("Find the closing reasonable")
    REOPEN = "reopen", _("Reopen")
    WITHDRAW = "withdraw", _("Withdraw")
    ARCHIVE = "archive", _("Archive")
    URGE = "urge", _("Urge")
    ADD_FACTS = "add_facts", _("Add facts")
    SUPERVISE = "supervise", _("Supervise")
    ANSWER_SUPERVISION = "answer_supervision", _("Report to the supervision")
    END_SUPERVISION = "end_supervision", _("End the supervision")
    FLAG = "flag", _("Flag")
    COPY = "copy", _("Copy to a unit")
    NAME_SUBJECT = "name_subject", _("Say whom it is about")
    ISSUE_CARD = "issue_card", _("Issue a card")
    APPEAL_CARD = "appeal_card", _("Appeal against the card")
    DECIDE_CARD = "decide_card", _("Decide on the card")
    HOLD_ACCOUNTABLE = "hold_accountable", _("Hold accountable")
    APPEAL_FINDING = "appeal_finding", _("Appeal against the finding")
    DECIDE_FINDING = "decide_finding", _("Decide on the finding")
    RATE = "rate", _("Rate")


@dataclass(frozen=True, slots=True)
class Edge:
    """One allowed step. `own_unit`: a unit's clerk must act for the unit that holds the order; `assisting`: for one that assists."""

    action: Action
    source: State
    target: State
    roles: frozenset[Role]
    own_unit: bool = False
    assisting: bool = False


def _edges(
    action: Action,
    sources: Iterable[State],
    target: State | None,
    roles: Iterable[Role],
    *,
    own_unit: bool = False,
    assisting: bool = False,
) -> tuple[Edge, ...]:
    """Edges of one action from several states; `target` None stays in the state."""
    return tuple(Edge(action, s, target or s, frozenset(roles), own_unit, assisting) for s in sorted(sources))


_CITIZEN_SIDE = (Role.CITIZEN, Role.BOT, Role.SEAT, Role.SHIFT_LEADER)
_DISPATCH = (Role.DISPATCHER, Role.SHIFT_LEADER)
_OVERSIGHT = (Role.SUPERVISOR, Role.SHIFT_LEADER)
_UNIT = (Role.UNIT_CLERK,)
_CALLBACK = (Role.CALLBACK, Role.BOT, Role.CITIZEN, Role.SHIFT_LEADER)
_LEAD = (*_UNIT, *_DISPATCH, Role.SUPERVISOR)
_ASSISTED = (State.DISPATCHED, State.PROCESSING, State.EXTENSION_REVIEW, State.SUSPENDED)
_HELD = WITH_UNIT | {State.CALLBACK, State.DISSATISFIED}
S, A, R = State, Action, Role

EDGES: tuple[Edge, ...] = (
    *_edges(A.SAVE_DRAFT, [S.DRAFT], None, [R.SEAT, R.SHIFT_LEADER]),
    *_edges(A.SUBMIT, [S.DRAFT], S.TRIAGE, _CITIZEN_SIDE),
    *_edges(A.ASK_INFO, [S.TRIAGE], S.NEED_INFO, _DISPATCH),
    *_edges(A.SUPPLY_INFO, [S.NEED_INFO], S.TRIAGE, _CITIZEN_SIDE),
    *_edges(A.LAPSE, [S.NEED_INFO], S.CLOSED, [R.SYSTEM]),
    *_edges(A.CLOSE_DIRECT, [S.DRAFT, S.TRIAGE], S.CLOSED_DIRECT, [R.SEAT, R.BOT, *_DISPATCH]),
    *_edges(A.DISPATCH, [S.TRIAGE], S.DISPATCHED, [R.SYSTEM, *_DISPATCH]),
    *_edges(A.UNDO_DISPATCH, [S.DISPATCHED], S.TRIAGE, _DISPATCH),
    *_edges(A.REJECT, [S.TRIAGE], S.REJECTED, _DISPATCH),
    *_edges(A.ESCALATE, [S.TRIAGE], None, _DISPATCH),
    *_edges(A.TRANSFER, [S.DRAFT, S.TRIAGE], S.TRANSFERRED, [R.SEAT, *_DISPATCH]),
    *_edges(A.REFUSE_TRANSFER, [S.TRANSFERRED], S.TRIAGE, _DISPATCH),
    *_edges(A.MERGE, [S.TRIAGE, S.DISPATCHED, S.PROCESSING], S.MERGED, [*_DISPATCH, R.SUPERVISOR, R.SYSTEM]),
    *_edges(A.UNMERGE, [S.MERGED], S.TRIAGE, [*_DISPATCH, R.SUPERVISOR]),
    *_edges(A.SIGN, [S.DISPATCHED], S.PROCESSING, [*_UNIT, R.SYSTEM], own_unit=True),
    *_edges(A.REQUEST_RETURN, [S.DISPATCHED], S.RETURN_REVIEW, _UNIT, own_unit=True),
    *_edges(A.ACCEPT_RETURN, [S.RETURN_REVIEW], S.TRIAGE, _DISPATCH),
    *_edges(A.REFUSE_RETURN, [S.RETURN_REVIEW], S.DISPATCHED, _DISPATCH),
    *_edges(A.DISPUTE, [S.RETURN_REVIEW], S.DISPUTE, [*_DISPATCH, R.SYSTEM]),
    *_edges(A.RULE, [S.DISPUTE], S.DISPATCHED, _OVERSIGHT),
    *_edges(A.REASSIGN, [S.DISPATCHED, S.PROCESSING], S.DISPATCHED, [*_DISPATCH, R.SUPERVISOR]),
    *_edges(A.SUB_DISPATCH, [S.PROCESSING], None, _UNIT, own_unit=True),
    *_edges(A.STAGE_REPLY, [S.PROCESSING, S.SUSPENDED, S.JOINING], None, _UNIT, own_unit=True),
    *_edges(A.REQUEST_EXTENSION, [S.PROCESSING], S.EXTENSION_REVIEW, _UNIT, own_unit=True),
    *_edges(A.GRANT_EXTENSION, [S.EXTENSION_REVIEW], S.PROCESSING, [*_DISPATCH, R.SUPERVISOR]),
    *_edges(A.REFUSE_EXTENSION, [S.EXTENSION_REVIEW], S.PROCESSING, [*_DISPATCH, R.SUPERVISOR]),
    *_edges(A.SUSPEND, [S.PROCESSING], S.SUSPENDED, [*_DISPATCH, R.SUPERVISOR]),
    *_edges(A.RESUME, [S.SUSPENDED], S.PROCESSING, [*_DISPATCH, R.SUPERVISOR, R.SYSTEM, *_UNIT], own_unit=True),
    *_edges(A.ASK_ASSIST, [S.DISPATCHED, S.PROCESSING], None, [*_LEAD], own_unit=True),
    *_edges(A.ASK_ASSIST, [S.JOINING], S.PROCESSING, [*_LEAD], own_unit=True),
    *_edges(A.CANCEL_ASSIST, [S.DISPATCHED, S.PROCESSING], None, [*_LEAD], own_unit=True),
    *_edges(A.ASSIST_REPLY, _ASSISTED, None, _UNIT, assisting=True),
    *_edges(A.ASSIST_DECLINE, _ASSISTED, None, _UNIT, assisting=True),
    *_edges(A.GATHER, [S.PROCESSING], S.JOINING, [R.SYSTEM]),
    *_edges(A.SUBMIT_REPLY, [S.PROCESSING, S.JOINING], S.REPLY_REVIEW, _UNIT, own_unit=True),
    *_edges(A.ENDORSE_REPLY, [S.REPLY_REVIEW], None, [R.UNIT_REVIEWER], own_unit=True),
    *_edges(A.APPROVE_REPLY, [S.REPLY_REVIEW], S.CALLBACK, [*_DISPATCH, R.SUPERVISOR]),
    *_edges(A.REJECT_REPLY, [S.REPLY_REVIEW], S.PROCESSING, [*_DISPATCH, R.SUPERVISOR, R.UNIT_REVIEWER], own_unit=True),
    *_edges(A.NOTE_UNREACHED, [S.CALLBACK], None, [R.CALLBACK, R.BOT, R.SYSTEM, R.SHIFT_LEADER]),
    *_edges(A.CLOSE, [S.CALLBACK], S.CLOSED, _CALLBACK),
    *_edges(A.CLOSE_UNRATED, [S.CALLBACK], S.CLOSED, [R.CALLBACK, R.SYSTEM, R.SHIFT_LEADER]),
    *_edges(A.NOTE_DISSATISFIED, [S.CALLBACK], S.DISSATISFIED, _CALLBACK),
    *_edges(A.REDO, [S.DISSATISFIED], S.PROCESSING, [*_DISPATCH, R.SUPERVISOR, R.CALLBACK]),
    *_edges(A.ACCEPT_CLOSING, [S.DISSATISFIED], S.CLOSED, _OVERSIGHT),
    *_edges(A.REOPEN, [S.CLOSED, S.CLOSED_DIRECT], S.TRIAGE, [*_CITIZEN_SIDE, R.CALLBACK, R.SUPERVISOR]),
    *_edges(
        A.WITHDRAW,
        [S.DRAFT, S.NEED_INFO, S.TRIAGE, S.DISPATCHED, S.PROCESSING, S.SUSPENDED],
        S.WITHDRAWN,
        _CITIZEN_SIDE,
    ),
    *_edges(A.ARCHIVE, [S.CLOSED, S.CLOSED_DIRECT, S.REJECTED, S.TRANSFERRED, S.WITHDRAWN], S.ARCHIVED, [R.SYSTEM, R.ADMIN]),
    *_edges(A.URGE, OPEN - {S.DRAFT}, None, _CITIZEN_SIDE),
    *_edges(A.ADD_FACTS, OPEN - {S.DRAFT}, None, _CITIZEN_SIDE),
    *_edges(A.SUPERVISE, OPEN - {S.DRAFT}, None, [R.SUPERVISOR, R.LEADER]),
    *_edges(A.ANSWER_SUPERVISION, _HELD, None, _UNIT, own_unit=True),
    *_edges(A.END_SUPERVISION, OPEN - {S.DRAFT} | {S.CLOSED}, None, [R.SUPERVISOR, R.LEADER]),
    *_edges(A.FLAG, OPEN - {S.DRAFT}, None, [*_DISPATCH, R.SUPERVISOR, R.LEADER]),
    *_edges(A.COPY, _HELD, None, [*_DISPATCH, R.SUPERVISOR]),
    *_edges(A.NAME_SUBJECT, [S.DRAFT, S.NEED_INFO, S.TRIAGE], None, [R.SEAT, *_DISPATCH, R.SUPERVISOR]),
    *_edges(A.ISSUE_CARD, _HELD | {S.CLOSED}, None, [R.SUPERVISOR]),
    *_edges(A.APPEAL_CARD, _HELD | {S.CLOSED}, None, [*_UNIT, R.UNIT_REVIEWER]),
    *_edges(A.DECIDE_CARD, _HELD | {S.CLOSED}, None, [R.SUPERVISOR]),
    *_edges(A.HOLD_ACCOUNTABLE, _HELD | {S.CLOSED}, None, [R.SUPERVISOR]),
    *_edges(A.APPEAL_FINDING, _HELD | {S.CLOSED}, None, [*_UNIT, R.UNIT_REVIEWER]),
    *_edges(A.DECIDE_FINDING, _HELD | {S.CLOSED}, None, [R.SUPERVISOR]),
    *_edges(A.RATE, [S.CLOSED, S.CLOSED_DIRECT], None, [R.CITIZEN, R.BOT, R.SEAT, R.CALLBACK]),
)


@cache
def edge(action: Action, source: State) -> Edge | None:
    """The edge of `action` out of `source`; an action has at most one."""
    return next((e for e in EDGES if e.action == action and e.source == source), None)


@cache
def actions_from(source: State, role: Role) -> tuple[Action, ...]:
    """The actions that `role` may take in `source`, in the order of the table."""
    return tuple(e.action for e in EDGES if e.source == source and role in e.roles)
