"""The platform from outside: an address, people who sign in, citizens who write. Nothing of the platform is imported here.

BASE_URL names a platform that already runs with the demo city; otherwise the harness brings one.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import yaml
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
DEMO_PASSWORD: str = yaml.safe_load((ROOT / "demo" / "cast.yml").read_text(encoding="utf-8"))["password"]
PATIENCE_SECONDS = 40.0
T = TypeVar("T")


def somebody() -> str:
    """A telephone number that no other test uses: the same person's same matter is attached to the first order."""
    return f"1990000{2000 + secrets.randbelow(8000)}"


def eventually(look: Callable[[], T | None], *, what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` gives as soon as it is something; fails by name when it stays nothing."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.2)


@dataclass(frozen=True)
class Doors:
    """The doors of one running platform. `stacked`: on the production-shaped stack."""

    url: str
    stacked: bool

    @property
    def ws_url(self) -> str:
        """The same address for sockets."""
        return self.url.replace("http", "ws", 1)

    def client(self, **more: Any) -> httpx.Client:
        """A visitor who keeps cookies."""
        return httpx.Client(base_url=self.url, trust_env=False, timeout=PATIENCE_SECONDS, **more)

    def sign_in(self, username: str) -> Staff:
        """A person of the demo, signed in by the page."""
        client = self.client()
        answer = post_form(client, "/accounts/login/", login=username, password=DEMO_PASSWORD)
        assert "sessionid" in client.cookies, f"{username} could not sign in: {answer.status_code} {answer.text[:300]}"
        return Staff(client)

    def chat(self) -> Chat:
        """A new chat through the API."""
        client = self.client()
        begun = client.post("/chat/api/start", json={})
        assert begun.status_code == 201, begun.text
        return Chat(client, begun.json())

    def socket(self, path: str, *, client: httpx.Client | None = None, **more: Any) -> ClientConnection:
        """A socket as a page of this platform opens it, with the cookies of `client`."""
        cookies = "; ".join(f"{key}={value}" for key, value in client.cookies.items()) if client else ""
        headers = {"Cookie": cookies} if cookies else {}
        return connect(self.ws_url + path, origin=self.url, additional_headers=headers, proxy=None, **more)  # type: ignore[arg-type]

    def health(self) -> dict[str, dict[str, Any]]:
        """The parts of the platform by name."""
        answer = self.client().get("/health/json/").json()
        return {part["name"]: part for part in answer["parts"]}


def post_form(client: httpx.Client, path: str, *, files: Any = None, **fields: Any) -> httpx.Response:
    """Load the page, send its form with the page's token, follow where it leads."""
    page = client.get(path, follow_redirects=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token, f"{path} has no form: {page.status_code}"
    fields["csrfmiddlewaretoken"] = token[1]
    headers = {"Referer": str(page.url)}
    return client.post(str(page.url), data=fields, files=files, headers=headers, follow_redirects=True)


@dataclass
class Staff:
    """A signed-in member of staff and the API."""

    client: httpx.Client

    def orders(self, **query: Any) -> list[dict[str, Any]]:
        """The orders of this person's list."""
        answer = self.client.get("/api/orders/", params=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["results"])

    def order(self, number: str) -> dict[str, Any]:
        """One order; fails when it may not be seen."""
        answer = self.client.get(f"/api/orders/{number}/")
        assert answer.status_code == 200, f"{number}: {answer.status_code} {answer.text[:300]}"
        return dict(answer.json())

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """POST to the API as a page would."""
        headers = {"X-CSRFToken": self.client.cookies["csrftoken"], "Referer": str(self.client.base_url)}
        return self.client.post(path, json=fields, headers=headers)

    def act(self, number: str, action: str, **fields: Any) -> dict[str, Any]:
        """Take an action that must succeed."""
        answer = self.post(f"/api/orders/{number}/{action}/", **fields)
        assert answer.status_code == 200, f"{action}: {answer.status_code} {answer.text[:500]}"
        return dict(answer.json())

    def take_in(self, content: str, **fields: Any) -> dict[str, Any]:
        """A new order as a seat or another system brings it in."""
        given = {"order_type": "complaint", "content": content, "phone": "19900000007", **fields}
        answer = self.post("/api/orders/", **given)
        assert answer.status_code == 201, f"{answer.status_code} {answer.text[:500]}"
        return dict(answer.json())


@dataclass
class Chat:
    """A citizen in a chat through the JSON API."""

    client: httpx.Client
    begun: dict[str, Any]

    @property
    def token(self) -> str:
        return str(self.begun["token"])

    def say(self, text: str, *, ref: str = "") -> list[dict[str, Any]]:
        """Say something; the new turns."""
        body = {"text": text, "client_ref": ref or secrets.token_hex(8)}
        answer = self.client.post(f"/chat/api/{self.token}/say", json=body)
        assert answer.status_code == 200, f"{text}: {answer.status_code} {answer.text[:300]}"
        return list(answer.json()["turns"])

    def picture(self, after: int = 0) -> dict[str, Any]:
        """Turns and state."""
        return dict(self.client.get(f"/chat/api/{self.token}/turns", params={"after": after}).json())

    def report(self, matter: str, *, phone: str = "") -> tuple[str, str]:
        """Report `matter` and answer what is asked until the order is made: its number and query code."""
        phone = phone or somebody()
        turns = self.say(matter)
        for _ in range(15):
            for turn in turns:
                if turn["data"].get("number"):
                    return turn["data"]["number"], code_in(turn["text"])
            turns = self.say(answer_to(turns[-1], phone))
        raise AssertionError(f"no order came of it: {json.dumps(turns, ensure_ascii=False)[:600]}")


def answer_to(turn: dict[str, Any], phone: str) -> str:
    """What a cooperative citizen answers to a question of the bot."""
    data = turn["data"]
    if data.get("move") == "read_back":
        return "是的"
    if "phone" in data.get("prompt", "") or "电话" in turn["text"]:
        return phone
    choices = [choice for choice in data.get("choices", []) if choice["label"] != "跳过"]
    if choices:
        return str(choices[0]["label"])
    return "请尽快处理" if "希望" in turn["text"] else "没有"


def code_in(text: str) -> str:
    """The query code in the bot's sentence, where digits stand in groups."""
    found = re.search(r"查询码\D*((?:\d\s*){6})", text)
    assert found, f"no query code in: {text}"
    return "".join(found[1].split())


@pytest.fixture(scope="session")
def doors(request: pytest.FixtureRequest) -> Iterator[Doors]:
    """The platform's doors."""
    if os.environ.get("BASE_URL"):
        yield Doors(os.environ["BASE_URL"].rstrip("/"), False)
        return
    platform = request.getfixturevalue("platform")
    yield Doors(platform.url, platform.stacked)
