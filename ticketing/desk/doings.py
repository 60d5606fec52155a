"""What staff can do with an order, as one table: the verb, its form, its words. Pages and the API read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ticketing.desk import forms
from ticketing.dispatch.actions import choose_unit, must_be_free, settle_claim
from ticketing.orders import actions
from ticketing.orders.actions.dispatching import UNDO_WINDOW
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import actor_for, allowed_actions, is_ready
from ticketing.orders.workflow import Action
from ticketing.organisation.models import Staff

CALLBACK = "callback"


@dataclass(frozen=True, slots=True)
class Doing:
    """One thing to do. `key` is its name in addresses, `action` the edge that decides who may.

    `consequence` is told before, `done` after; `hot_key` is a letter on the keyboard; `kind` is primary, plain or danger.
    """

    key: str
    action: Action
    form: type[forms.OrderForm]
    run: Callable[..., Any]
    icon: str
    consequence: Any
    done: Any
    kind: str = "plain"
    hot_key: str = ""
    words: Any = ""

    @property
    def label(self) -> Any:
        """The verb on the button."""
        return self.words or self.action.label

    @property
    def is_immediate(self) -> bool:
        """Whether one click does it: nothing to fill in."""
        return self.form is forms.NothingForm


def with_files(verb: Callable[..., WorkOrder], *, purpose: str, public: bool = False) -> Callable[..., WorkOrder]:
    """The verb and the files that belong to it, all or nothing."""

    @transaction.atomic
    def run(*, photos: Iterable[Any] = (), **values: Any) -> WorkOrder:
        order = verb(**values)
        for upload in photos:
            actions.attach_file(order=order, actor=values["actor"], upload=upload, purpose=purpose, public=public)
        return order

    return run


_TABLE = (
    Doing("submit", Action.SUBMIT, forms.NothingForm, actions.submit_order, "send",
          _("The citizen is told the number, and dispatch begins."), _("Submitted. The order waits for dispatch."),
          kind="primary", hot_key="e"),
    Doing("save_draft", Action.SAVE_DRAFT, forms.DraftForm, actions.save_draft, "file-text",
          _("Only you see the draft until you submit it."), _("Draft saved.")),
    Doing("sign", Action.SIGN, forms.NothingForm, actions.sign_order, "signature",
          _("Your unit takes the matter on. The clock has been running since the dispatch."),
          _("Signed. The next step is to contact the citizen."),
          kind="primary", hot_key="s"),
    Doing("submit_reply", Action.SUBMIT_REPLY, forms.ReplyForm,
          with_files(actions.submit_reply, purpose="reply", public=True), "message-reply",
          _("The hotline checks the reply, then calls the citizen."), _("Reply submitted. The hotline checks it next."),
          kind="primary", hot_key="e"),
    Doing("approve_reply", Action.APPROVE_REPLY, forms.ApproveForm, actions.approve_reply, "circle-check",
          _("The citizen can read the reply from now on, and is called back."), _("Reply approved. It waits for the call-back."),
          kind="primary", hot_key="a"),
    Doing(CALLBACK, Action.CLOSE, forms.CallbackForm, actions.record_callback, "phone-check",
          _("Satisfied or solved closes the order; dissatisfied goes to review."), _("Call-back recorded."),
          kind="primary", hot_key="e", words=_("Record the call-back")),
    Doing("dispatch", Action.DISPATCH, forms.DispatchForm, choose_unit, "send",
          _("The unit gets the order and its clock starts now."), _("Dispatched to %(unit)s."), kind="primary", hot_key="d"),
    Doing("accept_return", Action.ACCEPT_RETURN, forms.OptionalNoteForm, actions.accept_return, "arrow-back-up",
          _("The order waits for dispatch again; this unit is not proposed any more."),
          _("Return accepted. The order waits for dispatch."),
          kind="primary"),
    Doing("refuse_return", Action.REFUSE_RETURN, forms.NoteForm, actions.refuse_return, "arrow-forward-up",
          _("The order stays with the unit."), _("Return refused. The order stays with the unit.")),
    Doing("rule", Action.RULE, forms.RuleForm, actions.rule_dispute, "gavel",
          _("The unit you name must act and cannot ask to return again."), _("Ruled: %(unit)s must act."), kind="primary"),
    Doing("assist_reply", Action.ASSIST_REPLY, forms.AssistReplyForm, actions.reply_assist, "message-reply",
          _("The lead unit merges your part into the reply to the citizen."), _("Your part is with the lead unit."),
          kind="primary"),
    Doing("assist_decline", Action.ASSIST_DECLINE, forms.ReasonForm, actions.decline_assist, "ban",
          _("The lead unit goes on without your part and sees your reason."), _("Declined. The lead unit sees your reason.")),
    Doing("ask_assist", Action.ASK_ASSIST, forms.AssistForm, actions.ask_assist, "users",
          _("The unit gets a clock of its own; the lead unit stays answerable."), _("Asked to assist.")),
    Doing("cancel_assist", Action.CANCEL_ASSIST, forms.CancelAssistForm, actions.cancel_assist, "x",
          _("The unit need not reply any more."), _("Called off.")),
    Doing("grant_extension", Action.GRANT_EXTENSION, forms.OptionalNoteForm, actions.grant_extension, "circle-check",
          _("The due moment moves by what was asked for, and the citizen is told."), _("Extension granted. The citizen is told."),
          kind="primary"),
    Doing("refuse_extension", Action.REFUSE_EXTENSION, forms.ReasonForm, actions.refuse_extension, "ban",
          _("The limit stays as it is."), _("Extension refused. The limit stays.")),
    Doing("request_extension", Action.REQUEST_EXTENSION, forms.ExtensionForm,
          with_files(actions.request_extension, purpose="evidence"), "calendar",
          _("Once in each round and before the limit ends. The hotline decides; the clock goes on until then."),
          _("Extension asked for. The hotline decides.")),
    Doing("redo", Action.REDO, forms.ReasonForm, actions.redo_order, "rotate",
          _("The unit must act once more within a new full limit."), _("Sent back to be done again."), kind="primary"),
    Doing("supply_info", Action.SUPPLY_INFO, forms.FactsForm, actions.supply_info, "text-plus",
          _("The order goes on to dispatch."), _("Facts added. The order waits for dispatch."), kind="primary"),
    Doing("resume", Action.RESUME, forms.NothingForm, actions.resume_order, "player-play",
          _("The clock runs on; the pause does not count."), _("Resumed. The clock runs on."), kind="primary"),
    Doing("endorse_reply", Action.ENDORSE_REPLY, forms.NothingForm, actions.endorse_reply, "checks",
          _("You stand by the reply for your unit."), _("Reply endorsed.")),
    Doing("reject_reply", Action.REJECT_REPLY, forms.ReasonForm, actions.reject_reply, "arrow-back-up",
          _("The unit must write the reply again; its clock runs on."), _("Reply sent back to the unit."), hot_key="r"),
    Doing("stage_reply", Action.STAGE_REPLY, forms.StageReplyForm, actions.stage_reply, "message-dots",
          _("The citizen can read it at once; the clock runs on."), _("Stage reply published.")),
    Doing("request_return", Action.REQUEST_RETURN, forms.ReturnForm,
          with_files(actions.request_return, purpose="evidence"), "arrow-back-up",
          _("The hotline decides. Until then the clock goes on."), _("Return asked for. The hotline decides."), hot_key="r"),
    Doing("sub_dispatch", Action.SUB_DISPATCH, forms.SubDispatchForm, actions.sub_dispatch, "sitemap",
          _("Your unit stays answerable."), _("Handed on inside the unit.")),
    Doing("ask_info", Action.ASK_INFO, forms.QuestionForm, actions.ask_info, "help-circle",
          _("The order waits until the citizen has answered."), _("The citizen is asked. The order waits for the answer.")),
    Doing("close_direct", Action.CLOSE_DIRECT, forms.AnswerForm, actions.close_direct, "message-check",
          _("The order closes with this answer."), _("Answered and closed.")),
    Doing("merge", Action.MERGE, forms.MergeForm, actions.merge_orders, "arrow-merge",
          _("This order follows the other one from now on."), _("Merged.")),
    Doing("unmerge", Action.UNMERGE, forms.ReasonForm, actions.unmerge_order, "arrows-split",
          _("The order waits for dispatch on its own."), _("Taken out of the merge.")),
    Doing("transfer", Action.TRANSFER, forms.TransferForm, actions.transfer_order, "transfer-out",
          _("The order closes here. If the other body refuses, it can be taken back."), _("Transferred.")),
    Doing("refuse_transfer", Action.REFUSE_TRANSFER, forms.ReasonForm, actions.refuse_transfer, "transfer-in",
          _("The order is ours again and waits for dispatch."), _("Taken back. The order waits for dispatch.")),
    Doing("reject", Action.REJECT, forms.RefusalForm, actions.reject_order, "ban",
          _("The order closes and the citizen is told where to go."), _("Not accepted. The citizen is told."), kind="danger"),
    Doing("escalate", Action.ESCALATE, forms.NoteForm, actions.escalate, "stairs-up",
          _("The order is marked and waits for dispatch."), _("Submitted to a leader.")),
    Doing("dispute", Action.DISPUTE, forms.NoteForm, actions.refer_dispute, "scale",
          _("A ruling names the unit that must act."), _("Referred to a dispute ruling.")),
    Doing("reassign", Action.REASSIGN, forms.UnitAndReasonForm, actions.reassign_order, "switch-horizontal",
          _("The present unit loses the order; clocks start anew."), _("Reassigned to %(unit)s.")),
    Doing("suspend", Action.SUSPEND, forms.SuspendForm, actions.suspend_order, "player-pause",
          _("The clock stands still; at the date given the order resumes or the hotline is reminded."), _("Suspended. The clock stands still.")),
    Doing("answer_supervision", Action.ANSWER_SUPERVISION, forms.WordsForm, actions.answer_supervision, "message-dots",
          _("The supervisor reads your report; the watch goes on until it is ended."), _("Reported to the supervision.")),
    Doing("end_supervision", Action.END_SUPERVISION, forms.OptionalNoteForm, actions.end_supervision, "check",
          _("The mark goes off the order."), _("Supervision ended.")),
    Doing("flag", Action.FLAG, forms.FlagForm, actions.flag_order, "flag",
          _("Whoever opens the order sees the flags; “keep confidential” hides the contact from the unit."), _("Flags set.")),
    Doing("copy", Action.COPY, forms.CopyForm, actions.copy_order, "transfer-out",
          _("The unit may read the order and need not act."), _("Copied.")),
    Doing("name_subject", Action.NAME_SUBJECT, forms.SubjectForm, actions.name_subject, "user",
          _("The order never goes to the unit or the person it is about."), _("Noted whom it is about.")),
    Doing("appeal_card", Action.APPEAL_CARD, forms.WordsForm, actions.appeal_card, "scale",
          _("The supervisor decides on your appeal."), _("Appealed.")),
    Doing("appeal_finding", Action.APPEAL_FINDING, forms.WordsForm, actions.appeal_finding, "scale",
          _("The supervisor decides on your appeal."), _("Appealed.")),
    Doing("issue_card", Action.ISSUE_CARD, forms.CardForm, actions.issue_card, "alert-triangle",
          _("The unit sees the card and may appeal against it once."), _("Card issued."), kind="danger"),
    Doing("decide_card", Action.DECIDE_CARD, forms.DecisionForm, actions.decide_card, "gavel",
          _("The card stays or is taken back; the unit reads your reason."), _("Decided.")),
    Doing("hold_accountable", Action.HOLD_ACCOUNTABLE, forms.FindingForm, actions.hold_accountable, "book",
          _("Cause and finding are recorded against the unit, which may appeal once."), _("Recorded."), kind="danger"),
    Doing("decide_finding", Action.DECIDE_FINDING, forms.DecisionForm, actions.decide_finding, "gavel",
          _("The finding stays or is taken back; the unit reads your reason."), _("Decided.")),
    Doing("supervise", Action.SUPERVISE, forms.SuperviseForm, actions.supervise_order, "flag",
          _("The unit sees the mark and your note."), _("Under supervision.")),
    Doing("urge", Action.URGE, forms.OptionalNoteForm, actions.urge_order, "bell-ringing",
          _("The unit sees how often the citizen urged."), _("Urged.")),
    Doing("add_facts", Action.ADD_FACTS, forms.FactsForm, actions.add_facts, "text-plus",
          _("The unit sees the addition in the order."), _("Facts added.")),
    Doing("accept_closing", Action.ACCEPT_CLOSING, forms.ReasonForm, actions.accept_closing, "circle-check",
          _("The order closes although the citizen is not satisfied; your reason is kept."), _("Closed as reasonably handled.")),
    Doing("reopen", Action.REOPEN, forms.ReasonForm, actions.reopen_order, "refresh",
          _("The order waits for dispatch again."), _("Reopened. The order waits for dispatch.")),
    Doing("withdraw", Action.WITHDRAW, forms.OptionalReasonForm, actions.withdraw_order, "x",
          _("The order ends because the citizen takes it back."), _("Withdrawn."), kind="danger"),
)  # fmt: skip
DOINGS: dict[str, Doing] = {doing.key: doing for doing in _TABLE}
UNDO_SECONDS = int(UNDO_WINDOW.total_seconds())


def possible(staff: Staff, order: WorkOrder) -> list[Doing]:
    """What `staff` may do with `order` now, the main thing first."""
    allowed = {action for action in allowed_actions(staff, order) if is_ready(order, action, staff)}
    return [doing for doing in DOINGS.values() if doing.action in allowed]


def do(
    *, doing: Doing, order: WorkOrder, staff: Staff, values: dict[str, Any], request_id: str = "", channel: str = "desk"
) -> WorkOrder:
    """Call the verb as the person, in the role that may.

    Raises the errors of `ticketing.orders.errors`, and Claimed while somebody else works on the order.
    """
    actor = actor_for(staff, order, doing.action, request_id=request_id, channel=channel)
    must_be_free(order=order, staff=staff)
    result: WorkOrder = doing.run(order=order, actor=actor, **values)
    settle_claim(order=result)
    return result
