"""Every edge and every non-edge of the workflow, for every role, walked through the verbs themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.cast import City
from ticketing.clocks.models import ClockKind
from ticketing.orders import actions
from ticketing.orders.actions.dispatching import start_order_clock
from ticketing.orders.errors import IllegalTransition, NotAllowed
from ticketing.orders.models import Accountability, Callback, Card, Extension, OrderAssist, Reply, Supervision, WorkOrder
from ticketing.orders.workflow import EDGES, OPEN, TERMINAL, WITH_UNIT, Action, State, actions_from, edge
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import Unit
from ticketing.organisation.roles import Role

Verb = Callable[..., WorkOrder]


def verbs(city: City) -> dict[Action, tuple[Verb, dict[str, Any]]]:
    """Each action with its verb and arguments that satisfy it."""
    other = city.units["HOUSE"]
    back = {"reached": True, "solved": True, "satisfaction": 5}
    return {
        Action.SAVE_DRAFT: (actions.save_draft, {"draft": actions.Draft(order_type=city.types["help"], content="井盖松动")}),
        Action.SUBMIT: (actions.submit_order, {}),
        Action.ASK_INFO: (actions.ask_info, {"question": "哪一侧?"}),
        Action.SUPPLY_INFO: (actions.supply_info, {"text": "东侧"}),
        Action.LAPSE: (actions.lapse, {}),
        Action.CLOSE_DIRECT: (actions.close_direct, {"answer": "已解释"}),
        Action.DISPATCH: (actions.dispatch_order, {"unit": other, "reason": "职责"}),
        Action.UNDO_DISPATCH: (actions.undo_dispatch, {}),
        Action.REJECT: (actions.reject_order, {"reason": "司法程序", "guidance": "请向法院提出"}),
        Action.ESCALATE: (actions.escalate, {"note": "呈报"}),
        Action.TRANSFER: (actions.transfer_order, {"to": "110", "reason": "警情"}),
        Action.REFUSE_TRANSFER: (actions.refuse_transfer, {"reason": "不属警情"}),
        Action.MERGE: (actions.merge_orders, {"reason": "同一事项"}),
        Action.UNMERGE: (actions.unmerge_order, {"reason": "并错"}),
        Action.SIGN: (actions.sign_order, {}),
        Action.REQUEST_RETURN: (actions.request_return, {"reason": "属地不符"}),
        Action.ACCEPT_RETURN: (actions.accept_return, {}),
        Action.REFUSE_RETURN: (actions.refuse_return, {"note": "职责清单在你"}),
        Action.DISPUTE: (actions.refer_dispute, {"note": "多次退单"}),
        Action.RULE: (actions.rule_dispute, {"unit": other, "reason": "裁定"}),
        Action.REASSIGN: (actions.reassign_order, {"unit": other, "reason": "改派"}),
        Action.SUB_DISPATCH: (actions.sub_dispatch, {"to": "养护科"}),
        Action.STAGE_REPLY: (actions.stage_reply, {"public_text": "正在抢修"}),
        Action.REQUEST_EXTENSION: (actions.request_extension, {"amount": 1, "reason": "备件未到"}),
        Action.GRANT_EXTENSION: (actions.grant_extension, {}),
        Action.REFUSE_EXTENSION: (actions.refuse_extension, {"reason": "理由不足"}),
        Action.ASK_ASSIST: (actions.ask_assist, {"unit": other, "task": "查验噪音"}),
        Action.CANCEL_ASSIST: (actions.cancel_assist, {"unit": city.units["LIGHT"], "reason": "不需要了"}),
        Action.ASSIST_REPLY: (actions.reply_assist, {"text": "已查验"}),
        Action.ASSIST_DECLINE: (actions.decline_assist, {"reason": "与我单位无关"}),
        Action.GATHER: (actions.gather, {}),
        Action.SUSPEND: (actions.suspend_order, {"reason": "诉讼"}),
        Action.RESUME: (actions.resume_order, {}),
        Action.SUBMIT_REPLY: (actions.submit_reply, {"public_text": "已修复", "solved": True}),
        Action.ENDORSE_REPLY: (actions.endorse_reply, {}),
        Action.APPROVE_REPLY: (actions.approve_reply, {}),
        Action.REJECT_REPLY: (actions.reject_reply, {"reason": "未答所问"}),
        Action.NOTE_UNREACHED: (actions.record_callback, {"reached": False}),
        Action.CLOSE: (actions.record_callback, back),
        Action.CLOSE_UNRATED: (actions.record_callback, {"reached": False}),
        Action.NOTE_DISSATISFIED: (actions.record_callback, {"reached": True, "solved": False, "satisfaction": 1}),
        Action.REDO: (actions.redo_order, {"reason": "重办"}),
        Action.ACCEPT_CLOSING: (actions.accept_closing, {"reason": "已尽职"}),
        Action.REOPEN: (actions.reopen_order, {"reason": "又坏了"}),
        Action.WITHDRAW: (actions.withdraw_order, {}),
        Action.ARCHIVE: (actions.archive_order, {}),
        Action.URGE: (actions.urge_order, {}),
        Action.ADD_FACTS: (actions.add_facts, {"text": "又坏一盏"}),
        Action.SUPERVISE: (actions.supervise_order, {"note": "督办"}),
        Action.ANSWER_SUPERVISION: (actions.answer_supervision, {"text": "正在办理"}),
        Action.END_SUPERVISION: (actions.end_supervision, {}),
        Action.FLAG: (actions.flag_order, {"flags": ["media"]}),
        Action.COPY: (actions.copy_order, {"unit": other}),
        Action.NAME_SUBJECT: (actions.name_subject, {"unit": city.units["LIGHT"]}),
        Action.ISSUE_CARD: (actions.issue_card, {"colour": "yellow", "reason": "超期"}),
        Action.APPEAL_CARD: (actions.appeal_card, {"text": "已按期联系"}),
        Action.DECIDE_CARD: (actions.decide_card, {"upheld": False, "text": "理由成立"}),
        Action.HOLD_ACCOUNTABLE: (actions.hold_accountable, {"cause": "overdue", "reason": "超期未办"}),
        Action.APPEAL_FINDING: (actions.appeal_finding, {"text": "已按期联系"}),
        Action.DECIDE_FINDING: (actions.decide_finding, {"upheld": True, "text": "维持"}),
        Action.RATE: (actions.rate_order, {"kind": "order", "score": 5}),
    }


def help_asked(order: WorkOrder, *, status: str = "asked", unit: str = "LIGHT") -> None:
    """Two parts, so that one reply does not end the waiting; or one that is in."""
    for turn in (1, 2) if status == "asked" else (1,):
        OrderAssist.objects.create(
            order=order, unit=Unit.objects.get(code=unit if turn == 1 else "HOUSE"), round=turn, task="查验", status=status,
            started_at=timezone.now(),
        )  # fmt: skip


def order_in(city: City, state: State, unit: str = "LIGHT") -> WorkOrder:
    """An order put straight into `state`, with what that state presupposes."""
    order = city.order()
    order.unit = city.units[unit] if state not in (State.DRAFT, State.NEED_INFO, State.TRIAGE) else None
    order.state = state
    if state == State.MERGED:
        order.merged_into = city.order(idempotency_key="target")
    order.save()
    if order.unit is not None and state in WITH_UNIT:
        start_order_clock(order, ClockKind.HANDLE, at=timezone.now())
    if state == State.EXTENSION_REVIEW:
        now = timezone.now()
        Extension.objects.create(
            order=order, unit=order.unit, round=1, amount=1, measure="working_days", old_due=now, asked_at=now
        )
    if state == State.REPLY_REVIEW:
        Reply.objects.create(order=order, unit=order.unit, public_text="已修复", solved=True, created_at=order.created_at)
    return order


def actor_as(city: City, role: Role, unit: str = "LIGHT") -> Actor:
    kind = {Role.CITIZEN: "citizen", Role.BOT: "bot", Role.SYSTEM: "system"}.get(role, "staff")
    unit_id = city.units[unit].pk if role in (Role.UNIT_CLERK, Role.UNIT_REVIEWER) else city.units["HOT"].pk
    staff_id = city.staff["dispatcher"].pk if kind == "staff" else None
    return Actor(kind=kind, role=role, name=str(role), staff_id=staff_id, unit_id=unit_id, channel="test")


def act(city: City, action: Action, order: WorkOrder, actor: Actor) -> WorkOrder:
    verb, arguments = verbs(city)[action]
    if action == Action.MERGE:
        arguments = {**arguments, "into": city.order(idempotency_key="target")}
    if action == Action.CLOSE_UNRATED:  # the attempt after which nobody tries again
        for days in (1, 2):
            Callback.objects.create(order=order, channel="test", reached=False, at=timezone.now() - timedelta(days=days))
        WorkOrder.objects.filter(pk=order.pk).update(unreached_count=2, replied_at=None)
        order.refresh_from_db()
    return verb(order=order, actor=actor, **arguments)


def prepare(city: City, action: Action, order: WorkOrder) -> WorkOrder:
    """What an action presupposes beyond the state: an undo needs one's own fresh dispatch."""
    if action == Action.UNDO_DISPATCH and order.state == State.DISPATCHED:
        WorkOrder.objects.filter(pk=order.pk).update(state=State.TRIAGE, unit=None)
        return actions.dispatch_order(order=order, actor=actor_as(city, Role.DISPATCHER), unit=city.units["LIGHT"], reason="职责")
    if action in (Action.CANCEL_ASSIST, Action.ASSIST_REPLY, Action.ASSIST_DECLINE):
        help_asked(order)
    now, light = timezone.now(), city.units["LIGHT"]
    if action in (Action.ANSWER_SUPERVISION, Action.END_SUPERVISION):
        Supervision.objects.create(order=order, note="督办", opened_by="督办员", opened_at=now)
    held = {"order": order, "unit": light, "reason": "超期", "issued_by": "督办员", "issued_at": now}
    if action in (Action.APPEAL_CARD, Action.DECIDE_CARD):
        Card.objects.create(colour="yellow", **held)
    if action in (Action.APPEAL_FINDING, Action.DECIDE_FINDING):
        Accountability.objects.create(cause="overdue", **held)
    if action == Action.GATHER:
        help_asked(order, status="replied")
    return order


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("action", list(Action))
def test_every_edge_and_every_non_edge(city: City, action: Action, state: State) -> None:
    found = edge(action, state)
    allowed = found.roles if found else frozenset()
    order = order_in(city, state)
    events = order.events.count()
    for role in set(Role) - allowed:
        with pytest.raises(NotAllowed if found else IllegalTransition) as refused:
            act(city, action, order, actor_as(city, role))
        if found is None:
            assert refused.value.allowed == actions_from(state, role)
    order.refresh_from_db()
    assert order.state == state
    assert order.events.count() == events, "refused actions leave no trace in the history"
    for role in allowed:
        order = prepare(city, action, order_in(city, state))
        after = act(city, action, order, actor_as(city, role))
        assert found is not None
        assert after.state == found.target
        assert after.version == after.events.order_by("-seq").first().seq


