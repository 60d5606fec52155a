"""Feeds: numbered per stream, replayed after a lost line, shown to whom they concern alone."""

import threading

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from ticketing.outbox import feeds, live, registry
from ticketing.outbox.consumers import FeedConsumer
from ticketing.outbox.models import FeedEvent


@pytest.fixture
def open_stream():
    """Streams 'test' and 'test:<user name>' for the length of a test."""

    @registry.stream_rule("test")
    def rule(user, stream):
        return stream in ("test", f"test:{user.get_username()}")

    yield
    registry._stream_rules.pop("test")


@pytest.mark.django_db
def test_numbers_count_per_stream_and_replay_begins_after_the_last_seen():
    for n in range(3):
        feeds.publish(stream="test", kind="made", payload={"n": n})
    feeds.publish(stream="test:other", kind="made", payload={})
    events = feeds.replay(stream="test", after=1)
    assert [(event.seq, event.payload["n"]) for event in events] == [(2, 1), (3, 2)]
    assert [event.seq for event in feeds.replay(stream="test:other", after=0)] == [1]
    assert len(feeds.replay(stream="test", after=0, limit=2)) == 2


@pytest.mark.django_db
def test_stream_names_are_checked():
    for name in ("", "UNIT", "unit:", "unit:1:2", "unit:张三", "x" * 200):
        with pytest.raises(ValueError, match="stream name"):
            feeds.publish(stream=name, kind="made", payload={})


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_when_many_publish_and_some_fail():
    barrier = threading.Barrier(6)

    def work(worker):
        try:
            barrier.wait(10)
            for n in range(10):
                try:
                    with transaction.atomic():
                        streams = ["test", "wall"] if worker % 2 else ["wall", "test"]
                        for stream in streams:
                            feeds.publish(stream=stream, kind="made", payload={"worker": worker, "n": n})
                        if n % 5 == 4:
                            raise RuntimeError("undone")
                except RuntimeError:
                    pass
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join(60)
    for stream in ("test", "wall"):
        assert [event.seq for event in feeds.replay(stream=stream, after=0)] == list(range(1, 49))


@pytest.mark.django_db(transaction=True)
def test_events_of_a_process_that_died_before_numbering_are_numbered_later():
    FeedEvent.objects.create(stream="test", kind="made", payload={})
    assert feeds.number_leftovers() == 1
    assert feeds.replay(stream="test", after=0)[0].seq == 1


@pytest.fixture
async def dial(open_stream):
    """dial(user) opens the feed socket as the server would."""
    import asyncio

    opened = []
    live.bind(asyncio.get_running_loop())

    async def open_socket(user):
        socket = WebsocketCommunicator(FeedConsumer.as_asgi(), "/ws/feeds/")
        socket.scope["user"] = user
        opened.append(socket)
        assert (await socket.connect())[0]
        return socket

    yield open_socket
    for socket in opened:
        await socket.disconnect()
    live.bind(None)
    await asyncio.to_thread(live.close_readers)


async def person(name):
    return await sync_to_async(get_user_model().objects.create_user)(username=name)


async def publish(n, stream="test"):
    await sync_to_async(feeds.publish)(stream=stream, kind="made", payload={"n": n})


@pytest.mark.django_db(transaction=True)
async def test_page_gets_what_it_missed_and_then_what_happens(dial):
    for n in range(3):
        await publish(n)
    socket = await dial(await person("li"))
    await socket.send_json_to({"type": "subscribe", "streams": ["test"], "after": {"test": 1}})
    assert await socket.receive_json_from() == {"type": "subscribed", "streams": {"test": 3}}
    assert [(await socket.receive_json_from())["seq"] for _ in range(2)] == [2, 3]
    await publish(3)
    event = await socket.receive_json_from(timeout=5)
    assert (event["type"], event["seq"], event["kind"], event["payload"]) == ("event", 4, "made", {"n": 3})


@pytest.mark.django_db(transaction=True)
async def test_page_that_says_no_number_starts_at_the_present(dial):
    await publish(0)
    socket = await dial(await person("li"))
    await socket.send_json_to({"type": "subscribe", "streams": ["test"]})
    assert (await socket.receive_json_from())["streams"] == {"test": 1}
    assert await socket.receive_nothing(0.2)


@pytest.mark.django_db(transaction=True)
async def test_lost_nudges_are_filled_in_from_the_rows(dial, monkeypatch):
    socket = await dial(await person("li"))
    await socket.send_json_to({"type": "subscribe", "streams": ["test"]})
    await socket.receive_json_from()
    with monkeypatch.context() as patch:
        patch.setattr(live, "nudge", lambda **message: None)
        await publish(0)
        await publish(1)
    await publish(2)
    assert [(await socket.receive_json_from(timeout=5))["seq"] for _ in range(3)] == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
async def test_streams_of_others_and_unknown_ones_are_denied(dial):
    socket = await dial(await person("li"))
    await socket.send_json_to({"type": "subscribe", "streams": ["test:li", "test:wang", "secret"]})
    assert await socket.receive_json_from() == {"type": "subscribed", "streams": {"test:li": 0}}
    assert await socket.receive_json_from() == {"type": "denied", "streams": ["test:wang", "secret"]}


@pytest.mark.django_db(transaction=True)
async def test_who_is_not_signed_in_is_closed_out(dial):
    socket = await dial(AnonymousUser())
    assert await socket.receive_output() == {"type": "websocket.close", "code": 4401}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("frame", ["", "nonsense", "[1]", '{"type": "dance"}', '{"a":' + "1" * 20000 + "}"])
async def test_malformed_frames_get_an_answer_and_the_socket_stays(dial, frame):
    socket = await dial(await person("li"))
    await socket.send_to(text_data=frame or " ")
    assert (await socket.receive_json_from())["type"] == "error"
    await socket.send_to(bytes_data=b"\x00\x01")
    assert (await socket.receive_json_from())["type"] == "error"
    await socket.send_json_to({"type": "ping"})
    assert (await socket.receive_json_from())["type"] == "pong"
