"""The health of each part: asked at once, with a bound, in both languages, never by an exception."""

import json
import threading
import time
from datetime import timedelta

import pytest
from django.core.management import call_command

from hotline.runtime import health
from ticketing.outbox import probes
from ticketing.outbox.models import Job
from ticketing.outbox.probes import DEGRADED, DOWN, OK, Reading, register_probe


@pytest.fixture(autouse=True)
def own_probes(monkeypatch):
    monkeypatch.setattr(probes, "_probes", {})
    monkeypatch.setattr(health, "_last", {})
    monkeypatch.setattr(health, "_running", {})


def part(report, name):
    return next(found for found in report.parts if found.name == name)


def test_worst_vital_part_rules_the_state():
    register_probe("database", lambda: Reading(in_use="x"))
    assert health.report(fresh=True).state == OK
    register_probe("search", lambda: Reading(in_use="x", state=DOWN, reason="cluster is away"))
    assert health.report(fresh=True).state == DEGRADED
    register_probe("database", lambda: Reading(in_use="x", state=DOWN))
    assert health.report(fresh=True).state == DOWN


def test_a_probe_that_raises_reads_as_down_with_its_reason():
    def broken():
        raise OSError("no route")

    register_probe("search", broken)
    found = part(health.report(fresh=True), "search")
    assert (found.state, found.reason, found.degraded) == (DOWN, "OSError: no route", True)


def test_a_probe_that_hangs_costs_its_bound_and_does_not_pile_up():
    release, calls = threading.Event(), []

    def hang():
        calls.append(1)
        release.wait(10)
        return Reading(in_use="x")

    register_probe("search", hang)
    register_probe("web", lambda: Reading(in_use="fine"))
    began = time.monotonic()
    for _ in range(3):
        found = health.report(seconds=0.2, fresh=True)
    assert time.monotonic() - began < 3
    assert part(found, "search").state == DOWN
    assert part(found, "web").state == OK
    assert len(calls) == 1
    release.set()


def test_probes_run_side_by_side():
    barrier = threading.Barrier(4)
    for name in ("a", "b", "c", "d"):
        register_probe(name, lambda: Reading(in_use=str(barrier.wait(5))))
    assert all(found.state == OK for found in health.report(fresh=True).parts)


@pytest.mark.django_db
def test_page_json_and_load_balancer(client):
    register_probe("database", lambda: Reading(in_use="SQLite 3", real="DATABASE_URL"))
    page = client.get("/health/")
    assert page.status_code == 200
    assert "SQLite 3" in page.content.decode()
    answer = client.get("/health/json/").json()
    assert answer["state"] == OK
    assert {"name", "in_use", "state", "degraded", "reason", "real", "latency_ms"} <= answer["parts"][0].keys()
    assert client.get("/health/", headers={"Accept": "application/json"}).json()["state"] == OK
    assert client.get("/health/live/").json() == {"state": "ok"}
    assert client.post("/health/").status_code == 405


@pytest.mark.django_db
def test_a_platform_that_cannot_take_orders_answers_503(client):
    register_probe("database", lambda: Reading(in_use="", state=DOWN, reason="refused"))
    assert client.get("/health/").status_code == 503
    assert client.get("/health/json/").status_code == 503
    assert client.get("/health/live/").status_code == 200


@pytest.mark.django_db
def test_page_speaks_the_readers_language(client):
    from hotline.runtime import probes as ours

    register_probe("telephony", ours.telephony)
    assert "电话接入" in client.get("/health/", headers={"Accept-Language": "zh-CN"}).content.decode()
    english = client.get("/health/", headers={"Accept-Language": "en"}).content.decode()
    assert "Telephony" in english
    assert "browser microphone" in english


@pytest.mark.django_db
def test_dead_letters_and_old_jobs_show():
    from django.utils import timezone

    from hotline.runtime import probes as ours

    assert ours.jobs().state == OK
    job = Job.objects.create(kind="t.dead", state=Job.State.DEAD, run_after=timezone.now())
    assert ours.jobs().state == DEGRADED
    Job.objects.filter(pk=job.pk).update(state=Job.State.PENDING, run_after=timezone.now() - timedelta(minutes=5))
    found = ours.jobs()
    assert found.state == DEGRADED
    assert found.facts["oldest_seconds"] >= 300


@pytest.mark.django_db
def test_real_probes_of_this_machine():
    from hotline.runtime import probes as ours

    ours.announce()
    found = health.report(fresh=True, seconds=10)
    assert {"web", "database", "jobs", "schedule", "live", "telephony", "storage"} <= {each.name for each in found.parts}
    assert part(found, "storage").facts["free_bytes"] > 0


@pytest.mark.django_db
def test_doctor_prints_the_same(capsys):
    register_probe("database", lambda: Reading(in_use="SQLite 3", real="DATABASE_URL"))
    call_command("doctor", json=True)
    assert json.loads(capsys.readouterr().out)["parts"][0]["in_use"] == "SQLite 3"
    call_command("doctor")
    assert "SQLite 3" in capsys.readouterr().out
    register_probe("database", lambda: Reading(in_use="", state=DOWN))
    with pytest.raises(SystemExit):
        call_command("doctor", json=True)
