"""Text messages out: by Twilio where it is set up, else by the configured ways out of notices."""

from __future__ import annotations

from django.conf import settings
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from hotline.conversations.models import Channel, Turn
from ticketing.notices.adapters import get_adapter

TIMEOUT_SECONDS = 8.0


class TwilioAdapter:
    """SMS through Twilio's Messages resource; name it `twilio` in NOTICE_ADAPTERS."""

    def send(self, *, recipient: str, text: str, order_number: str) -> None:
        """Send one message. Raises RuntimeError when Twilio is not set up, TwilioException when it refuses."""
        if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and settings.TWILIO_FROM):
            raise RuntimeError(
                "Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM, or take twilio out of NOTICE_ADAPTERS."
            )
        client = Client(
            settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=TwilioHttpClient(timeout=TIMEOUT_SECONDS)
        )
        client.messages.create(to=recipient, from_=settings.TWILIO_FROM, body=text)


def send_turn(*, turn_id: int) -> None:
    """Send what a seat said in a thread of text messages. Nothing to do when the number is no longer kept."""
    turn = Turn.objects.select_related("conversation__citizen").filter(pk=turn_id).first()
    if turn is None or turn.conversation.channel != Channel.SMS:
        return
    citizen = turn.conversation.citizen
    if citizen is None or not citizen.phone:
        return
    for name in settings.NOTICE_ADAPTERS:
        get_adapter(name).send(recipient=citizen.phone, text=turn.text, order_number=turn.conversation.order_number)
