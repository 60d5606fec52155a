"""Calls by Twilio's protocol, played by the player that knows nothing of the platform: another recording, another order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.doors import ROOT, Doors

pytestmark = [pytest.mark.public, pytest.mark.timeout(400)]


def play(doors: Doors, scenario: str, to: Path) -> dict[str, Any]:
    """Play one call; what came of it."""
    command = [sys.executable, "bin/play.py", "--base", doors.url, "--scenario", scenario, "--call-only", "--summary", str(to)]
    env = {key: value for key, value in os.environ.items() if key != "TWILIO_AUTH_TOKEN"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return dict(json.loads(to.read_text(encoding="utf-8")))


def test_two_recordings_make_two_different_orders(doors: Doors, tmp_path: Path) -> None:
    first = play(doors, "water-cut", tmp_path / "first.json")["order"]
    second = play(doors, "broken-cover", tmp_path / "second.json")["order"]
    assert first["number"] != second["number"]
    assert first["duty_item"] != second["duty_item"]
    assert "翠湖小区" in (first["place_text"] or first["title"])
    assert "幸福路" in (second["place_text"] or second["title"])
    order = doors.sign_in("dispatch1").order(first["number"])
    assert order["channel"] in ("voice", "phone")
    assert order["unit"] or order["candidates"], "the call's order reached dispatch"


def test_the_player_uses_nothing_of_the_platform() -> None:
    source = (ROOT / "bin" / "play.py").read_text(encoding="utf-8")
    for room in ("hotline", "chatbot", "search", "ticketing", "speech_models", "django"):
        assert f"import {room}" not in source and f"from {room}" not in source
