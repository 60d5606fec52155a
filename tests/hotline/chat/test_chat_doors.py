"""The chat for programs and for a browser without scripts."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from hotline.conversations.models import Conversation

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun(client, scripted_bot):
    return client.post("/chat/api/start", data="{}", content_type="application/json").json()


def say(client, token, text, **more):
    return client.post(f"/chat/api/{token}/say", data=json.dumps({"text": text, **more}), content_type="application/json")


def test_start_greets_and_gives_a_key(begun):
    assert len(begun["token"]) == 32 and begun["socket"] == f"/ws/chat/{begun['token']}/"
    assert [turn["text"] for turn in begun["turns"]] == ["您好,请讲。"]
    assert begun["status"] == {"owner": "bot", "status": "open", "order_number": "", "ahead": None, "held": False, "last_seq": 1}


def test_say_and_read_after(client, begun):
    turns = say(client, begun["token"], "你好").json()["turns"]
    assert [(t["seq"], t["speaker"], t["text"]) for t in turns] == [(2, "citizen", "你好"), (3, "bot", "听到:你好")]
    after = client.get(f"/chat/api/{begun['token']}/turns?after=2").json()
    assert [t["seq"] for t in after["turns"]] == [3]


def test_double_click_stores_once(client, begun):
    first = say(client, begun["token"], "你好", client_ref="r").json()
    assert say(client, begun["token"], "你好", client_ref="r").json() == first


def test_answer_shows_its_source(client, begun):
    data = say(client, begun["token"], "办证").json()["turns"][1]["data"]
    assert data["article_code"] == "K001" and data["version"] == 2 and data["sources"][0]["title"] == "某法"


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("{", "application/json", 400, "bad_frame"),
        ("[]", "application/json", 400, "bad_frame"),
        ('{"text": 7}', "application/json", 400, "bad_frame"),
        ('{"text": ""}', "application/json", 400, "empty_text"),
        ("[" * 100_000, "application/json", 400, "bad_frame"),
        (json.dumps({"text": "长" * 100_000}), "application/json", 413, "text_too_long"),
    ],
)
def test_bad_input_is_refused_with_words(client, begun, body, kind, status, code):
    answer = client.post(f"/chat/api/{begun['token']}/say", data=body, content_type=kind)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code and answer.json()["error"]["message"]
    assert client.get(f"/chat/api/{begun['token']}/turns").json()["status"]["last_seq"] == 1


def test_unknown_key(client, db):
    assert say(client, "f" * 32, "你好").status_code == 404


def test_too_fast_says_when_to_try_again(client, begun, settings):
    settings.CHAT_MESSAGES_PER_MINUTE = 2
    assert [say(client, begun["token"], "一").status_code for _ in range(3)] == [200, 200, 429]
    answer = say(client, begun["token"], "二")
    assert int(answer.headers["Retry-After"]) > 0 and "12345" in answer.json()["error"]["message"]


def test_too_many_starts_from_one_address(client, scripted_bot, settings):
    settings.CHAT_STARTS_PER_HOUR = 1
    assert client.post("/chat/api/start").status_code == 201
    assert client.post("/chat/api/start").status_code == 429
    assert Conversation.objects.count() == 1


def test_end_and_after(client, begun):
    assert client.post(f"/chat/api/{begun['token']}/end").json()["status"]["status"] == "ended"
    assert say(client, begun["token"], "还在").status_code == 409


def test_errors_in_the_language_of_the_conversation(client, scripted_bot):
    token = client.post("/chat/api/start", data='{"language": "en"}', content_type="application/json").json()["token"]
    assert say(client, token, "").json()["error"]["message"].startswith("The message is empty")


# --- Without a script -------------------------------------------------------------------------------------------------


def test_page_without_script(client, scripted_bot):
    assert client.get("/chat/").status_code == 200
    page = client.post("/chat/start/", {"text": "选"}, follow=True)
    assert "是吗?" in page.content.decode() and 'name="key" value="1"' in page.content.decode()
    page = client.post("/chat/say/", {"key": "1", "client_ref": "a"}, follow=True)
    assert "听到:1" in page.content.decode()
    page = client.post("/chat/end/", follow=True)
    assert Conversation.objects.get().status == "ended"


def test_page_keeps_what_was_too_long(client, scripted_bot):
    client.post("/chat/start/", {})
    answer = client.post("/chat/say/", {"text": "长" * 6000})
    assert answer.status_code == 413 and "长" * 6000 in answer.content.decode()


def test_page_escapes_what_was_said(client, scripted_bot):
    page = client.post("/chat/start/", {"text": "<script>alert(1)</script>"}, follow=True)
    assert b"<script>alert(1)" not in page.content


def test_another_browser_sees_nothing(client, scripted_bot, django_user_model):
    client.post("/chat/start/", {"text": "我的秘密"})
    from django.test import Client

    assert "我的秘密" not in Client().get(reverse("chat:room")).content.decode()


# --- Text messages ----------------------------------------------------------------------------------------------------


def sms(client, text, sid="SM1", sender="+8619900000001", **headers):
    return client.post("/chat/sms/", {"From": sender, "To": "12345", "Body": text, "MessageSid": sid}, headers=headers)


def test_message_is_answered_in_twiml_and_goes_on_in_one_conversation(client, scripted_bot):
    first = sms(client, "你好", "SM1")
    assert first.headers["Content-Type"].startswith("text/xml") and "<Message>听到:你好</Message>" in first.content.decode()
    sms(client, "选", "SM2")
    assert "听到:1" in sms(client, "1", "SM3").content.decode()
    talk = Conversation.objects.get()
    assert talk.channel == "sms" and talk.citizen_id and "199" not in talk.external_id
    assert talk.turns.filter(kind="key").count() == 1


def test_message_sent_twice_is_stored_once(client, scripted_bot):
    assert sms(client, "你好", "SM1").content == sms(client, "你好", "SM1").content
    assert Conversation.objects.get().turns.filter(speaker="citizen").count() == 1


def test_choices_and_sources_as_text(client, scripted_bot):
    assert "1. 是\n2. 不是" in sms(client, "选").content.decode()
    assert "某法 第一条" in sms(client, "办证", "SM2").content.decode()


def test_signature(client, scripted_bot, settings):
    from twilio.request_validator import RequestValidator

    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_BASE_URL = "token", "https://hotline.example"
    assert sms(client, "你好").status_code == 403
    fields = {"From": "+8619900000001", "To": "12345", "Body": "你好", "MessageSid": "SM1"}
    good = RequestValidator("token").compute_signature("https://hotline.example/chat/sms/", fields)
    assert sms(client, "你好", **{"X-Twilio-Signature": good}).status_code == 200
    assert sms(client, "别的", **{"X-Twilio-Signature": good}).status_code == 403


def test_message_without_sender(client, db):
    assert client.post("/chat/sms/", {"Body": "你好"}).status_code == 400


def test_seat_answers_by_message(client, scripted_bot, seat, monkeypatch, settings):
    from hotline.conversations import actions
    from ticketing.notices import adapters
    from ticketing.outbox.models import Job
    from ticketing.outbox.registry import registration

    sent = []
    way_out = type("WayOut", (), {"send": lambda self, **message: sent.append(message)})
    monkeypatch.setitem(adapters._factories, "test", way_out)
    settings.NOTICE_ADAPTERS = ["test"]
    sms(client, "人工")
    talk = Conversation.objects.get()
    actions.take(conversation=talk, seat=seat)
    actions.seat_says(conversation=talk, seat=seat, text="我来帮您")
    job = Job.objects.get(kind="conversation.message_out")
    registration(job.kind).run([job.payload])
    assert sent == [{"recipient": "19900000001", "text": "我来帮您", "order_number": ""}]


def test_twilio_that_is_not_set_up_says_what_to_set(settings):
    from hotline.chat.outgoing import TwilioAdapter

    settings.TWILIO_AUTH_TOKEN = ""
    with pytest.raises(RuntimeError, match="TWILIO_AUTH_TOKEN"):
        TwilioAdapter().send(recipient="1", text="x", order_number="")
