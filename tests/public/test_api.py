"""The API by role: who sees what, and how each refusal reads."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.doors import Doors, eventually

pytestmark = [pytest.mark.public, pytest.mark.timeout(180)]
LAMP_OUT = "建设路的路灯坏了三天没人修"
ITEM = "020301"  # the duty item of a street lamp that is out
VAGUE = "小区门口那条路总是脏兮兮的,味道也大,希望有人管管"


def ready(doors: Doors, content: str = LAMP_OUT, item: str = ITEM) -> tuple[str, dict]:
    """A new order once dispatch has looked at it."""
    created = doors.sign_in("seat1").take_in(content, place_text="建设路", duty_item=item)
    staff = doors.sign_in("dispatch1")
    order = eventually(
        lambda: (o := staff.order(created["number"])) and (o["state"] == "dispatched" or o["candidates"]) and o,
        what="a decision of dispatch",
    )
    return created["number"], order


def test_nobody_reads_without_signing_in(doors: Doors) -> None:
    assert doors.client().get("/api/orders/").status_code in (401, 403)
    assert doors.client().get("/desk/inbox/").status_code == 302


def test_each_role_sees_its_own(doors: Doors) -> None:
    number, order = ready(doors)
    assert order["unit"] == "990100-LDGS"
    assert doors.sign_in("ldgs-clerk").order(number)["contact"]["phone"] == "199****0007"
    stranger = doors.sign_in("swgs-clerk").client.get(f"/api/orders/{number}/")
    assert stranger.status_code == 404 and "路灯" not in stranger.text, "what may not be seen does not exist"


def test_refusals_say_what_would_be_allowed(doors: Doors) -> None:
    number, _ = ready(doors)
    clerk, dispatcher = doors.sign_in("ldgs-clerk"), doors.sign_in("dispatch1")

    early = clerk.post(f"/api/orders/{number}/submit_reply/", public_text="已修好", solved="True")
    assert early.status_code == 409 and "sign" in early.json()["allowed"], early.text

    foreign = dispatcher.post(f"/api/orders/{number}/sign/")
    assert foreign.status_code == 403 and foreign.json()["detail"]

    unknown = dispatcher.post(f"/api/orders/{number}/explode/")
    assert unknown.status_code == 404

    clerk.act(number, "sign")
    empty = clerk.post(f"/api/orders/{number}/submit_reply/", public_text="")
    assert empty.status_code == 400 and "public_text" in empty.json()["fields"]

    missing = clerk.client.get("/api/orders/000000000000/")
    assert missing.status_code == 404


def test_a_stale_version_is_refused(doors: Doors) -> None:
    number, order = ready(doors)
    clerk = doors.sign_in("ldgs-clerk")
    clerk.act(number, "sign", version=order["version"])
    stale = clerk.post(f"/api/orders/{number}/add_facts/", text="补充", version=order["version"])
    assert stale.status_code in (403, 409), stale.text


def test_two_people_dispatching_one_order_make_one_dispatch(doors: Doors) -> None:
    number, order = ready(doors, VAGUE, "")
    if order["state"] == "dispatched":
        pytest.fail("an unclear matter was dispatched without a person")
    people = [doors.sign_in("dispatch1"), doors.sign_in("dispatch2")]
    body = {"unit": order["candidates"][0]["unit"], "reason": "两人同时派单", "version": order["version"]}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda person: person.post(f"/api/orders/{number}/dispatch/", **body), people))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    events = [event["title"] for event in people[0].order(number)["events"]]
    assert events.count("派单") <= 1


def test_a_double_click_makes_one_order(doors: Doors) -> None:
    seat = doors.sign_in("seat1")
    body = {"order_type": "complaint", "content": LAMP_OUT, "phone": "19900000007", "idempotency_key": "click-" + LAMP_OUT[:3]}
    first, second = seat.post("/api/orders/", **body), seat.post("/api/orders/", **body)
    assert first.json()["number"] == second.json()["number"]


def test_wrong_fields_are_named(doors: Doors) -> None:
    answer = doors.sign_in("seat1").post("/api/orders/", order_type="nonsense", content="")
    assert answer.status_code == 400 and "content" in answer.text


def test_the_schema_describes_the_api(doors: Doors) -> None:
    answer = doors.sign_in("admin1").client.get("/api/schema/", params={"format": "json"})
    assert answer.status_code == 200 and "/api/orders/{number}/" in answer.text


def test_the_whole_way_through_the_api(doors: Doors) -> None:
    number, _ = ready(doors)
    clerk = doors.sign_in("ldgs-clerk")
    clerk.act(number, "sign")
    clerk.act(number, "submit_reply", public_text="您好,路灯已于今日修复,感谢监督。", solved="True")
    doors.sign_in("ldgs-review").act(number, "endorse_reply")
    doors.sign_in("dispatch1").act(number, "approve_reply")
    closed = doors.sign_in("callback1").act(number, "callback", reached="yes", solved="yes", satisfaction="5")
    assert closed["state"] == "closed"
    assert all(event["title"] and event["who"] for event in closed["events"])


def test_the_inbox_is_told_live(doors: Doors) -> None:
    dispatcher = doors.sign_in("dispatch1")
    with doors.socket("/ws/feeds/", client=dispatcher.client) as socket:
        socket.send(json.dumps({"type": "subscribe", "streams": ["inbox"]}))
        while json.loads(socket.recv(timeout=20))["type"] != "subscribed":
            pass
        number = doors.sign_in("seat1").take_in(VAGUE)["number"]
        while True:
            message = json.loads(socket.recv(timeout=40))
            if message["type"] == "event" and number in json.dumps(message["payload"]):
                break
    assert message["stream"] == "inbox" and message["seq"] > 0


def test_a_feed_needs_a_signed_in_person(doors: Doors) -> None:
    with doors.socket("/ws/feeds/") as socket, pytest.raises(Exception, match="4401"):
        socket.recv(timeout=20)
