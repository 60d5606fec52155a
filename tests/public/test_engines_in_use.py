"""Which engines answer: the real ones on the stack, the embedded ones without it, and each of them in a whole talk."""

from __future__ import annotations

import pytest

from tests.doors import Doors

pytestmark = [pytest.mark.public, pytest.mark.timeout(180)]


def test_health_names_every_part(doors: Doors) -> None:
    parts = doors.health()
    assert {"web", "database", "jobs", "schedule", "live", "search", "understanding"} <= set(parts)
    for name, part in parts.items():
        assert part["in_use"], f"{name} does not say what is in use"
        assert not part["degraded"] or part["reason"], f"{name} is degraded and does not say why"


def test_a_policy_answer_cites_its_source(doors: Doors) -> None:
    turns = doors.chat().say("工伤认定要多长时间")
    answer = next(turn for turn in turns if turn["data"].get("article_code"))
    assert answer["data"]["version"] >= 1
    assert any("工伤保险条例" in source["title"] for source in answer["data"]["sources"])
    in_use = doors.health()["search"]["in_use"].lower()
    assert ("elasticsearch" if doors.stacked else "embedded") in in_use


def test_what_is_not_known_is_said_and_kept_as_a_gap(doors: Doors) -> None:
    turns = doors.chat().say("火星移民签证在哪个窗口办")
    assert not any(turn["data"].get("article_code") for turn in turns if turn["data"].get("known"))


def test_jobs_run_where_they_should(doors: Doors) -> None:
    assert ("celery" in doors.health()["jobs"]["in_use"].lower()) == doors.stacked


@pytest.mark.rasa
def test_rasa_understands_a_whole_report(doors: Doors) -> None:
    number, _ = doors.chat().report("建设路的路灯坏了三天没人修")
    part = doors.health()["understanding"]
    assert "rasa" in part["in_use"].lower() and not part["degraded"], part
    assert number


@pytest.mark.elasticsearch
def test_elasticsearch_is_not_degraded(doors: Doors) -> None:
    part = doors.health()["search"]
    assert "elasticsearch" in part["in_use"].lower() and not part["degraded"], part
