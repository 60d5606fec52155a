"""The verbs of the orders room: the only way an order changes.

Every verb takes keywords only, `order` and `actor` among them, runs in one transaction on the locked row, appends to the
history and announces the change after the commit. See `ticketing.orders.errors` for what they raise.
"""

from ticketing.orders.actions._step import lock
from ticketing.orders.actions.assisting import ask_assist, cancel_assist, decline_assist, gather, reply_assist
from ticketing.orders.actions.attachments import attach_file
from ticketing.orders.actions.closing import (
    accept_closing,
    archive_order,
    rate_order,
    record_callback,
    redo_order,
    reopen_order,
    supervise_order,
    urge_order,
)
from ticketing.orders.actions.dispatching import (
    accept_return,
    dispatch_order,
    merge_orders,
    reassign_order,
    refer_dispute,
    refuse_return,
    request_return,
    resume_order,
    rule_dispute,
    suspend_order,
    undo_dispatch,
    unmerge_order,
)
from ticketing.orders.actions.drafts import Draft, save_draft, start_draft, submit_order
from ticketing.orders.actions.extending import grant_extension, refuse_extension, request_extension
from ticketing.orders.actions.handling import (
    approve_reply,
    endorse_reply,
    reject_reply,
    sign_order,
    stage_reply,
    sub_dispatch,
    submit_reply,
)
from ticketing.orders.actions.intake import (
    Created,
    add_facts,
    ask_info,
    close_direct,
    create_order,
    escalate,
    lapse,
    refuse_transfer,
    reject_order,
    supply_info,
    transfer_order,
    withdraw_order,
)

__all__ = [
    "Created",
    "Draft",
    "accept_closing",
    "accept_return",
    "add_facts",
    "approve_reply",
    "archive_order",
    "ask_assist",
    "ask_info",
    "attach_file",
    "cancel_assist",
    "close_direct",
    "create_order",
    "decline_assist",
    "dispatch_order",
    "endorse_reply",
    "escalate",
    "gather",
    "grant_extension",
    "lapse",
    "lock",
    "merge_orders",
    "rate_order",
    "reassign_order",
    "record_callback",
    "redo_order",
    "refer_dispute",
    "refuse_extension",
    "refuse_return",
    "refuse_transfer",
    "reject_order",
    "reject_reply",
    "reopen_order",
    "reply_assist",
    "request_extension",
    "request_return",
    "resume_order",
    "rule_dispute",
    "save_draft",
    "sign_order",
    "stage_reply",
    "start_draft",
    "sub_dispatch",
    "submit_order",
    "submit_reply",
    "supervise_order",
    "supply_info",
    "suspend_order",
    "transfer_order",
    "undo_dispatch",
    "unmerge_order",
    "urge_order",
    "withdraw_order",
]
