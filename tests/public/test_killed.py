"""`kill -9` in the middle of work: what was accepted is there, and the outbox goes on."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.doors import ROOT, Doors, eventually
from tests.stack.places import free_port
from tests.stack.plugin import SWITCHES, Platform
from tests.stack.processes import Running, start, stop, url_answers, wait_until

pytestmark = [pytest.mark.public, pytest.mark.timeout(240)]


def serve(var_dir: Path, log: Path, **env: str) -> tuple[Running, Doors]:
    """A server of its own on this folder."""
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    given = {**dict.fromkeys(SWITCHES, ""), "VAR_DIR": str(var_dir), "LOG_LEVEL": "WARNING", **env}
    running = start("Server", command, log=log, env=given, cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: url_answers(f"{url}/health/live/"), running, seconds=60, log=log)
    return running, Doors(url, False)


def test_nothing_accepted_is_lost(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Orders are acknowledged, the process is killed at once, another one on the same folder dispatches them."""
    home = os.environ.get("VAR_DIR", "") if os.environ.get("BASE_URL") else ""
    if not home:
        platform: Platform = request.getfixturevalue("platform")
        if platform.stacked:
            return  # this is about the one process on SQLite
        home = platform.env["VAR_DIR"]
    var_dir = tmp_path / "var"
    shutil.copytree(home, var_dir, ignore=shutil.ignore_patterns("recordings", "media", "*-wal", "*-shm", "*.sqlite3"))
    copy_database(Path(home) / "hotline.sqlite3", var_dir / "hotline.sqlite3")
    running, doors = serve(var_dir, tmp_path / "first.log")
    try:
        chat = doors.chat()
        said = chat.say("建设路的路灯坏了三天没人修")
        seat = doors.sign_in("seat1")
        numbers = [seat.take_in(f"建设路第{n}盏路灯坏了", place_text="建设路", duty_item="020301")["number"] for n in range(1, 6)]
        os.kill(running.pid, signal.SIGKILL)
        eventually(lambda: not running.alive(), what="the process is gone")
    finally:
        stop(running)
    running, doors = serve(var_dir, tmp_path / "second.log")
    try:
        staff = doors.sign_in("dispatch1")
        for number in numbers:
            eventually(
                lambda: (order := staff.order(number))["state"] == "dispatched" or order["candidates"],  # noqa: B023
                what=f"{number}, accepted before the kill, reaches dispatch",
            )
        after = doors.client().get(f"/chat/api/{chat.token}/turns").json()
        assert {turn["text"] for turn in said} <= {turn["text"] for turn in after["turns"]}, "what was said is kept"
    finally:
        stop(running)


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database that is in use."""
    import sqlite3

    with sqlite3.connect(source) as here, sqlite3.connect(target) as there:
        here.backup(there)
