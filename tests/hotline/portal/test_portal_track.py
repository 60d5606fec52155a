"""Tracking: only with number and code, in plain words, without personal data, and what a citizen can do."""

from __future__ import annotations

import pytest
from django.test import Client

from ticketing.citizens.actions import Contact
from ticketing.orders import actions as orders
from ticketing.orders.models import WorkOrder
from ticketing.organisation.actor import SYSTEM, citizen_actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(town, order_type):
    return orders.create_order(
        actor=citizen_actor(channel="form"),
        order_type=order_type,
        content="公园门口的路灯三天不亮了",
        duty_item=town["item"],
        contact=Contact(name="王小明", phone="19900001234"),
        channel="form",
    )


@pytest.fixture
def opened(client, made):
    answer = client.post("/track/", {"number": made.order.number, "code": made.query_code})
    assert answer.status_code == 302
    return client


def page_of(client, order):
    return client.get(f"/track/{order.number}/").content.decode()


def set_state(order, state, **more):
    WorkOrder.objects.filter(pk=order.pk).update(state=state, **more)


def test_shows_the_way_and_no_personal_data(opened, made, town):
    orders.dispatch_order(order=made.order, unit=town["unit"], actor=SYSTEM, reason="duty list")
    page = page_of(opened, made.order)
    assert "照明管理所" in page and "门灯不亮" in page
    for secret in ("王小明", "19900001234", "公园门口的路灯三天不亮了", made.query_code):
        assert secret not in page


@pytest.mark.parametrize("number", ["261122000018", "123", "26112200001x", "", "２６１１２２０００１８"])
def test_forged_number_is_told_plainly(client, made, number):
    answer = client.post("/track/", {"number": number, "code": "123456"})
    assert answer.status_code == 422 and "id_number" in answer.content.decode()


def test_number_in_groups_is_read(client, made):
    number = made.order.number
    answer = client.post("/track/", {"number": f"{number[:6]} {number[6:11]}-{number[11:]}", "code": made.query_code})
    assert answer.status_code == 302


def test_wrong_code_says_no_more_than_that_they_do_not_fit(client, made):
    wrong = "000000" if made.query_code != "000000" else "000001"
    answer = client.post("/track/", {"number": made.order.number, "code": wrong})
    assert answer.status_code == 404
    assert client.get(f"/track/{made.order.number}/").url == "/track/"


def test_guessing_is_slowed_down(client, made, settings):
    settings.TRACK_TRIES_PER_10_MINUTES = 3
    tries = [client.post("/track/", {"number": made.order.number, "code": f"{n:06d}"}).status_code for n in range(5)]
    assert tries[-1] == 429
    assert client.post("/track/", {"number": made.order.number, "code": made.query_code}).status_code == 429


def test_another_browser_sees_nothing(opened, made):
    stranger = Client()
    assert stranger.get(f"/track/{made.order.number}/").url == "/track/"
    assert stranger.post(f"/track/{made.order.number}/withdraw/").url == "/track/"
    made.order.refresh_from_db()
    assert made.order.state == "triage"


def test_key_of_one_order_opens_no_other(opened, made, order_type):
    other = orders.create_order(actor=citizen_actor(channel="form"), order_type=order_type, content="另一件事情", channel="form")
    assert opened.get(f"/track/{other.order.number}/").url == "/track/"


def test_urge_add_withdraw(opened, made, make_picture):
    number = made.order.number
    opened.post(f"/track/{number}/urge/", {"text": "快点"})
    opened.post(f"/track/{number}/add/", {"text": "今天又灭了一盏", "photos": make_picture()})
    made.order.refresh_from_db()
    assert made.order.urge_count == 1 and "今天又灭了一盏" in made.order.content and made.order.attachments.count() == 1
    opened.post(f"/track/{number}/withdraw/", {"text": "修好了"})
    made.order.refresh_from_db()
    assert made.order.state == "withdrawn"
    page = opened.post(f"/track/{number}/urge/", follow=True).content.decode()
    assert "note-overdue" in page


def test_answer_and_rating_close_it(opened, made, town):
    set_state(made.order, "callback", unit=town["unit"])
    assert 'name="solved"' in page_of(opened, made.order)
    opened.post(f"/track/{made.order.number}/rate/", {"score": "5", "solved": "yes"})
    made.order.refresh_from_db()
    assert made.order.state == "closed" and made.order.ratings.get().score == 5
    page = page_of(opened, made.order)
    assert 'name="score"' not in page and "reopen" in page


def test_unsolved_goes_to_review(opened, made, town):
    set_state(made.order, "callback", unit=town["unit"])
    opened.post(f"/track/{made.order.number}/rate/", {"score": "1", "solved": "no", "text": "还是不亮"})
    made.order.refresh_from_db()
    assert made.order.state == "dissatisfied"


@pytest.mark.parametrize("score", ["", "0", "6", "abc", "五"])
def test_rating_out_of_range(opened, made, score):
    set_state(made.order, "closed")
    page = opened.post(f"/track/{made.order.number}/rate/", {"score": score}, follow=True).content.decode()
    assert "note-overdue" in page and made.order.ratings.count() == 0


def test_wrong_file_adds_nothing(opened, made):
    from django.core.files.uploadedfile import SimpleUploadedFile

    bad = SimpleUploadedFile("x.jpg", b"no picture", content_type="image/jpeg")
    opened.post(f"/track/{made.order.number}/add/", {"text": "说明", "photos": bad})
    made.order.refresh_from_db()
    assert "说明" not in made.order.content and made.order.attachments.count() == 0


def test_every_state_has_a_sentence(opened, made, town):
    from ticketing.orders.workflow import State

    for state in State:
        set_state(made.order, state, unit=town["unit"])
        assert opened.get(f"/track/{made.order.number}/").status_code == 200


def test_unknown_verb(opened, made):
    assert opened.post(f"/track/{made.order.number}/explode/").status_code == 404
