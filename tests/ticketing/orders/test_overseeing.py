"""Supervision, flags, copies, cards, accountability; impartiality, first receiver and the authority to sign."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from tests.cast import City
from tests.ticketing.orders.steps import as_, dispatched, processing, reply_review, unit_clerk
from ticketing.dispatch.actions import route_orders
from ticketing.orders import actions, history, selectors
from ticketing.orders.errors import InvalidOrder, NotAllowed, OrderNotFound
from ticketing.orders.impartial import barred_units
from ticketing.orders.models import ReplyAuthority, Secrecy, WorkOrder
from ticketing.orders.workflow import Action, State


def test_a_watch_has_level_due_and_report_and_can_be_ended(city: City, monday: datetime) -> None:
    with time_machine.travel(monday, tick=False):
        order = processing(city)
        due = monday + timedelta(days=1)
        order = actions.supervise_order(order=order, actor=as_(city, "supervisor"), note="连续三次催办", level="key", due=due)
        assert order.supervised
        order = actions.answer_supervision(order=order, actor=unit_clerk(city), text="今日完成")
        with pytest.raises(InvalidOrder, match="none"):
            actions.answer_supervision(order=order, actor=unit_clerk(city), text="再报一次")
        order = actions.end_supervision(order=order, actor=as_(city, "supervisor"))
    watch = order.supervisions.get()
    assert (watch.level, watch.due_at, watch.report, watch.closed_at) == ("key", due, "今日完成", monday)
    assert not order.supervised and not list(history.verify(number=order.number))


def test_flags_are_set_as_a_whole_and_keeping_confidential_hides_the_contact(city: City) -> None:
    order = processing(city)
    order = actions.flag_order(order=order, actor=as_(city, "dispatcher"), flags=["media", "confidential"])
    assert order.flags == ["media", "confidential"] and order.secrecy == Secrecy.CONFIDENTIAL
    assert selectors.contact_of(order, city.staff["light"]) == {"name": "", "phone": ""}
    order = actions.flag_order(order=order, actor=as_(city, "dispatcher"), flags=["group"])
    assert order.flags == ["group"]
    with pytest.raises(InvalidOrder):
        actions.flag_order(order=order, actor=as_(city, "dispatcher"), flags=["famous"])


def test_a_copied_unit_reads_and_cannot_act(city: City) -> None:
    order, staff = processing(city), city.staff["west_house"]
    with pytest.raises(OrderNotFound):
        selectors.get_order(staff, order.number)
    actions.copy_order(order=order, actor=as_(city, "dispatcher"), unit=city.units["WEST-HOUSE"], note="供参考")
    seen = selectors.get_order(staff, order.number)
    assert selectors.allowed_actions(staff, seen) == [] or not any(
        selectors.is_ready(seen, action, staff) for action in selectors.allowed_actions(staff, seen)
    )
    assert not selectors.sees_whole(staff, seen)


def test_a_card_is_issued_appealed_against_once_and_revoked(city: City) -> None:
    order = processing(city)
    order = actions.issue_card(order=order, actor=as_(city, "supervisor"), colour="red", reason="超期五日")
    with pytest.raises(NotAllowed):
        actions.appeal_card(order=order, actor=as_(city, "west_house"), text="与我无关")
    order = actions.appeal_card(order=order, actor=unit_clerk(city), text="已申请延期")
    with pytest.raises(NotAllowed):
        actions.appeal_card(order=order, actor=unit_clerk(city), text="再申诉")
    order = actions.decide_card(order=order, actor=as_(city, "supervisor"), upheld=False, text="延期已批")
    card = order.cards.get()
    assert (card.status, card.appeal, card.ruling) == ("revoked", "已申请延期", "延期已批")
    with pytest.raises(InvalidOrder):
        actions.decide_card(order=order, actor=as_(city, "supervisor"), upheld=True, text="再定")


def test_a_unit_that_lost_the_order_can_still_answer_for_it(city: City) -> None:
    order = processing(city)
    order = actions.hold_accountable(order=order, actor=as_(city, "supervisor"), cause="overdue", reason="超期未办")
    order = actions.reassign_order(order=order, actor=as_(city, "dispatcher"), unit=city.units["EAST-HOUSE"], reason="改派")
    staff = city.staff["light"]
    seen = selectors.get_order(staff, order.number)
    assert not selectors.sees_whole(staff, seen)
    order = actions.appeal_finding(order=seen, actor=unit_clerk(city), text="材料未到")
    order = actions.decide_finding(order=order, actor=as_(city, "supervisor"), upheld=True, text="维持")
    assert order.findings.get().status == "upheld"


@pytest.mark.parametrize("about", ["LIGHT", "GOV"])
def test_a_complaint_never_goes_to_the_unit_it_is_about(city: City, about: str) -> None:
    order = city.order(duty_item=city.items["LAMP"])
    order = actions.name_subject(order=order, actor=as_(city, "dispatcher"), unit=city.units[about])
    assert city.units["LIGHT"].pk in barred_units(order)
    [decision] = route_orders(order_ids=[order.pk])
    order.refresh_from_db()
    assert order.state == State.TRIAGE and decision is not None and decision.chosen_unit is None
    assert all(c["unit"] != city.units["LIGHT"].pk for c in decision.candidates)
    with pytest.raises(InvalidOrder, match="complaint is about"):
        actions.dispatch_order(order=order, actor=as_(city, "dispatcher"), unit=city.units["LIGHT"], reason="照明")
    other = dispatched(city, "EAST-HOUSE")
    WorkOrder.objects.filter(pk=other.pk).update(about_unit=city.units[about])
    other = WorkOrder.objects.get(pk=other.pk)
    for verb, values in (
        (actions.reassign_order, {"reason": "改派"}),
        (actions.ask_assist, {"task": "协办"}),
        (actions.copy_order, {}),
    ):
        with pytest.raises(InvalidOrder, match="complaint is about"):
            verb(order=other, actor=as_(city, "dispatcher"), unit=city.units["LIGHT"], **values)


def test_a_complaint_about_a_person_is_out_of_that_persons_sight(city: City) -> None:
    order = actions.name_subject(order=city.order(), actor=as_(city, "dispatcher"), staff=city.staff["seat"])
    with pytest.raises(OrderNotFound):
        selectors.get_order(city.staff["seat"], order.number)
    assert selectors.get_order(city.staff["seat2"], order.number) == order
    order = actions.name_subject(order=order, actor=as_(city, "dispatcher"), staff=city.staff["light"])
    with pytest.raises(InvalidOrder, match="complaint is about"):
        actions.dispatch_order(order=order, actor=as_(city, "dispatcher"), unit=city.units["LIGHT"], reason="照明")


def test_the_first_receiver_stays_named_until_a_unit_signs(city: City) -> None:
    order = city.order(actor=as_(city, "seat"), duty_item=city.items["NOISE"])
    order = actions.dispatch_order(order=order, actor=as_(city, "dispatcher"), unit=city.units["LIGHT"], reason="职责")
    order = actions.request_return(order=order, actor=unit_clerk(city), reason="属地不符")
    receiver = selectors.first_receiver(order)
    assert receiver is not None and receiver.actor_name == "一号坐席" and order.signed_at is None


def test_a_reply_is_signed_by_whom_the_unit_gave_the_authority(city: City) -> None:
    light = city.units["LIGHT"]
    held = ReplyAuthority.objects.create(unit=light, staff=city.staff["east_house_head"], document="照明〔2026〕1号")
    order = reply_review(city)
    with pytest.raises(InvalidOrder, match="authority"):
        actions.approve_reply(order=order, actor=as_(city, "dispatcher"))
    held.staff = city.staff["light"]
    held.save()
    held.order_types.set([city.types["help"]])
    assert not reply_review(city).replies.get().endorsed, "the authority is for another type"
    held.order_types.set([city.types["complaint"]])
    order = reply_review(city)
    assert order.replies.get().endorsed, "who may sign has signed by submitting"
    assert actions.approve_reply(order=order, actor=as_(city, "dispatcher")).state == State.CALLBACK
    assert order.events.filter(action=Action.ENDORSE_REPLY).count() == 0
