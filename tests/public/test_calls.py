"""Calls by Twilio's protocol, played by the player that knows nothing of the platform: another recording, another order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doors import ROOT, Doors, somebody

pytestmark = [pytest.mark.public, pytest.mark.timeout(400)]
SCENARIOS = {"water-cut": "翠湖小区", "broken-cover": "幸福路", "street-stalls": "人民路"}
WITH_A_PAGE = {"order", "dispatch", "sign", "reply"}


def test_three_calls_at_once_make_three_orders_that_are_closed(doors: Doors, tmp_path: Path) -> None:
    env = {key: value for key, value in os.environ.items() if key != "TWILIO_AUTH_TOKEN"}
    players = {
        scenario: subprocess.Popen(
            [sys.executable, "bin/play.py", "--base", doors.url, "--scenario", scenario, "--phone", somebody(), "--summary", str(tmp_path / scenario)],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for scenario in SCENARIOS
    }  # fmt: skip
    orders = {}
    try:
        for scenario, player in players.items():
            said, _ = player.communicate(timeout=350)
            assert player.returncode == 0, said
            assert all("http" in line for line in said.splitlines() if line.split()[0] in WITH_A_PAGE)
            summary = json.loads((tmp_path / scenario).read_text(encoding="utf-8"))
            orders[scenario] = summary["order"]
            assert summary["sound_s"] > 10 and summary["reply_ms"], "the caller heard the bot"
            assert any(turn["data"].get("sources") for turn in summary["chat"])
    finally:
        for player in players.values():
            player.kill()
    for scenario, place in SCENARIOS.items():
        assert place in (orders[scenario]["place_text"] or orders[scenario]["title"])
        assert orders[scenario]["state"] == "closed"
    assert orders["street-stalls"]["duty_item"] == "010101" and orders["broken-cover"]["duty_item"] == "020103"
    assert len({order["number"] for order in orders.values()}) == len({order["duty_item"] for order in orders.values()}) == 3
    order = doors.sign_in("dispatch1").order(orders["water-cut"]["number"])
    assert order["channel"] == "voice" and order["unit"]
