"""A new dispatch reaches the page of the unit over its socket at once."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from tests.ticketing.desk.conftest import Desk
from ticketing.outbox import live
from ticketing.outbox.consumers import FeedConsumer

SECONDS = 2.0


@pytest.mark.django_db(transaction=True)
def test_a_dispatch_is_pushed_to_the_units_page_within_two_seconds(desk: Desk) -> None:
    order = desk.triage()
    unit = desk.city.units["LIGHT"]
    stream = f"unit:{unit.pk}"

    def dispatch() -> int:
        body = json.dumps({"unit": unit.pk, "reason": "照明所负责路灯"})
        url = f"/api/orders/{order.number}/dispatch/"
        return desk.client("dispatcher").post(url, body, content_type="application/json").status_code

    async def watch() -> None:
        live.bind(asyncio.get_running_loop())

        async def page(username: str) -> WebsocketCommunicator:
            socket = WebsocketCommunicator(FeedConsumer.as_asgi(), "/ws/feeds/")
            socket.scope["user"] = desk.city.staff[username]
            assert (await socket.connect())[0]
            await socket.send_json_to({"type": "subscribe", "streams": [stream]})
            return socket

        mine, other = await page("light"), await page("west_house")
        assert (await mine.receive_json_from())["type"] == "subscribed"
        assert stream not in (await other.receive_json_from()).get("streams", {})
        assert await sync_to_async(dispatch, thread_sensitive=True)() == 200
        told = await asyncio.wait_for(mine.receive_json_from(timeout=SECONDS), SECONDS)
        assert told["stream"] == stream and told["payload"]["number"] == order.number
        while not await other.receive_nothing(timeout=0.2):
            assert (await other.receive_json_from())["type"] != "event"
        await mine.disconnect()
        await other.disconnect()
        live.bind(None)
        await asyncio.to_thread(live.close_readers)

    asyncio.run(watch())
