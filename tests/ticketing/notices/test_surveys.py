"""The call-back by script and by text message: asked, answered by link or digit, given up after days in vain."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from tests.cast import PEOPLE, City
from tests.ticketing.desk.conftest import Desk
from ticketing.notices import actions as notices
from ticketing.notices import surveys
from ticketing.notices.models import Notice, NoticeTemplate, Survey
from ticketing.orders import actions
from ticketing.orders.models import Rating, WorkOrder
from ticketing.orders.workflow import Action, State
from ticketing.organisation.roles import Role

PHONE = "19900000001"


@pytest.fixture
def desk(city: City) -> Desk:
    notices.import_templates([{"code": "satisfaction_survey", "zh": "请评价{number}：{link}", "en": "Rate {number}: {link}"}])
    return Desk(city)


def sent(desk: Desk) -> tuple[WorkOrder, Survey, str]:
    """An order whose survey was sent by the call-back desk, and the link in the message."""
    order = desk.callback()
    desk.client("callback").post(f"/desk/surveys/{order.number}/send/")
    notice = Notice.objects.get(template__code="satisfaction_survey")
    found = re.search(r"/r/\S+", notice.body)
    assert found and notice.recipient.endswith(PHONE)
    return order, Survey.objects.get(), found[0]


def fresh(order: WorkOrder) -> WorkOrder:
    return WorkOrder.objects.get(pk=order.pk)


def test_the_link_takes_one_answer_which_is_the_call_back_and_the_rating_of_the_handling_alone(desk: Desk) -> None:
    order, _survey, link = sent(desk)
    citizen = Client()
    page = citizen.get(link).content.decode()
    assert "非常满意" in page and order.title not in page
    assert citizen.post(link, {"score": "6"}).status_code == 400 and citizen.post(link, {}).status_code == 400
    assert fresh(order).state == State.CALLBACK
    thanks = citizen.post(link, {"score": "5", "solved": "yes", "note": "很快"}, follow=True).content.decode()
    assert "感谢" in thanks and fresh(order).state == State.CLOSED
    assert [(r.kind, r.score, r.channel) for r in Rating.objects.all()] == [("order", 5, "sms")]
    callback = order.callbacks.get()
    assert (callback.channel, callback.satisfaction, callback.note) == ("sms", 5, "很快")
    citizen.post(link, {"score": "1"})
    assert Rating.objects.get().score == 5 and order.callbacks.count() == 1


def test_a_forged_link_opens_nothing(desk: Desk) -> None:
    _order, survey, link = sent(desk)
    code = surveys.code_of(survey)
    assert code in link
    for wrong in (code[:-1] + ("0" if code[-1] != "0" else "1"), "zz-" + code.split("-")[1], "x", "1-", "é-a"):
        assert Client().get(f"/r/{wrong}/").status_code == 404, wrong


@pytest.mark.parametrize(("digit", "state"), [("4", State.CLOSED), ("1", State.DISSATISFIED)])
def test_a_digit_in_reply_answers_the_survey_and_any_other_text_begins_a_talk(desk: Desk, digit: str, state: State) -> None:
    order, _survey, _link = sent(desk)
    message = {"From": f"+86{PHONE}", "To": "12345", "MessageSid": "SM1"}
    answer = Client().post("/chat/sms/", message | {"Body": digit})
    assert answer.status_code == 200 and "感谢" in answer.content.decode()
    assert fresh(order).state == state and order.callbacks.get().satisfaction == int(digit)
    assert "感谢" not in Client().post("/chat/sms/", message | {"Body": digit, "MessageSid": "SM2"}).content.decode()
    assert order.callbacks.count() == 1


def test_a_digit_from_another_telephone_answers_nothing(desk: Desk) -> None:
    order, _survey, _link = sent(desk)
    Client().post("/chat/sms/", {"From": "+8619900000009", "To": "12345", "MessageSid": "SM1", "Body": "5"})
    assert fresh(order).state == State.CALLBACK and not order.callbacks.exists()


def test_one_survey_is_open_at_a_time_and_only_for_an_order_that_waits_and_is_not_sealed(desk: Desk) -> None:
    order, _survey, _link = sent(desk)
    client = desk.client("callback")
    page = client.post(f"/desk/surveys/{order.number}/send/", follow=True).content.decode()
    assert "等待回复" in page and Survey.objects.count() == 1
    earlier = desk.processing()
    answer = client.post("/api/surveys/", {"number": earlier.number}, content_type="application/json")
    assert answer.status_code == 409 and "allowed" in answer.json()
    assert client.post("/api/surveys/", {"number": order.number}, content_type="application/json").status_code == 400
    assert client.get("/api/surveys/", {"number": order.number}).json()["count"] == 1
    sealed = desk.callback()
    WorkOrder.objects.filter(pk=sealed.pk).update(secrecy="sealed")
    with pytest.raises(surveys.InvalidOrder):
        surveys.ask_survey(order=sealed, actor=surveys.SYSTEM)


@pytest.mark.parametrize("username", [u for u, _s, _n, role in PEOPLE if role not in (Role.CALLBACK, Role.SHIFT_LEADER)])
def test_nobody_else_sends_a_survey_or_reads_them(desk: Desk, username: str) -> None:
    order, client = desk.callback(), desk.client(username)
    assert client.post(f"/desk/surveys/{order.number}/send/").status_code == 403
    assert client.post("/api/surveys/", {"number": order.number}, content_type="application/json").status_code == 403
    assert client.get("/api/surveys/").status_code == 403
    assert not Survey.objects.exists() and Client().post(f"/desk/surveys/{order.number}/send/").status_code == 302


def test_after_days_in_vain_the_message_is_sent_once_and_its_silence_closes_the_order(desk: Desk, settings: Any) -> None:
    settings.CALLBACK_THEN, settings.CALLBACK_DAYS = "sms", 2
    order = desk.callback()
    for day in range(2):
        order = desk.do(actions.record_callback, Action.CLOSE, "callback", order, reached=False)
        events = list(order.events.values_list("pk", flat=True))
        surveys.ask_after_vain_calls(event_ids=events)
        surveys.ask_after_vain_calls(event_ids=events)
        assert Survey.objects.count() == day
        if day == 0:
            order.callbacks.update(at=F("at") - timedelta(days=1))
            WorkOrder.objects.filter(pk=order.pk).update(replied_at=F("replied_at") - timedelta(days=1))
            order = fresh(order)
    assert surveys.end_surveys() == 0
    Survey.objects.update(open_until=timezone.now() - timedelta(minutes=1))
    assert surveys.end_surveys() == 1 and fresh(order).state == State.CLOSED
    assert not Rating.objects.exists()


def test_a_call_that_reached_the_citizen_ends_the_survey(desk: Desk) -> None:
    order, survey, link = sent(desk)
    desk.do(actions.record_callback, Action.CLOSE, "callback", fresh(order), reached=True, solved=True)
    assert surveys.end_surveys() == 1
    page = Client().post(link, {"score": "1"}, follow=True).content.decode()
    assert "已结束" in page and order.callbacks.count() == 1 and survey.pk


def test_without_words_the_desk_says_what_is_missing(desk: Desk) -> None:
    NoticeTemplate.objects.filter(code="satisfaction_survey").update(is_active=False)
    from ticketing.organisation import kept

    kept.forget()
    order = desk.callback()
    page = desk.client("callback").post(f"/desk/surveys/{order.number}/send/", follow=True).content.decode()
    assert "短信模板" in page and not Survey.objects.exists()


def test_the_script_on_the_call_back_page_is_filled_in_and_the_most_particular_one_wins(desk: Desk) -> None:
    order, client = desk.callback(), desk.client("callback")
    assert "12345" in client.get(f"/desk/callback/?order={order.number}").content.decode()
    rows = [
        {"code": "usual", "zh": "关于{title}，{unit}已答复", "en": "{title}"},
        {"code": "again", "redone": True, "zh": "再访", "en": "x"},
    ]
    assert surveys.import_scripts(rows=rows) == 2
    page = client.get(f"/desk/callback/?order={order.number}").content.decode()
    assert f"关于{order.title}，{desk.city.units['LIGHT'].name}已答复" in page and "再访" not in page
    WorkOrder.objects.filter(pk=order.pk).update(redo_count=1)
    assert "再访" in client.get(f"/desk/callback/?order={order.number}").content.decode()
    assert surveys.import_scripts(rows=[{"code": "typed", "order_type": "complaint", "zh": "投诉话术", "en": "x"}]) == 1
    WorkOrder.objects.filter(pk=order.pk).update(redo_count=0)
    assert "投诉话术" in client.get(f"/desk/callback/?order={order.number}").content.decode()
