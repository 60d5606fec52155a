"""Twilio's signatures, and its webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import xml.etree.ElementTree as ET

import pytest

from hotline.conversations.models import Conversation
from hotline.voice.adapters.twilio import media, media_url
from hotline.voice.models import Incident
from tests.hotline.voice.sockets import FarEnd, incidents, token

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("voice_out", "scripted_bot", "line", "threads_let_go", "recordings_dir"),
]

AUTH_TOKEN = "an-auth-token-of-the-tests"


def sign(url: str, fields: dict[str, str] | None = None) -> str:
    text = url + "".join(key + value for key, value in sorted((fields or {}).items()))
    return base64.b64encode(hmac.new(AUTH_TOKEN.encode(), text.encode(), hashlib.sha1).digest()).decode()


@pytest.fixture
def guarded(settings):
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.PUBLIC_BASE_URL = "https://hotline.example"


@pytest.mark.parametrize("path", ["/voice/media/", "/voice/media"])
@pytest.mark.parametrize("signed", ["wss://hotline.example/voice/media/", "wss://hotline.example/voice/media"])
async def test_a_signed_socket_is_accepted_with_and_without_the_last_slash(guarded, listener, path, signed):
    listener()
    far = FarEnd(media, path, [(b"host", b"internal:8000"), (b"X-Twilio-Signature", sign(signed).encode())])
    far.start(token())
    await far.until(lambda: "mark" in far.kinds())
    far.drop()
    await far.end()
    assert far.accepted


@pytest.mark.parametrize(
    "signature", ["", "forged", sign("https://hotline.example/voice/media/"), sign("wss://other.example/voice/media/")]
)
async def test_an_unsigned_socket_is_refused_before_it_is_accepted(guarded, listener, signature):
    far = FarEnd(media, "/voice/media/", [(b"host", b"hotline.example"), (b"x-twilio-signature", signature.encode())])
    await far.end()
    assert not far.accepted and far.closed == 4403
    assert await incidents() == ["bad_signature"]


FIELDS = {"CallSid": "CA9", "From": "+8619900000011", "To": "+8612345", "CallerName": ""}


def test_the_webhook_answers_with_a_stream_and_a_token(client):
    answer = client.post("/voice/twilio/incoming/", FIELDS)
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/xml")
    stream = ET.fromstring(answer.content).find("./Connect/Stream")
    assert stream.get("url") == "ws://testserver/voice/media/" and "?" not in stream.get("url")
    parameters = {item.get("name"): item.get("value") for item in stream.findall("Parameter")}
    assert set(parameters) == {"token"} and len("token" + parameters["token"]) < 500
    assert client.post("/voice/twilio/incoming", FIELDS).status_code == 200
    assert client.get("/voice/twilio/incoming/").status_code == 405


def test_a_signed_webhook_is_answered_with_the_public_secure_address(guarded, client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    for path in ("/voice/twilio/incoming/", "/voice/twilio/incoming"):
        signature = sign(f"https://hotline.example{path}", FIELDS)
        answer = client.post(path, FIELDS, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == 200
        assert ET.fromstring(answer.content).find("./Connect/Stream").get("url") == "wss://hotline.example/voice/media/"


@pytest.mark.parametrize("path", ["/voice/twilio/incoming/", "/voice/twilio/status/"])
def test_a_forged_webhook_is_refused_and_kept(guarded, client, path):
    for headers in ({}, {"X-Twilio-Signature": "forged"}, {"X-Twilio-Signature": sign("https://hotline.example" + path)}):
        answer = client.post(path, FIELDS, headers=headers)
        assert answer.status_code == 403
    assert Incident.objects.filter(kind="bad_signature", external_id="CA9").count() == 3


def test_a_withheld_number_is_no_number(client):
    from hotline.voice.tokens import redeem

    for hidden in ("anonymous", "+266696687", "Restricted", ""):
        answer = client.post("/voice/twilio/incoming/", {**FIELDS, "From": hidden})
        value = ET.fromstring(answer.content).find("./Connect/Stream/Parameter").get("value")
        assert redeem(value, channel="voice").caller == ""


def test_the_status_webhook_ends_what_no_socket_ended(client):
    from hotline.conversations import actions

    actions.start_conversation(channel="voice", external_id="CA9")
    assert client.post("/voice/twilio/status/", {"CallSid": "CA9", "CallStatus": "ringing"}).status_code == 204
    assert Conversation.objects.get().status == "open"
    assert client.post("/voice/twilio/status/", {"CallSid": "CA9", "CallStatus": "completed"}).status_code == 204
    assert Conversation.objects.get().status in ("ended", "broken_off")
    assert client.post("/voice/twilio/status/", {"CallSid": "CA-unknown", "CallStatus": "completed"}).status_code == 204


def test_media_addresses():
    assert media_url("http://127.0.0.1:8000") == "ws://127.0.0.1:8000/voice/media/"
    assert media_url("https://city.example/base") == "wss://city.example/base/voice/media/"
