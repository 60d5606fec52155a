"""Jobs: promised in a transaction, done after it, tried again, given up, never lost and never in each other's way."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from ticketing.outbox import actions, registry, runner, selectors
from ticketing.outbox.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def handler():
    """Announce handlers for the length of a test: handler(kind, function, **options)."""
    kinds = []

    def announce(kind, function, **options):
        kinds.append(kind)
        registry.handles(kind, **options)(function)

    yield announce
    for kind in kinds:
        registry._handlers.pop(kind, None)


def make_due(job):
    Job.objects.filter(pk=job.pk).update(run_after=timezone.now() - timedelta(seconds=1))


def test_job_runs_with_its_payload_and_is_done(handler):
    seen = []
    handler("t.note", seen.append)
    job = actions.enqueue(kind="t.note", payload={"order": 7})
    assert runner.drain() == 1
    job.refresh_from_db()
    assert seen == [{"order": 7}]
    assert (job.state, job.attempts) == (Job.State.DONE, 1)
    assert runner.drain() == 0


def test_job_of_a_rolled_back_transaction_never_was(handler):
    seen = []
    handler("t.note", seen.append)
    with pytest.raises(RuntimeError), transaction.atomic():
        actions.enqueue(kind="t.note", payload={})
        raise RuntimeError
    assert runner.drain() == 0
    assert seen == []


def test_waiting_job_of_the_same_key_stands_for_the_new_one(handler):
    seen = []
    handler("t.index", seen.append)
    first = actions.enqueue(kind="t.index", payload={"version": 1}, key="article:3")
    second = actions.enqueue(kind="t.index", payload={"version": 2}, key="article:3")
    other = actions.enqueue(kind="t.index", payload={"version": 1}, key="article:4")
    assert first.pk == second.pk != other.pk
    runner.drain()
    assert seen == [{"version": 2}, {"version": 1}]
    assert actions.enqueue(kind="t.index", payload={"version": 3}, key="article:3").pk != first.pk


def test_failed_job_waits_longer_each_time_and_becomes_a_dead_letter(handler):
    def broken(payload):
        raise ValueError("the printer is on fire")

    handler("t.broken", broken, max_attempts=3)
    job = actions.enqueue(kind="t.broken", payload={})
    waits = []
    for _ in range(2):
        runner.drain()
        job.refresh_from_db()
        assert job.state == Job.State.PENDING
        waits.append((job.run_after - timezone.now()).total_seconds())
        make_due(job)
    assert 0 < waits[0] < waits[1]
    runner.drain()
    job.refresh_from_db()
    assert job.state == Job.State.DEAD
    assert "the printer is on fire" in job.last_error
    assert selectors.backlog().dead == 1

    actions.requeue(job=job)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.PENDING, 0)


def test_failing_job_does_not_block_those_behind_it(handler):
    def broken(payload):
        raise ValueError

    seen = []
    handler("t.broken", broken)
    handler("t.fine", lambda payload: seen.append(payload["n"]))
    actions.enqueue(kind="t.broken", payload={})
    for n in range(5):
        actions.enqueue(kind="t.fine", payload={"n": n})
    runner.drain()
    assert seen == [0, 1, 2, 3, 4]


def test_giving_up_makes_a_dead_letter_at_once(handler):
    def hopeless(payload):
        raise registry.GiveUp("This order does not exist.")

    handler("t.hopeless", hopeless)
    job = actions.enqueue(kind="t.hopeless", payload={})
    runner.drain()
    job.refresh_from_db()
    assert (job.state, job.attempts, job.last_error) == (Job.State.DEAD, 1, "This order does not exist.")


def test_kind_without_a_handler_is_tried_again_not_lost():
    job = actions.enqueue(kind="t.nobody", payload={})
    runner.drain()
    job.refresh_from_db()
    assert job.state == Job.State.PENDING
    assert "t.nobody" in job.last_error


def test_job_with_a_later_time_is_not_done_before(handler):
    seen = []
    handler("t.later", seen.append)
    job = actions.enqueue(kind="t.later", payload={}, run_after=timezone.now() + timedelta(hours=1))
    assert runner.drain() == 0
    make_due(job)
    assert runner.drain() == 1


def test_job_of_a_killed_process_is_taken_up_again(handler):
    seen = []
    handler("t.note", seen.append, lease_seconds=60)
    job = actions.enqueue(kind="t.note", payload={})
    (claimed,) = actions.claim()
    assert claimed is not None
    assert actions.recover() == 0  # its lease still runs: perhaps it is only slow
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert actions.recover() == 1
    runner.drain()
    assert len(seen) == 1
    # The one who was thought dead comes back: it can no longer change the row.
    actions.fail(job=claimed, error="late")
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_job_that_kills_its_process_each_time_is_given_up(handler):
    handler("t.killer", lambda payload: None, max_attempts=2)
    job = actions.enqueue(kind="t.killer", payload={})
    for _ in range(2):
        assert actions.claim()
        assert actions.recover(everything=True) == 1
    job.refresh_from_db()
    assert job.state == Job.State.DEAD


def test_two_rooms_cannot_handle_one_kind(handler):
    handler("t.once", lambda payload: None)
    with pytest.raises(ValueError, match=r"t\.once"):
        handler("t.once", lambda payload: None)


def test_old_finished_jobs_go_and_dead_letters_stay(handler):
    handler("t.note", lambda payload: None)
    done = actions.enqueue(kind="t.note", payload={})
    dead = actions.enqueue(kind="t.note", payload={})
    long_ago = timezone.now() - timedelta(days=30)
    Job.objects.filter(pk=done.pk).update(state=Job.State.DONE, finished_at=long_ago)
    Job.objects.filter(pk=dead.pk).update(state=Job.State.DEAD, finished_at=long_ago)
    actions.prune()
    assert list(Job.objects.values_list("pk", flat=True)) == [dead.pk]


@pytest.mark.django_db(transaction=True)
class TestThreads:
    """The runner as it is in the server."""

    @pytest.fixture
    def threads(self):
        pool = runner.Runner(threads=3)
        yield pool
        assert pool.stop(seconds=5)

    def test_commit_wakes_the_runner(self, handler, threads):
        done = threading.Event()
        handler("t.wake", lambda payload: done.set())
        threads.start(alone=True)
        assert threads.alive() == 3
        actions.enqueue(kind="t.wake", payload={})
        assert done.wait(5)

    def test_each_job_is_done_once_by_several_threads(self, handler, threads):
        seen, complete = [], threading.Event()

        def note(payload):
            seen.append(payload["n"])
            if len(seen) >= 40:
                complete.set()

        handler("t.note", note)
        with transaction.atomic():
            for n in range(40):
                actions.enqueue(kind="t.note", payload={"n": n})
        threads.start(alone=True)
        assert complete.wait(20)
        assert threads.stop(seconds=5)
        assert sorted(seen) == list(range(40))

    def test_slow_jobs_leave_a_thread_for_the_others(self, handler, threads):
        release, done = threading.Event(), threading.Event()
        handler("t.slow", lambda payload: release.wait(20), slow=True)
        handler("t.quick", lambda payload: done.set())
        for _ in range(5):
            actions.enqueue(kind="t.slow", payload={})
        threads.start(alone=True)
        actions.enqueue(kind="t.quick", payload={})
        assert done.wait(5)
        release.set()

    def test_jobs_left_running_are_taken_up_at_the_start(self, handler, threads):
        done = threading.Event()
        handler("t.left", lambda payload: done.set())
        actions.enqueue(kind="t.left", payload={})
        assert actions.claim()
        threads.start(alone=True)
        assert done.wait(5)


@pytest.mark.django_db(transaction=True)
def test_celery_message_carries_the_job_and_a_dead_broker_loses_nothing(handler, settings, monkeypatch):
    settings.JOBS_BACKEND = "celery"
    from ticketing.outbox.tasks import run_job

    sent = []
    monkeypatch.setattr(actions.current_app, "send_task", lambda name, args, **options: sent.append(args[0]))
    handler("t.note", lambda payload: None)
    job = actions.enqueue(kind="t.note", payload={})
    assert sent == [job.pk]

    def unreachable(name, args, **options):
        raise ConnectionError("broker is down")

    monkeypatch.setattr(actions.current_app, "send_task", unreachable)
    lost = actions.enqueue(kind="t.note", payload={})
    sent.clear()
    monkeypatch.setattr(actions.current_app, "send_task", lambda name, args, **options: sent.append(args[0]))
    assert actions.sweep() == 0  # too fresh: its own message may still be on its way
    Job.objects.filter(pk=lost.pk).update(run_after=timezone.now() - timedelta(seconds=10))
    assert actions.sweep() == 1
    assert sent == [lost.pk]
    run_job(lost.pk)
    lost.refresh_from_db()
    assert lost.state == Job.State.DONE


@pytest.mark.django_db(transaction=True)
def test_writers_of_one_process_never_meet_a_locked_database():
    errors, barrier = [], threading.Barrier(16)

    def write():
        try:
            barrier.wait(10)
            for _ in range(20):
                with transaction.atomic():
                    actions.enqueue(kind="t.nobody", payload={}, run_after=timezone.now() + timedelta(days=1))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _ in range(16)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join(60)
    assert errors == []
    assert Job.objects.count() == 320
