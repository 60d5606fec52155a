"""A server of our own for a benchmark: embedded, or on PostgreSQL with threads for jobs; started and stopped here."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "demo-hotline-12345"  # of the demo's people, see demo/cast.yml
SWITCHES = ("DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL", "RASA_URL", "TWILIO_AUTH_TOKEN", "PUBLIC_BASE_URL")
PREPARE = (
    ("compile_catalogues",),
    ("migrate", "--verbosity=0"),
    ("load_city", "demo"),
    ("train_understanding",),
    ("train_router",),
    ("rebuild_index",),
)


@contextmanager
def served(*, database_url: str = "", orders: int = 0) -> Iterator[tuple[str, dict[str, str]]]:
    """A prepared server with `orders` example orders; yields its address and environment."""
    from tests.stack.places import free_port

    with tempfile.TemporaryDirectory() as folder:
        env = {k: v for k, v in os.environ.items() if k not in SWITCHES}
        env |= {"VAR_DIR": folder, "LOG_LEVEL": "WARNING", "DEMO": "1"}
        if database_url:
            env["DATABASE_URL"] = database_url
        subprocess.run([sys.executable, "bin/assets.py"], cwd=ROOT, env=env, check=True, capture_output=True)
        for command in PREPARE:
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, capture_output=True)
        if orders:
            subprocess.run(
                [sys.executable, "manage.py", "generate_history", "--orders", str(orders)], cwd=ROOT, env=env, check=True
            )
        port = free_port()
        process = subprocess.Popen([sys.executable, "manage.py", "serve", "--port", str(port)], cwd=ROOT, env=env)
        base = f"http://127.0.0.1:{port}"
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    if httpx.get(f"{base}/health/live/", timeout=2).status_code == 200:
                        break
                except httpx.HTTPError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.2)
            yield base, env
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def signed_in(base: str, username: str) -> httpx.Client:
    """A client with the session and the CSRF header of a demo person."""
    client = httpx.Client(base_url=base, timeout=30)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/accounts/login/").text)
    assert token, "the login page has no CSRF field"
    form = {"login": username, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    answer = client.post("/accounts/login/", data=form, headers={"referer": base})
    assert answer.status_code in (302, 303), f"login of {username} failed: {answer.status_code}"
    client.headers["x-csrftoken"] = client.cookies["csrftoken"]
    client.headers["referer"] = base
    return client