@pytest.mark.parametrize("walked", [e for e in EDGES if e.own_unit or e.assisting], ids=lambda e: f"{e.action}-{e.source}")
def test_another_units_order_is_out_of_reach(city: City, walked: Any) -> None:
    order = order_in(city, walked.source)
    for role in walked.roles & {Role.UNIT_CLERK, Role.UNIT_REVIEWER}:
        with pytest.raises(NotAllowed):
            act(city, walked.action, order, actor_as(city, role, unit="WEST-HOUSE"))


def test_a_role_reaches_the_units_below_its_own(city: City) -> None:
    order = order_in(city, State.DISPATCHED, unit="EAST-HOUSE")
    assert actions.sign_order(order=order, actor=actor_as(city, Role.UNIT_CLERK, unit="EAST")).state == State.PROCESSING


def test_the_table_is_sound() -> None:
    seen = {(e.action, e.source) for e in EDGES}
    assert len(seen) == len(EDGES), "an action leaves a state by one edge at most"
    assert {e.source for e in EDGES} >= OPEN, "no open state is a dead end"
    reached = {e.target for e in EDGES} | {State.DRAFT}
    assert reached == set(State), "every state can be reached"
    assert not {e for e in EDGES if e.source == State.ARCHIVED}, "nothing leaves the archive"
    assert TERMINAL.isdisjoint(OPEN)
    assert set(Action) == {e.action for e in EDGES}, "every action has an edge"
