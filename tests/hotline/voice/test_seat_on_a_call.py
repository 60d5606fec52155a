"""A call and the seat's page beside it: what the caller says arrives while it is being said."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from hotline.conversations.models import Conversation
from hotline.seats import actions as seats
from hotline.seats.routing import websocket_urlpatterns
from hotline.voice.adapters.twilio import media
from hotline.voice.tokens import CallGrant, grant
from tests.hotline.voice.sockets import SOUND, FarEnd
from ticketing.outbox import live

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("voice_out", "scripted_bot", "line", "threads_let_go", "recordings_dir"),
]


@asynccontextmanager
async def desk(staff, talk):
    """The seat's socket, watching a conversation from its first turn."""
    page = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/seat/")
    page.scope["user"] = staff
    assert (await page.connect())[0]
    await page.send_json_to({"type": "watch", "conversation": str(talk.pk), "last_seq": 0})
    try:
        yield page
    finally:
        await page.disconnect()


async def until(page, wanted):
    """All messages up to the first that is wanted."""
    came = []
    while not came or not wanted(came[-1]):
        came.append(await page.receive_json_from(timeout=8))
    return came


@asynccontextmanager
async def person_first_call():
    """A caller on a line that people answer first; nothing of ours is left to play."""
    live.bind(asyncio.get_running_loop())
    far = FarEnd(media, "/voice/media/")
    far.start(grant(CallGrant(channel="voice", line="12315", caller="+8619900000011", external_id="CA1")))
    await far.until(lambda: "mark" in far.kinds())
    play_out(far)
    try:
        yield far
    finally:
        far.drop()
        await far.end()
        live.bind(None)


def play_out(far):
    for event in far.events:
        if event["event"] == "mark":
            far.give({"event": "mark", "streamSid": "MZ1", "mark": {"name": event["mark"]["name"]}})


async def test_the_seat_reads_along_and_the_turn_takes_the_lines_place(listener, seat):
    listener("路灯 坏 了 很 久", "请 快 修")
    async with person_first_call() as far:
        talk = await Conversation.objects.aget()
        await sync_to_async(seats.take)(conversation=talk, staff=seat)
        await far.until(lambda: far.kinds().count("mark") >= 3)
        play_out(far)
        async with desk(seat, talk) as page:
            await until(page, lambda m: m["type"] == "status" and m["mine"])
            for _ in range(50):
                far.media(SOUND)
                await asyncio.sleep(0)
            first = (await until(page, lambda m: m["type"] == "partial"))[-1]
            assert first["text"] and "路灯坏了很久".startswith(first["text"])
            far.say(ms=100)
            came = await until(page, lambda m: m["type"] == "turn" and m["turn"]["speaker"] == "citizen")
            assert came[-1]["turn"]["text"] == "路灯坏了很久"
