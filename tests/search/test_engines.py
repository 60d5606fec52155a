"""What both engines promise: whole indexes only, changes by job, repair by comparison."""

from __future__ import annotations

import threading
from datetime import date

import pytest

from search import indexing, selectors
from search.analysis import fold_query
from search.engines import get_engine, probe
from search.engines.base import SearchRequest
from search.engines.embedded import EmbeddedEngine
from search.errors import EngineError
from search.models import Article
from tests.search.conftest import ROWS, Knowledge

REQUEST = SearchRequest(readings=(fold_query("公积金怎么提取"),), on=date(2026, 3, 2))


def test_a_rebuild_under_live_search_never_shows_an_empty_index(knowledge: Knowledge):
    engine, documents = get_engine(), list(indexing.PublishedDocuments())
    stop, counts, errors = threading.Event(), [], []

    def look() -> None:
        while not stop.is_set():
            try:
                result = engine.search(REQUEST)
            except Exception as error:
                errors.append(error)
            else:
                counts.append((result.documents, result.hits[0].code if result.hits else None, result.degraded))

    watchers = [threading.Thread(target=look) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    for _ in range(4):
        engine.rebuild(documents)
    stop.set()
    for watcher in watchers:
        watcher.join()
    assert not errors
    assert len(counts) > 4
    assert set(counts) == {(len(ROWS), "fund", False)}


def test_a_rebuild_that_breaks_leaves_searches_where_they_were(knowledge: Knowledge):
    def broken() -> object:
        yield next(iter(indexing.PublishedDocuments()))
        raise RuntimeError("the disk is full")

    engine = get_engine()
    for part in (engine, getattr(engine, "first", engine)):
        with pytest.raises(RuntimeError):
            part.rebuild(broken())
    assert engine.search(REQUEST).documents == len(ROWS)
    knowledge.publish("late", title="迟到的条目", answer="还能写入。")
    knowledge.work()
    assert engine.search(REQUEST).documents == len(ROWS) + 1


def test_a_comparison_puts_right_what_jobs_missed(knowledge: Knowledge):
    engine = get_engine()
    knowledge.publish("fund", title="新标题", answer="新回答。")
    Article.objects.filter(code="wages").update(published=None)
    engine.remove({"permit": Article.objects.get(code="permit").revision})
    done = indexing.reconcile(engine)
    assert (done.indexed, done.removed, done.rebuilt) == (2, 1, False)
    assert engine.revisions() == dict(Article.objects.exclude(code="wages").values_list("code", "revision"))
    assert indexing.reconcile(engine) == indexing.Reconciled()


def test_a_comparison_with_nothing_builds_everything(knowledge: Knowledge, index_settings: object, tmp_path: object):
    index_settings.INDEX_DIR = tmp_path / "other"
    index_settings.ELASTICSEARCH_INDEX += "-other"
    assert indexing.reconcile(get_engine()).rebuilt
    assert get_engine().search(REQUEST).hits[0].code == "fund"


def test_a_job_for_an_article_that_is_gone_is_no_failure(knowledge: Knowledge):
    indexing.sync_article(get_engine(), "never-was")
    assert len(get_engine().revisions()) == len(ROWS)


def test_a_late_older_change_does_not_undo_a_newer_one(knowledge: Knowledge):
    old = [document for document in indexing.PublishedDocuments() if document.code == "fund"]
    knowledge.publish("fund", title="新标题", answer="新回答。")
    knowledge.work()
    cluster = getattr(get_engine(), "first", None)
    if cluster is not None:
        cluster.index(old)
        assert cluster.revisions()["fund"] == Article.objects.get(code="fund").revision


def test_the_probe_names_engine_and_size(knowledge: Knowledge):
    found = probe()
    assert (found["implementation"], found["degraded"], found["documents"]) == (knowledge.kind, False, len(ROWS))
    assert found["latency_ms"] >= 0
    assert bool(found["to_get_real"]) == (knowledge.kind == "embedded")


def test_both_engines_give_one_score(knowledge: Knowledge):
    engine = get_engine()
    if knowledge.kind == "embedded":
        engine = EmbeddedEngine(engine._root)
        assert engine.search(REQUEST).frequencies == get_engine().search(REQUEST).frequencies
        return
    first, second = engine.first.search(REQUEST), engine.second.search(REQUEST)
    assert first.frequencies == second.frequencies
    assert {hit.code for hit in first.hits} == {hit.code for hit in second.hits}
    scores = {item.code: item.score for item in selectors.find(text="公积金怎么提取").items}
    engine.breaker.failed("away")
    again = selectors.find(text="公积金怎么提取")
    assert again.degraded
    assert again.items[0].score == pytest.approx(scores[again.items[0].code], abs=0.02)


def test_another_process_sees_writes_and_swaps(knowledge: Knowledge, index_settings: object):
    other = EmbeddedEngine(index_settings.INDEX_DIR)
    assert other.search(REQUEST).documents == len(ROWS)
    knowledge.publish("more", title="又一条", answer="又一条回答。")
    knowledge.work()
    assert other.search(REQUEST).documents == len(ROWS) + 1
    get_engine().rebuild(indexing.PublishedDocuments())
    assert other.search(REQUEST).documents == len(ROWS) + 1


def test_old_generations_are_swept(knowledge: Knowledge, index_settings: object):
    for _ in range(3):
        get_engine().rebuild(indexing.PublishedDocuments())
    assert sum(path.is_dir() for path in index_settings.INDEX_DIR.iterdir()) == 2


def test_a_damaged_index_says_so(knowledge: Knowledge, index_settings: object):
    if knowledge.kind == "embedded":
        for path in index_settings.INDEX_DIR.glob("*/meta.json"):
            path.write_text("{")
        with pytest.raises(EngineError, match="rebuild_index"):
            EmbeddedEngine(index_settings.INDEX_DIR).search(REQUEST)
        assert EmbeddedEngine(index_settings.INDEX_DIR).status().degraded
