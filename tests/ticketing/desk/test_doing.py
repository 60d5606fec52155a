"""Doing things on the desks: the way through, undo, stale and double forms, refusals in words."""

from __future__ import annotations

import html
import re
from io import BytesIO
from typing import Any

import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from tests.ticketing.desk.conftest import REPLY, Desk
from ticketing.desk.doings import possible
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import State


def act(client: Client, order: WorkOrder, key: str, **data: Any) -> Any:
    return client.post(f"/desk/orders/{order.number}/do/{key}/", data)


def state_of(order: WorkOrder) -> str:
    return WorkOrder.objects.get(pk=order.pk).state


def test_a_matter_goes_all_the_way_through_the_pages(desk: Desk) -> None:
    order = desk.triage()
    light = desk.city.units["LIGHT"]
    sent = act(
        desk.client("dispatcher"),
        order,
        "dispatch",
        unit=light.pk,
        reason="照明所负责",
        version=order.version,
        next="/desk/inbox/",
    )
    assert sent.status_code == 302 and sent["Location"] == "/desk/inbox/"
    assert act(desk.client("light"), order, "sign").status_code == 302
    replied = act(desk.client("light"), order, "submit_reply", public_text=REPLY, solved="True", contacted_at="2026-01-02T10:00")
    assert replied.status_code == 302
    assert act(desk.client("dispatcher"), order, "approve_reply").status_code == 302
    assert act(desk.client("callback"), order, "callback", reached="yes", solved="yes", satisfaction="5").status_code == 302
    order.refresh_from_db()
    assert order.state == State.CLOSED and order.ratings.get().score == 5
    page = desk.client("supervisor").get(f"/desk/orders/{order.number}/").content.decode()
    assert REPLY in page


def test_a_dispatch_offers_undo_and_is_taken_back_within_half_a_minute(desk: Desk) -> None:
    order, client = desk.triage(), desk.client("dispatcher")
    light = desk.city.units["LIGHT"].pk
    page = client.post(
        f"/desk/orders/{order.number}/do/dispatch/", {"unit": light, "reason": "照明所", "next": "/desk/inbox/"}, follow=True
    ).content.decode()
    assert f"/desk/orders/{order.number}/undo/" in page and 'data-undo="30"' in page
    client.post(f"/desk/orders/{order.number}/undo/", {"next": "/desk/inbox/"})
    assert state_of(order) == State.TRIAGE


def test_undo_is_refused_in_words_when_it_is_too_late(desk: Desk) -> None:
    with time_machine.travel("2026-03-02T02:00:00+00:00", tick=False):
        order = desk.dispatched()
    client = desk.client("dispatcher")
    page = client.post(f"/desk/orders/{order.number}/undo/", follow=True).content.decode()
    assert state_of(order) == State.DISPATCHED and "派单未撤销" in page


def test_a_stale_form_says_what_changed_and_keeps_the_text(desk: Desk) -> None:
    order = desk.processing()
    shown = order.version
    client = desk.client("light")
    act(desk.client("seat"), order, "urge", note="市民来电催问")
    answer = act(client, order, "submit_reply", public_text=REPLY, solved="True", version=shown)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert REPLY in page and "市民来电催问" in page and "工单有变动" in page
    fresh = re.search(r'name="version" value="(\d+)"', page)
    assert fresh and int(fresh[1]) > shown
    assert act(client, order, "submit_reply", public_text=REPLY, solved="True", version=fresh[1]).status_code == 302


def test_two_people_taking_one_order_the_second_is_told_and_nothing_happens_twice(desk: Desk) -> None:
    order = desk.triage()
    data = {"unit": desk.city.units["LIGHT"].pk, "reason": "照明所的职责范围", "version": order.version}
    assert act(desk.client("dispatcher"), order, "dispatch", **data).status_code == 302
    second = act(desk.client("leader"), order, "dispatch", **data)
    assert second.status_code == 409
    assert "没有改动任何内容" in second.content.decode() and "照明所的职责范围" in second.content.decode()
    assert order.events.filter(action="dispatch").count() == 1


def test_a_double_click_signs_once(desk: Desk) -> None:
    order = desk.dispatched()
    client = desk.client("light")
    assert act(client, order, "sign", version=order.version).status_code == 302
    assert act(client, order, "sign", version=order.version).status_code == 409
    assert order.events.filter(action="sign").count() == 1


def test_a_wrong_form_comes_back_with_the_text_and_what_to_change(desk: Desk) -> None:
    order = desk.processing()
    answer = act(desk.client("light"), order, "submit_reply", public_text=REPLY)
    page = answer.content.decode()
    assert answer.status_code == 400 and REPLY in page and "field-wrong" in page
    assert state_of(order) == State.PROCESSING
    future = act(desk.client("light"), order, "submit_reply", public_text=REPLY, solved="True", contacted_at="2999-01-01T10:00")
    assert future.status_code == 400 and "晚于现在" in future.content.decode()


