"""The seat's socket: the transcript lives, words go out once, bad frames are survived, strangers are refused."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from hotline.conversations import actions as conversations
from hotline.conversations import pool
from hotline.seats import actions
from hotline.seats.models import Presence
from hotline.seats.routing import websocket_urlpatterns
from ticketing.organisation.roles import Role
from ticketing.outbox import live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def closed_threads():
    yield
    pool.close()
    live.close_readers()


@asynccontextmanager
async def socket(user):
    live.bind(asyncio.get_running_loop())
    found = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/seat/")
    found.scope["user"] = user
    assert (await found.connect())[0]
    try:
        yield found
    finally:
        await found.disconnect()
        live.bind(None)


async def until(found, wanted):
    while True:
        message = await found.receive_json_from(timeout=5)
        if wanted(message):
            return message


@pytest.fixture
def talk(scripted_bot, seat):
    talk = conversations.start_conversation(channel="chat")
    conversations.hand_over(conversation=talk, reason="asked", by="citizen")
    actions.take(conversation=talk, staff=seat)
    return talk


async def test_watch_say_and_hear(talk, seat):
    async with socket(seat) as ws:
        await ws.send_json_to({"type": "watch", "conversation": str(talk.pk), "last_seq": 0})
        assert (await until(ws, lambda m: m["type"] == "turn"))["turn"]["seq"] == 1
        assert (await until(ws, lambda m: m["type"] == "status"))["mine"]
        for _ in range(2):
            await ws.send_json_to({"type": "say", "text": "您好", "client_ref": "s1"})
        await until(ws, lambda m: m["type"] == "turn" and m["turn"]["text"] == "您好")
        await sync_to_async(conversations.citizen_says)(conversation=talk, text="路灯坏了")
        await until(ws, lambda m: m["type"] == "turn" and m["turn"]["text"] == "路灯坏了")
    assert await sync_to_async(talk.turns.filter(speaker="seat").count)() == 1
    seen = await sync_to_async(Presence.objects.get)(staff=seat)
    assert seen.seen_at


@pytest.mark.parametrize(
    "frame", ["{", "[]", '{"type": "dance"}', '{"type": "say"}', '{"type":"watch","conversation":"x"}', "长" * 50_000]
)
async def test_bad_frames_are_survived(talk, seat, frame):
    async with socket(seat) as ws:
        await ws.send_to(text_data=frame)
        assert (await until(ws, lambda m: m["type"] == "error"))["message"]
        await ws.send_json_to({"type": "ping"})
        await until(ws, lambda m: m["type"] == "pong")


async def test_words_of_who_does_not_hold_it_are_refused(talk, other_seat):
    async with socket(other_seat) as ws:
        await ws.send_json_to({"type": "watch", "conversation": str(talk.pk), "last_seq": 0})
        await ws.send_json_to({"type": "say", "text": "我来", "client_ref": "s9"})
        error = await until(ws, lambda m: m["type"] == "error")
        assert (error["code"], error["client_ref"]) == ("not_owner", "s9")
    assert await sync_to_async(talk.events.filter(kind="dropped").count)() == 1


async def test_strangers_are_refused(talk, make_staff):
    clerk = await sync_to_async(make_staff)("clerk-7", Role.UNIT_CLERK)
    for user in (AnonymousUser(), clerk):
        async with socket(user) as ws:
            assert (await ws.receive_output())["code"] == 4403
