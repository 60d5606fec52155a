"""What time alone brings about, and the rules of returns, suspensions and reviews."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.cast import City
from tests.ticketing.orders.steps import as_, callback, dispatched, processing, reply_review, unit_clerk
from ticketing.clocks.models import Clock, ClockKind
from ticketing.notices.actions import notify_events
from ticketing.notices.models import NoticeTemplate
from ticketing.orders import actions, history, selectors
from ticketing.orders.actions.content import import_reply_checks, import_return_reasons
from ticketing.orders.actions.rounds import archive_finished, make_rounds
from ticketing.orders.errors import IllegalTransition, InvalidOrder
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import Action, State
from ticketing.organisation.actor import citizen_actor


def test_the_citizen_is_asked_over_their_own_way_and_the_answer_comes_back_into_the_order(city: City) -> None:
    NoticeTemplate.objects.create(code="order_need_info", channel="sms", text_zh="还需补充：{question}", text_en="x")
    order = actions.ask_info(order=city.order(), actor=as_(city, "dispatcher"), question="坏了几盏，在路的哪一侧?")
    (notice,) = notify_events(event_ids=[order.events.get(action=Action.ASK_INFO).pk])
    assert "坏了几盏" in notice.body
    assert selectors.open_question(order) == "坏了几盏，在路的哪一侧?"
    order = actions.supply_info(order=order, actor=citizen_actor(channel="web"), text="东侧三盏")
    assert order.state == State.TRIAGE and "东侧三盏" in order.content and selectors.open_question(order) == ""


def test_facts_that_never_come_close_the_order_after_the_limit(city: City, monday: datetime, settings: Any) -> None:
    with time_machine.travel(monday, tick=False) as clock:
        order = actions.ask_info(order=city.order(), actor=as_(city, "dispatcher"), question="哪一侧?")
        clock.shift(timedelta(days=settings.NEED_INFO_DAYS - 1))
        assert make_rounds()["lapsed"] == 0
        clock.shift(timedelta(days=1))
        assert make_rounds()["lapsed"] == 1 and make_rounds()["lapsed"] == 0
    order.refresh_from_db()
    assert order.state == State.CLOSED and not list(history.verify(number=order.number))


def suspended(city: City, at: datetime, *, resumes: bool) -> WorkOrder:
    return actions.suspend_order(
        order=processing(city), actor=as_(city, "dispatcher"), reason="道路改造", review_at=at, resumes=resumes
    )


def test_a_suspension_resumes_by_itself_or_reminds_once(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False) as clock:
        due = monday + timedelta(days=2)
        one, two = suspended(city, due, resumes=True), suspended(city, due, resumes=False)
        before = one.due_at
        assert make_rounds()["resumed"] == 0
        clock.move_to(due)
        first, second = make_rounds(), make_rounds()
        assert (first["resumed"], first["reminded"]) == (1, 1) and (second["resumed"], second["reminded"]) == (0, 0)
    one.refresh_from_db()
    two.refresh_from_db()
    assert one.state == State.PROCESSING and one.due_at and before and one.due_at - before == timedelta(days=2)
    assert two.state == State.SUSPENDED and two.events.filter(action="review_due").count() == 1
    assert not list(history.verify(number=two.number))
    with pytest.raises(InvalidOrder, match="past"):
        suspended(city, monday, resumes=False)


def test_what_has_long_been_over_is_archived(city: City, monday: datetime, settings: Any) -> None:
    with time_machine.travel(monday, tick=False) as clock:
        order = actions.record_callback(order=callback(city), actor=as_(city, "callback"), reached=True, solved=True)
        still = processing(city)
        clock.shift(timedelta(days=settings.ARCHIVE_AFTER_DAYS))
        assert archive_finished() == 1
    order.refresh_from_db()
    still.refresh_from_db()
    assert order.state == State.ARCHIVED and still.state == State.PROCESSING


def test_an_order_is_reopened_within_the_window_alone(city: City, monday: datetime, settings: Any) -> None:
    settings.REOPEN_DAYS = 3
    with time_machine.travel(monday, tick=False) as clock:
        order = actions.record_callback(order=callback(city), actor=as_(city, "callback"), reached=True, solved=True)
        clock.shift(timedelta(days=4))
        with pytest.raises(IllegalTransition):
            actions.reopen_order(order=order, actor=citizen_actor(channel="web"), reason="又坏了")
        settings.REOPEN_DAYS = 5
        assert actions.reopen_order(order=order, actor=citizen_actor(channel="web"), reason="又坏了").state == State.TRIAGE


def test_after_the_last_return_a_ruling_names_the_unit_and_that_is_the_end(city: City) -> None:
    order = city.order(duty_item=city.items["NOISE"])
    for _turn in range(2):
        order = actions.dispatch_order(order=order, actor=as_(city, "dispatcher"), unit=city.units["LIGHT"], reason="职责")
        order = actions.request_return(order=order, actor=unit_clerk(city), reason="属地不符", ground="place")
        order = actions.accept_return(order=order, actor=as_(city, "dispatcher"))
    order = actions.dispatch_order(order=order, actor=as_(city, "dispatcher"), unit=city.units["LIGHT"], reason="职责")
    order = actions.request_return(order=order, actor=unit_clerk(city), reason="属地不符")
    assert order.state == State.DISPUTE
    order = actions.rule_dispute(order=order, actor=as_(city, "supervisor"), unit=city.units["EAST-HOUSE"], reason="先办后议")
    with pytest.raises(InvalidOrder, match="ruling"):
        actions.request_return(order=order, actor=as_(city, "east_house"), reason="仍不属我单位")
    assert not list(history.verify(number=order.number))


def test_the_backstop_is_the_government_of_the_place(city: City) -> None:
    assert selectors.backstop_unit(city.order()) == city.units["EAST"]
    assert selectors.backstop_unit(city.order(place=city.places["人民路"])) == city.units["WEST"]


def test_a_ground_may_demand_the_unit_that_should_act(city: City) -> None:
    import_return_reasons([{"code": "duty", "zh": "不属职责", "en": "Not our duty", "needs_unit": True}])
    order = dispatched(city)
    with pytest.raises(InvalidOrder, match="named"):
        actions.request_return(order=order, actor=unit_clerk(city), reason="不属职责", ground="duty")
    order = actions.request_return(
        order=order, actor=unit_clerk(city), reason="不属职责", ground="duty", proposed_unit=city.units["HOUSE"]
    )
    assert order.events.get(action=Action.REQUEST_RETURN).data["ground"] == "duty"


def test_a_required_line_of_the_checklist_must_be_ticked(city: City) -> None:
    import_reply_checks(
        [{"code": "answers", "zh": "逐项回应", "en": "x", "required": True}, {"code": "words", "zh": "用语", "en": "y"}]
    )
    order = reply_review(city)
    with pytest.raises(InvalidOrder, match="answers"):
        actions.approve_reply(order=order, actor=as_(city, "dispatcher"), checked=["words"])
    order = actions.approve_reply(order=order, actor=as_(city, "dispatcher"), checked=["answers"])
    assert order.events.get(action=Action.APPROVE_REPLY).data["checks"] == {"answers": True, "words": False}


def test_a_return_asked_for_does_not_stop_the_handling_clock(city: City) -> None:
    order = actions.request_return(order=dispatched(city), actor=unit_clerk(city), reason="属地不符")
    assert Clock.objects.get(order_number=order.number, kind=ClockKind.HANDLE).stopped_at is None
