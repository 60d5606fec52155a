"""From the first word to a dispatched order: JSON chat, socket chat, form, API. Nothing but HTTP and sockets is used."""

from __future__ import annotations

import io
import json
import re
import secrets

import pytest
from PIL import Image

from tests.doors import Chat, Doors, answer_to, eventually, post_form, somebody

pytestmark = [pytest.mark.public, pytest.mark.timeout(180)]
MATTER = "建设路的路灯坏了三天没人修"
LAMPS = "990100-LDGS"


def dispatched(doors: Doors, number: str) -> dict:
    """The order once the job runner has dispatched it."""
    staff = doors.sign_in("dispatch1")
    return eventually(lambda: (order := staff.order(number))["state"] == "dispatched" and order, what=f"{number} dispatched")


def track(doors: Doors, number: str, code: str) -> str:
    """The tracking page of a matter."""
    page = post_form(doors.client(), "/track/", number=number, code=code)
    assert page.status_code == 200, page.status_code
    return page.text


def test_chat_by_json_to_a_dispatched_order(doors: Doors) -> None:
    phone = somebody()
    number, code = doors.chat().report(MATTER, phone=phone)
    order = dispatched(doors, number)
    assert order["unit"] == LAMPS, f"dispatched by the duty list, not to {order['unit_name']}"
    assert order["due_at"] and order["clocks"], "the clock runs from the dispatch on"
    assert order["candidates"][0]["reasons"], "the decision says why"
    page = track(doors, number, code)
    assert order["unit_name"] in page
    assert phone not in page and MATTER not in page, "the tracking page shows no personal data"


def test_chat_by_socket_and_replay_after_a_break(doors: Doors) -> None:
    chat = doors.chat()
    path = chat.begun["socket"]
    with doors.socket(path) as socket:
        socket.send(json.dumps({"type": "hello", "last_seq": 0}))
        turns = [read_turn(socket)]
        socket.send(json.dumps({"type": "say", "text": MATTER, "client_ref": "one"}))
        while turns[-1]["speaker"] != "bot" or turns[-1]["seq"] < 3:
            turns.append(read_turn(socket))
    # Dropped without a goodbye; the citizen's next words come while nobody listens.
    chat.say(answer_to(turns[-1], "19900000007"))
    with doors.socket(path) as socket:
        socket.send(json.dumps({"type": "hello", "last_seq": turns[-1]["seq"]}))
        replayed = read_turn(socket)
        assert replayed["seq"] == turns[-1]["seq"] + 1
        socket.send(json.dumps({"type": "say", "text": MATTER, "client_ref": "one"}))
        socket.send(json.dumps({"type": "ping"}))
        while json.loads(socket.recv(timeout=30))["type"] != "pong":
            pass
    seen = chat.picture()["turns"]
    assert [turn["seq"] for turn in seen] == list(range(1, len(seen) + 1))
    assert sum(turn["text"] == MATTER for turn in seen) == 1, "the same reference twice is one turn"


def read_turn(socket: object) -> dict:
    """The next turn that the socket brings."""
    while True:
        message = json.loads(socket.recv(timeout=30))  # type: ignore[attr-defined]
        if message["type"] == "turn":
            return message["turn"]


def test_a_socket_of_an_unknown_conversation_is_closed_with_words(doors: Doors) -> None:
    with doors.socket(f"/ws/chat/{secrets.token_hex(16)}/") as socket:
        assert json.loads(socket.recv(timeout=20))["type"] == "error"


@pytest.mark.parametrize("frame", ["{", "[]", '"x"', '{"type": 5}', '{"type": "say", "text": 7}', "x" * 100_000])
def test_a_malformed_frame_is_answered_and_the_socket_stays(doors: Doors, frame: str) -> None:
    chat = doors.chat()
    with doors.socket(chat.begun["socket"], max_size=None) as socket:
        socket.send(frame)
        assert json.loads(socket.recv(timeout=20))["type"] == "error"
        socket.send(json.dumps({"type": "hello", "last_seq": 0}))
        assert read_turn(socket)["seq"] == 1


def test_report_form_with_a_photo(doors: Doors) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "grey").save(picture, "JPEG")
    client = doors.client()
    first = client.get("/report/")
    kinds = re.findall(r'name="order_type" value="([^"]+)"', first.text)
    page = post_form(
        client,
        "/report/",
        order_type="complaint" if "complaint" in kinds else kinds[0],
        content="建设路的路灯坏了三天,晚上很黑",
        place_text="建设路",
        secrecy="open",
        phone="19900000008",
        name="周映月",
        agreed="on",
        files={"photos": ("lamp.jpg", picture.getvalue(), "image/jpeg")},
    )
    assert "/item/" in str(page.url), page.text[:2000]
    items = re.findall(r'name="duty_item" value="([^"]*)"', page.text)
    page = post_form(client, str(page.url.path), duty_item=items[-1] if items else "")
    assert "/check/" in str(page.url), page.text[:2000]
    page = post_form(client, str(page.url.path).replace("/check/", "/check/"))
    assert "/receipt/" in str(page.url), page.text[:2000]
    number = re.search(r'data-number="(\d{12})"', page.text)
    code = re.search(r'id="query-code">\s*([\d\s]{6,8})<', page.text)
    assert number and code
    assert "周映月" not in track(doors, number[1], code[1])


@pytest.mark.parametrize(("content", "name"), [(b"MZ" + b"\0" * 200, "lamp.jpg"), (b"<svg onload=alert(1)>", "a.png")])
def test_a_file_that_is_no_picture_is_refused_and_the_text_is_kept(doors: Doors, content: bytes, name: str) -> None:
    page = post_form(
        doors.client(),
        "/report/",
        content="建设路的路灯坏了三天",
        secrecy="open",
        phone="19900000008",
        agreed="on",
        files={"photos": (name, content, "image/jpeg")},
    )
    assert page.status_code == 422 and name in page.text
    assert "建设路的路灯坏了三天" in page.text


def test_a_forged_number_or_code_opens_nothing(doors: Doors) -> None:
    number, code = doors.chat().report(MATTER)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    slip = number[:-1] + str((int(number[-1]) + 1) % 10)
    for given, secret in ((number, wrong), (slip, code), ("0" * 12, "0" * 6)):
        page = post_form(doors.client(), "/track/", number=given, code=secret)
        assert page.status_code >= 400 or "建设路" not in page.text
        assert LAMPS not in page.text and "照明" not in page.text


def test_text_of_100_kb_is_refused_with_words(doors: Doors) -> None:
    chat: Chat = doors.chat()
    answer = chat.client.post(f"/chat/api/{chat.token}/say", json={"text": "长" * 34_000})
    assert answer.status_code == 413 and answer.json()["error"]["message"]
    assert chat.picture()["status"]["last_seq"] == 1


def test_a_person_is_one_word_away(doors: Doors) -> None:
    chat = doors.chat()
    chat.say("我要找人工")
    assert chat.picture()["status"]["owner"] in ("queue", "seat")
