"""Elasticsearch away, slow, empty, back again: an answer always, marked when it is the second choice."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from search import indexing, selectors
from search.answers import Answer, answer
from search.engines import get_engine, probe
from search.engines.base import EngineStatus, SearchResult
from search.engines.fallback import Breaker, FallbackEngine
from search.errors import EngineError
from tests.search.conftest import CLUSTER, Knowledge, sweep
from ticketing.outbox.models import Job


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Wire:
    """A TCP line to the cluster that can be cut, left hanging, and mended."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.mode = "open"
        self._target, self._lines = target, []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                near, _address = self._server.accept()
            except OSError:
                return
            self._lines.append(near)
            if self.mode == "cut":
                near.close()
            elif self.mode == "open":
                far = socket.create_connection(self._target)
                self._lines.append(far)
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            sink.close()

    def set(self, mode: str) -> None:
        self.mode = mode
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        self._lines.clear()

    def close(self) -> None:
        self._server.close()
        self.set("cut")


@pytest.fixture
def wire() -> Iterator[Wire]:
    parts = urlsplit(CLUSTER or "http://127.0.0.1:9")
    wire = Wire((parts.hostname or "127.0.0.1", parts.port or 9))
    yield wire
    wire.close()


@pytest.fixture
def embedded_base(db: None, index_settings: object) -> Knowledge:
    base = Knowledge("embedded")
    base.fill()
    return base


def timed_answer() -> tuple[object, float]:
    began = time.monotonic()
    return answer(question="公积金怎么提取"), time.monotonic() - began


@pytest.mark.parametrize("mode", ["cut", "hang"])
def test_an_answer_comes_within_two_seconds_when_the_cluster_is_away(
    embedded_base: Knowledge, index_settings: object, wire: Wire, mode: str
):
    wire.set(mode)
    index_settings.ELASTICSEARCH_URL = wire.url
    for _ in range(3):
        found, seconds = timed_answer()
        assert seconds < 2
        assert isinstance(found, Answer)
        assert (found.article_code, found.engine, found.degraded) == ("fund", "embedded", True)
        assert "Elasticsearch" in found.reason
    health = probe()
    assert (health["implementation"], health["degraded"]) == ("embedded", True)


@pytest.mark.elasticsearch
@pytest.mark.skipif(not CLUSTER, reason="Elasticsearch: NOT TESTED (ELASTICSEARCH_URL is empty)")
def test_the_cluster_is_used_again_by_itself(embedded_base: Knowledge, index_settings: object, wire: Wire):
    index_settings.ELASTICSEARCH_URL = wire.url
    engine = get_engine()
    clock = Clock()
    engine.breaker._clock = engine._clock = clock
    try:
        engine.rebuild(indexing.PublishedDocuments())
        assert timed_answer()[0].engine == "elasticsearch"
        wire.set("cut")
        found, seconds = timed_answer()
        assert (found.engine, found.degraded) == ("embedded", True)
        assert seconds < 2
        wire.set("open")
        assert timed_answer()[0].degraded, "the pause is not over yet"
        clock.now += 60
        found, _seconds = timed_answer()
        assert (found.engine, found.degraded) == ("elasticsearch", False)
        assert not probe()["degraded"]
    finally:
        wire.set("open")
        sweep(index_settings.ELASTICSEARCH_INDEX)


@pytest.mark.elasticsearch
@pytest.mark.skipif(not CLUSTER, reason="Elasticsearch: NOT TESTED (ELASTICSEARCH_URL is empty)")
def test_a_cluster_without_an_index_is_visible_and_filled_by_the_comparison(embedded_base: Knowledge, index_settings: object):
    index_settings.ELASTICSEARCH_URL = CLUSTER
    try:
        found = answer(question="公积金怎么提取")
        assert (found.engine, found.degraded) == ("embedded", True)
        assert "rebuild_index" in found.reason
        indexing.reconcile(get_engine())
        assert answer(question="公积金怎么提取").engine == "elasticsearch"
    finally:
        sweep(index_settings.ELASTICSEARCH_INDEX)


def test_a_change_while_the_cluster_is_away_reaches_citizens_and_waits_for_the_cluster(
    embedded_base: Knowledge, index_settings: object, wire: Wire
):
    wire.set("cut")
    index_settings.ELASTICSEARCH_URL = wire.url
    embedded_base.publish("fresh", title="高温津贴发放标准", answer="按月发放。")
    embedded_base.work()
    job = Job.objects.get(kind="search.index", payload__code="fresh")
    assert (job.state, "Elasticsearch" in job.last_error) == (Job.State.PENDING, True)
    found = answer(question="高温津贴发放标准")
    assert (found.article_code, found.degraded) == ("fresh", True)


def test_the_second_engine_catches_up_with_what_other_machines_changed(
    embedded_base: Knowledge, index_settings: object, wire: Wire, tmp_path: object
):
    wire.set("cut")
    index_settings.ELASTICSEARCH_URL = wire.url
    index_settings.INDEX_DIR = tmp_path / "a-machine-that-never-indexed"
    found = selectors.find(text="公积金怎么提取")
    assert (found.items[0].code, found.degraded) == ("fund", True)


class Fake:
    """An engine that does as it is told."""

    def __init__(self, name: str) -> None:
        self.name, self.error, self.asked = name, "", 0

    def search(self, request: object) -> SearchResult:
        self.asked += 1
        if self.error:
            raise EngineError(self.error)
        return SearchResult(hits=(), documents=0, frequencies={}, engine=self.name)

    def status(self) -> EngineStatus:
        return EngineStatus(self.name, degraded=bool(self.error), reason=self.error)


def test_a_server_that_fails_is_left_alone_for_longer_each_time():
    clock, first, second = Clock(), Fake("cluster"), Fake("local")
    engine = FallbackEngine(first, second, catch_up=lambda _engine: None, clock=clock)
    first.error = "gone"
    asked = []
    for second_passed in range(40):
        clock.now = float(second_passed)
        assert engine.search(None).degraded
        asked.append(first.asked)
    assert asked[-1] <= 6, "2, 4, 8, 16 seconds between tries"
    first.error = ""
    clock.now += 60
    assert not engine.search(None).degraded
    assert not engine.breaker.open


def test_after_a_pause_one_caller_alone_tries():
    clock = Clock()
    breaker = Breaker(clock)
    breaker.failed("gone")
    assert not breaker.may_try()
    clock.now = 5
    assert [breaker.may_try() for _ in range(3)] == [True, False, False]
    assert breaker.succeeded()
    assert breaker.may_try()
