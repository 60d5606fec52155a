"""The chat's socket: replay by number, one at a time, and bad frames that it survives."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from hotline.chat.routing import websocket_urlpatterns
from hotline.conversations import actions, pool
from hotline.conversations.models import Conversation
from ticketing.outbox import live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def server_loop():
    yield
    pool.close()
    live.close_readers()


@pytest.fixture
def talk(scripted_bot):
    return actions.start_conversation(channel="chat")


@asynccontextmanager
async def socket(token, last_seq=0):
    live.bind(asyncio.get_running_loop())
    found = WebsocketCommunicator(URLRouter(websocket_urlpatterns), f"/ws/chat/{token}/")
    connected, _ = await found.connect()
    assert connected
    if last_seq is not None:
        await found.send_json_to({"type": "hello", "last_seq": last_seq})
    try:
        yield found
    finally:
        await found.disconnect()
        live.bind(None)


async def until(found, wanted):
    """Messages until one for which `wanted` is true, that one included."""
    seen = []
    while True:
        seen.append(await found.receive_json_from(timeout=5))
        if wanted(seen[-1]):
            return seen


def said(seen):
    return [message["turn"]["text"] for message in seen if message["type"] == "turn"]


async def test_hello_replays_and_then_lives(talk):
    async with socket(talk.token) as ws:
        seen = await until(ws, lambda m: m["type"] == "status")
        assert said(seen) == ["您好,请讲。"] and seen[-1]["owner"] == "bot"
        await ws.send_json_to({"type": "say", "text": "你好", "client_ref": "r1"})
        seen = await until(ws, lambda m: m["type"] == "turn" and m["turn"]["seq"] == 3)
        assert said(seen) == ["你好", "听到:你好"] and seen[0]["turn"]["client_ref"] == "r1"


async def test_after_a_break_only_what_was_missed(talk):
    async with socket(talk.token) as ws:
        await ws.send_json_to({"type": "say", "text": "一", "client_ref": "r1"})
        await until(ws, lambda m: m["type"] == "turn" and m["turn"]["seq"] == 3)
    await sync_to_async(actions.citizen_says)(conversation=talk, text="二")
    async with socket(talk.token, last_seq=3) as ws:
        assert said(await until(ws, lambda m: m["type"] == "status")) == ["二", "听到:二"]


async def test_sent_again_after_a_break_is_stored_once(talk):
    for _ in range(2):
        async with socket(talk.token) as ws:
            await ws.send_json_to({"type": "say", "text": "一", "client_ref": "r1"})
            await until(ws, lambda m: m["type"] == "turn" and m["turn"]["seq"] == 3)
    assert await sync_to_async(talk.turns.count)() == 3


async def test_turns_by_another_door_arrive_live(talk):
    async with socket(talk.token, last_seq=1) as ws:
        await until(ws, lambda m: m["type"] == "status")
        await sync_to_async(actions.citizen_says)(conversation=talk, text="从电话里说的")
        assert "从电话里说的" in said(await until(ws, lambda m: m["type"] == "turn" and m["turn"]["seq"] == 3))


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        "[]",
        "null",
        '{"type": 5}',
        '{"type": "dance"}',
        '{"type": "say"}',
        '{"type": "say", "text": ["x"]}',
        '{"type": "say", "text": "   "}',
        '{"type": "say", "text": "' + "长" * 100_000 + '"}',
        '{"type": "say", "text": "' + "长" * 6_000 + '"}',
        '{"type": "key", "key": "A"}',
        "[" * 30_000,
    ],
)
async def test_bad_frames_are_answered_and_survived(talk, frame):
    async with socket(talk.token, last_seq=1) as ws:
        await until(ws, lambda m: m["type"] == "status")
        await ws.send_to(text_data=frame)
        error = (await until(ws, lambda m: m["type"] == "error"))[-1]
        assert error["code"] and error["message"]
        await ws.send_json_to({"type": "say", "text": "还行吗"})
        assert "听到:还行吗" in said(await until(ws, lambda m: m["type"] == "turn" and m["turn"]["speaker"] == "bot"))


async def test_binary_frame(talk):
    async with socket(talk.token, last_seq=1) as ws:
        await until(ws, lambda m: m["type"] == "status")
        await ws.send_to(bytes_data=b"\x00\xff" * 100)
        assert (await until(ws, lambda m: m["type"] == "error"))[-1]["code"] == "bad_frame"
        await ws.send_json_to({"type": "ping"})
        await until(ws, lambda m: m["type"] == "pong")


async def test_unknown_token_is_told_and_closed(db):
    async with socket("0" * 32, last_seq=None) as ws:
        assert (await ws.receive_json_from())["code"] == "unknown_conversation"
        assert (await ws.receive_output())["code"] == 4404


async def test_too_fast(talk, settings):
    settings.CHAT_MESSAGES_PER_MINUTE = 1
    async with socket(talk.token, last_seq=1) as ws:
        for n in range(2):
            await ws.send_json_to({"type": "say", "text": "一", "client_ref": f"r{n}"})
        error = (await until(ws, lambda m: m["type"] == "error"))[-1]
        assert error["code"] == "too_fast" and error["client_ref"] == "r1"


async def test_hand_over_and_seat_on_the_same_socket(talk, seat):
    async with socket(talk.token, last_seq=1) as ws:
        await until(ws, lambda m: m["type"] == "status")
        await ws.send_json_to({"type": "say", "text": "人工"})
        queued = (await until(ws, lambda m: m["type"] == "status" and m["owner"] == "queue"))[-1]
        assert queued["ahead"] == 0
        await sync_to_async(actions.take)(conversation=talk, seat=seat)
        await sync_to_async(actions.seat_says)(conversation=talk, seat=seat, text="我来了")
        seen = await until(ws, lambda m: m["type"] == "turn" and m["turn"]["speaker"] == "seat")
        assert seen[-1]["turn"]["text"] == "我来了"


async def test_dropped_in_mid_sentence_loses_nothing(talk):
    async with socket(talk.token, last_seq=1) as ws:
        await until(ws, lambda m: m["type"] == "status")
        await ws.send_json_to({"type": "say", "text": "说到一半", "client_ref": "r1"})
        await until(ws, lambda m: m["type"] == "turn" and m["turn"]["seq"] == 2)
    fresh = await sync_to_async(Conversation.objects.get)(pk=talk.pk)
    assert fresh.status == "open"
    async with socket(talk.token, last_seq=0) as ws:
        assert "说到一半" in said(await until(ws, lambda m: m["type"] == "status"))
