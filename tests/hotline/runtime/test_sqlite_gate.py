"""The gate in front of SQLite's writers: in order, with a bound, never left shut."""

import threading

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, OperationalError

from hotline.runtime.database.sqlite.base import Gate, gate_for


def test_the_gate_opens_in_the_order_of_asking():
    gate, order, waiting = Gate(), [], []
    assert gate.acquire(1)
    for number in range(5):
        asked = threading.Event()

        def pass_through(number=number, asked=asked):
            asked.set()
            assert gate.acquire(10)
            order.append(number)
            gate.release()

        thread = threading.Thread(target=pass_through)
        thread.start()
        assert asked.wait(5)
        while len(gate._queue) <= number:  # it stands in the queue before the next one asks
            threading.Event().wait(0.001)
        waiting.append(thread)
    gate.release()
    for thread in waiting:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]


def test_who_gives_up_leaves_the_queue():
    gate = Gate()
    assert gate.acquire(1)
    assert not gate.acquire(0.01)
    gate.release()
    assert gate.acquire(0.01)
    gate.release()


@pytest.fixture
def gate():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL needs no gate")
    return gate_for(str(connection.settings_dict["NAME"]))


@pytest.mark.django_db(transaction=True)
class TestTransactions:
    """The gate is shut exactly as long as a transaction is open, however it ends."""

    def test_commit_opens_before_the_hooks_run(self, gate):
        held = []
        with transaction.atomic():
            assert gate._held
            transaction.on_commit(lambda: held.append(gate._held))
        assert held == [False]

    def test_rollback_opens(self, gate):
        with pytest.raises(RuntimeError), transaction.atomic():
            raise RuntimeError
        assert not gate._held

    def test_nested_blocks_enter_once(self, gate):
        with transaction.atomic(), transaction.atomic():
            assert gate._held
        assert not gate._held

    def test_closing_a_connection_in_a_transaction_opens(self, gate):
        with pytest.raises((RuntimeError, DatabaseError)), transaction.atomic():
            connection.close()
            raise RuntimeError
        connection.close()
        assert not gate._held

    def test_who_waits_too_long_gets_a_clear_error(self, gate, monkeypatch):
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.01)
        assert gate.acquire(1)
        try:
            with pytest.raises(OperationalError, match="no turn to write"), transaction.atomic():
                pass
        finally:
            gate.release()
        with transaction.atomic():
            assert gate._held
