"""The schedule: announced jobs become rows, due rows become jobs, what a person changed stays."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from hotline.celery import app
from hotline.runtime.beat import PULSE_KEY, BeatThread, OutboxScheduler
from ticketing.outbox import registry, runner
from ticketing.outbox.models import Job


@pytest.fixture
def ran(monkeypatch):
    """Two periodic jobs alone: 'each minute' and 'each night'."""
    monkeypatch.setattr(registry, "_periods", {})
    monkeypatch.setattr(registry, "_handlers", dict(registry._handlers))
    seen = []
    registry.periodic("test.minute", every_seconds=60)(lambda: seen.append("minute"))
    registry.periodic("test.night", crontab="15 3 * * 1-5")(lambda: seen.append("night"))
    return seen


def run_due(scheduler):
    for _ in range(5):
        scheduler.tick()


@pytest.mark.django_db(transaction=True)
def test_due_entry_becomes_one_job_and_runs(ran):
    scheduler = OutboxScheduler(app=app)
    PeriodicTask.objects.filter(name="test.minute").update(last_run_at=timezone.now() - timedelta(minutes=2))
    scheduler = OutboxScheduler(app=app)
    run_due(scheduler)
    assert Job.objects.filter(kind="periodic.test.minute").count() == 1
    runner.drain()
    assert ran == ["minute"]
    assert cache.get(PULSE_KEY)


@pytest.mark.django_db(transaction=True)
def test_announced_times_reach_the_table_and_a_persons_change_stays(ran):
    OutboxScheduler(app=app)
    night = PeriodicTask.objects.get(name="test.night")
    assert (night.crontab.minute, night.crontab.hour, night.crontab.day_of_week) == ("15", "3", "1-5")
    assert PeriodicTask.objects.get(name="test.minute").interval.every == 60
    PeriodicTask.objects.filter(pk=night.pk).update(enabled=False)
    OutboxScheduler(app=app)
    assert not PeriodicTask.objects.get(name="test.night").enabled


@pytest.mark.django_db(transaction=True)
def test_jobs_that_are_announced_no_more_leave_the_table(ran):
    OutboxScheduler(app=app)
    registry._periods.pop("test.night")
    OutboxScheduler(app=app)
    assert not PeriodicTask.objects.filter(name="test.night").exists()
    assert PeriodicTask.objects.filter(name="test.minute").exists()


def test_a_period_is_either_an_interval_or_a_crontab():
    with pytest.raises(ValueError, match="either"):
        registry.periodic("test.none")
    with pytest.raises(ValueError, match="either"):
        registry.periodic("test.both", every_seconds=1, crontab="* * * * *")


@pytest.mark.django_db(transaction=True)
def test_thread_starts_and_stops_within_its_bound(ran):
    beat = BeatThread(app)
    beat.start()
    assert beat.alive()
    beat.stop(seconds=10)
    assert not beat.alive()
