"""Calls from the page with the microphone: its socket, and the page itself."""

from __future__ import annotations

import json

import pytest
from django.core import signing
from django.urls import reverse

from hotline.voice.adapters.browser import browser
from hotline.voice.models import Recording
from tests.hotline.voice.sockets import FarEnd, incidents, said, token

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("voice_out", "scripted_bot", "line", "threads_let_go", "recordings_dir"),
]


async def test_a_call_from_the_page(listener):
    listener("我 要 投诉")
    far = FarEnd(browser, "/voice/browser/")
    far.give({"event": "start", "token": token("browser"), "rate": 48000, "encoding": "pcm16"})
    await far.until(lambda: "audio" in far.kinds())
    assert far.kinds()[0] == "ready" and "turn" in far.kinds() and "state" in far.kinds()
    position = next(i for i, message in enumerate(far.sent) if "text" in message and '"audio"' in message["text"])
    assert len(far.sent[position + 1]["bytes"]) > 1000
    far.give({"event": "played", "mark": json.loads(far.sent[position]["text"])["mark"]})
    loud = b"".join(b"\x28\x23" * 120 + b"\xd8\xdc" * 120 for _ in range(4))  # 20 ms of 200 Hz at 48 kHz
    for _ in range(50):
        far.give_bytes(loud)
    await far.until(lambda: "partial" in far.kinds())
    for _ in range(80):
        far.give_bytes(bytes(1920))
    await far.until(lambda: far.kinds().count("audio") == 2)
    far.give({"event": "key", "digit": "1"})
    far.give({"event": "text", "text": "路灯坏了"})
    await far.until(lambda: any(event.get("turn", {}).get("text") == "听到:路灯坏了" for event in far.events))
    far.give({"event": "stop"})
    await far.end()
    turns = await said()
    assert ("citizen", "我要投诉") in turns and ("citizen", "1") in turns and ("citizen", "路灯坏了") in turns


async def test_a_page_without_a_microphone_types(listener):
    listener()
    far = FarEnd(browser, "/voice/browser/")
    far.give({"event": "start", "token": token("browser"), "rate": 8000, "sound": False})
    await far.until(lambda: "audio" in far.kinds())
    far.give({"event": "text", "text": "路灯坏了"})
    await far.until(lambda: far.kinds().count("audio") >= 2)
    far.drop()
    await far.end()
    assert not await Recording.objects.aexists()


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"event": "start", "token": "T", "rate": 12345}, "bad_format"),
        ({"event": "start", "token": "T", "rate": 48000, "encoding": "opus"}, "bad_format"),
        ({"event": "start", "token": "forged", "rate": 48000}, "bad_token"),
        ({"event": "start", "token": token("voice"), "rate": 48000}, "bad_token"),
    ],
)
async def test_a_page_is_told_why_it_is_refused(listener, first, code):
    listener()
    far = FarEnd(browser, "/voice/browser/")
    far.give(first)
    await far.end()
    error = far.events[-1]
    assert error["event"] == "error" and error["code"] == code and error["message"]
    assert far.closed in (1003, 1008) and await incidents() == [code]


async def test_pages_that_send_nonsense_are_tolerated(listener):
    listener()
    far = FarEnd(browser, "/voice/browser/")
    far.give({"event": "start", "token": token("browser"), "rate": 8000})
    await far.until(lambda: "audio" in far.kinds())
    for bad in ("{", "[1]", "x" * 100_000):
        far.give(bad)
    far.give_bytes(b"\x00")
    far.give_bytes(b"")
    far.give({"event": "text", "text": 5})
    far.give({"event": "text", "text": "长" * 20_000})
    far.give({"event": "key", "digit": "Z"})
    far.give({"event": "text", "text": "路灯坏了"})
    await far.until(lambda: any(event.get("turn", {}).get("text") == "听到:路灯坏了" for event in far.events))
    far.drop()
    await far.end()
    assert await incidents() == ["bad_frames"]


def test_the_page_says_what_it_can_do_and_gives_a_token(client):
    page = client.get(reverse("voice:call"))
    assert page.status_code == 200
    html = page.content.decode()
    assert "345" in html and 'data-key="#"' in html and "voice/call.js" in html
    assert "style=" not in html.split("<main")[1].split("</main>")[0]
    answer = client.post(reverse("voice:token"))
    assert answer.status_code == 200 and signing.loads(answer.json()["token"], salt="hotline.voice.call")["channel"] == "browser"
    assert client.get(reverse("voice:token")).status_code == 405