def picture() -> SimpleUploadedFile:
    data = BytesIO()
    Image.new("RGB", (8, 8), "green").save(data, "PNG")
    return SimpleUploadedFile("after.png", data.getvalue(), "image/png")


def test_a_reply_takes_photos_and_a_wrong_file_stops_the_whole(desk: Desk, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    order, client = desk.processing(), desk.client("light")
    wrong = SimpleUploadedFile("after.png", b"no picture at all", "image/png")
    refused = act(client, order, "submit_reply", public_text=REPLY, solved="True", photos=[wrong])
    assert refused.status_code == 400 and REPLY in refused.content.decode()
    assert state_of(order) == State.PROCESSING and not order.replies.exists()
    assert act(client, order, "submit_reply", public_text=REPLY, solved="True", photos=[picture(), picture()]).status_code == 302
    assert order.attachments.filter(purpose="reply", public=True).count() == 2


def test_what_a_role_may_not_do_is_refused_and_changes_nothing(desk: Desk) -> None:
    order = desk.reply_review()
    answer = act(desk.client("light"), order, "approve_reply")
    assert answer.status_code == 403 and state_of(order) == State.REPLY_REVIEW
    assert act(desk.client("west_house"), order, "approve_reply").status_code == 404
    assert act(desk.client("light"), order, "no_such_thing").status_code == 404


def test_asking_to_return_and_the_answer(desk: Desk) -> None:
    order = desk.dispatched()
    act(desk.client("light"), order, "request_return", ground="place", reason="该路段由东片区管养")
    page = desk.client("dispatcher").get("/desk/inbox/?state=return_review").content.decode()
    assert "该路段由东片区管养" in page and "属地不符" in page
    act(desk.client("dispatcher"), order, "accept_return")
    order.refresh_from_db()
    assert (order.state, order.return_count) == (State.TRIAGE, 1)


def test_a_call_back_needs_an_outcome_unless_nobody_was_reached(desk: Desk) -> None:
    order, client = desk.callback(), desk.client("callback")
    missing = act(client, order, "callback", reached="yes", note="聊了一会儿")
    assert missing.status_code == 400 and "聊了一会儿" in missing.content.decode()
    act(client, order, "callback", reached="no")
    order.refresh_from_db()
    assert (order.state, order.unreached_count) == (State.CALLBACK, 1)
    act(client, order, "callback", reached="yes", solved="no", satisfaction="1", reasons=["late", "no_result"])
    assert state_of(order) == State.DISSATISFIED
    assert order.callbacks.last().reasons == ["late", "no_result"]


def test_merging_names_an_order_by_its_number(desk: Desk) -> None:
    one, other, client = desk.triage(), desk.triage(), desk.client("dispatcher")
    assert act(client, one, "merge", into="123", reason="同一件事").status_code == 400
    assert act(client, one, "merge", into=one.number, reason="同一件事").status_code == 400
    assert act(client, one, "merge", into=other.number, reason="同一件事").status_code == 302
    assert state_of(one) == State.MERGED


def test_going_back_stays_on_this_site(desk: Desk) -> None:
    order = desk.dispatched()
    answer = act(desk.client("light"), order, "sign", next="https://elsewhere.example/")
    assert answer["Location"] == f"/desk/orders/{order.number}/"


def test_every_form_opens_for_those_who_may_and_tells_the_consequence(desk: Desk) -> None:
    people = {name: desk.client(name) for name in ("dispatcher", "supervisor", "light", "callback", "seat")}
    opened = set()
    for make in (desk.triage, desk.dispatched, desk.processing, desk.reply_review, desk.callback):
        order = make()
        for name, client in people.items():
            for doing in possible(desk.city.staff[name], order):
                answer = client.get(f"/desk/orders/{order.number}/do/{doing.key}/")
                assert answer.status_code == 200, (doing.key, name)
                assert str(doing.consequence) in html.unescape(answer.content.decode()), doing.key
                opened.add(doing.key)
    assert {"dispatch", "sign", "submit_reply", "request_extension", "approve_reply", "callback", "supervise"} <= opened


def test_an_extension_needs_evidence_and_is_decided_in_the_inbox(desk: Desk, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    order, light = desk.processing(), desk.client("light")
    assert act(light, order, "request_extension", amount="1", reason="备件未到").status_code == 400
    asked = act(light, order, "request_extension", amount="1", reason="备件未到", photos=picture())
    assert asked.status_code == 302 and state_of(order) == State.EXTENSION_REVIEW
    assert order.attachments.get().purpose == "evidence" and not order.attachments.get().public
    inbox = desk.client("dispatcher").get(f"/desk/inbox/?order={order.number}").content.decode()
    assert "备件未到" in inbox and "+1" in inbox
    assert act(desk.client("dispatcher"), order, "grant_extension").status_code == 302
    assert state_of(order) == State.PROCESSING
