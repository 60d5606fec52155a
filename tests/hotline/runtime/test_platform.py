"""The running platform seen from outside, on one process and on the production-shaped stack alike."""

import asyncio
import json
import time

import httpx
import pytest
from websockets.asyncio.client import connect

pytestmark = pytest.mark.public

EMBEDDED = {"database": "SQLite", "jobs": "", "live": "", "search": "embedded"}
STACKED = {"database": "PostgreSQL", "jobs": "Celery", "live": "channels_redis", "search": "elasticsearch"}


@pytest.fixture
def http(platform):
    """A client of the platform, in English."""
    with httpx.Client(base_url=platform.url, trust_env=False, timeout=30, headers={"Accept-Language": "en"}) as client:
        yield client


def healthy(http, seconds=90):
    """The health report once nothing vital is down; models may still be loading right after the start."""
    until = time.monotonic() + seconds
    while True:
        parts = {part["name"]: part for part in http.get("/health/json/").json()["parts"]}
        if all(part["state"] != "down" for part in parts.values()) or time.monotonic() > until:
            return parts
        time.sleep(1)


def test_every_part_works_and_is_the_expected_one(platform, http):
    parts = healthy(http)
    down = {name: part["reason"] for name, part in parts.items() if part["state"] == "down"}
    assert down == {}
    for name, expected in (STACKED if platform.stacked else EMBEDDED).items():
        if name == "search" and platform.stacked and "ELASTICSEARCH_URL" not in platform.env:
            continue
        assert parts[name]["in_use"].startswith(expected), parts[name]
    if "RASA_URL" in platform.env:
        assert parts["understanding"]["in_use"].startswith("Rasa"), parts["understanding"]


def test_page_of_the_health_names_every_part(http):
    page = http.get("/health/").text
    for label in ("Web server", "Database", "Background jobs", "Schedule", "Knowledge search", "Telephony", "Storage"):
        assert label in page


def test_doctor_says_what_the_page_says(platform, http):
    said = json.loads(platform.manage("doctor", "--json"))
    assert {part["name"] for part in said["parts"]} == {part["name"] for part in http.get("/health/json/").json()["parts"]}


def test_the_schedule_writes_jobs_and_the_runners_do_them(platform, http):
    """A periodic job of a room is due within a minute and is done by threads or by Celery."""
    script = (
        "from ticketing.outbox.models import Job; print(Job.objects.filter(kind__startswith='periodic.', state='done').count())"
    )
    until = time.monotonic() + 100
    while True:
        done = int(platform.manage("shell", "-v0", "-c", script).strip().splitlines()[-1])
        if done or time.monotonic() > until:
            break
    assert done > 0


def test_an_event_of_another_process_reaches_an_open_page(platform, http):
    """A command publishes beside the server: the page gets the event from its row, by the live layer or by its own check."""

    async def follow(cookie):
        origin = platform.url
        async with connect(f"{platform.ws_url}/ws/feeds/", origin=origin, additional_headers={"Cookie": cookie}) as page:
            await page.send(json.dumps({"type": "subscribe", "streams": ["wall"]}))
            subscribed = json.loads(await asyncio.wait_for(page.recv(), 20))
            assert "wall" in subscribed["streams"], subscribed
            script = "from ticketing.outbox import feeds; feeds.publish(stream='wall', kind='test.sign', payload={'n': 1})"
            await asyncio.to_thread(platform.manage, "shell", "-v0", "-c", script)
            while True:
                event = json.loads(await asyncio.wait_for(page.recv(), 60))
                if event.get("kind") == "test.sign":
                    return event

    made = (
        "from django.contrib.auth import get_user_model as u; from django.test import Client; c = Client(); "
        "c.force_login(u().objects.get(username='leader1'), backend='django.contrib.auth.backends.ModelBackend'); "
        "print(c.cookies['sessionid'].value)"
    )
    session = platform.manage("shell", "-v0", "-c", made).strip().splitlines()[-1]
    event = asyncio.run(follow(f"sessionid={session}"))
    assert event["payload"] == {"n": 1}
    assert event["seq"] >= 1
