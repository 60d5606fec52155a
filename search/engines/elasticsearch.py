"""The engine of a city: an Elasticsearch 8 cluster.

One index for each rebuild, named by its moment, behind two aliases: searches read through one, writers write through the
other. A rebuild first turns the writers to the new index, fills it, then turns the readers and drops the old one. Each
document carries the article's revision as its external version, so that a late bulk line never overwrites a newer change.

Terms are made by `search.analysis`; the server only splits at blanks. No optional module of the server is needed.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import elastic_transport
import elasticsearch
from django.utils.translation import gettext as _

from search.analysis import characters, terms
from search.engines.base import (
    FIELD_BOOSTS,
    EngineStatus,
    Hit,
    IndexDocument,
    Progress,
    SearchRequest,
    SearchResult,
    counted_words,
    day_number,
)
from search.errors import EngineError

_BULK_LINES = 500
_SLOW_SECONDS = 30.0  # for building, where nobody waits on the line
_EVERYWHERE = "*"
_FAILURES = (elasticsearch.ApiError, elastic_transport.TransportError)


def _mappings() -> dict[str, Any]:
    text = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
    return {
        "dynamic": "strict",
        "properties": {
            "code": {"type": "keyword"},
            "audience": {"type": "keyword"},
            "regions": {"type": "keyword"},
            "valid_from": {"type": "integer"},
            "valid_to": {"type": "integer"},
            "version": {"type": "integer", "index": False},
            "revision": {"type": "integer"},
            **dict.fromkeys(FIELD_BOOSTS, text),
            "everything": {"type": "text", "analyzer": "whitespace", "index_options": "docs", "norms": False},
            "passages": {"type": "keyword", "index": False, "doc_values": False},
            "passage_sounds": {"type": "keyword", "index": False, "doc_values": False},
        },
    }


class ElasticsearchEngine:
    """See `search.engines.base.Engine`. `timeout` bounds one search in seconds; the client is safe for threads."""

    name = "elasticsearch"

    def __init__(self, url: str, *, index: str, timeout: float = 1.5, replicas: int = 0) -> None:
        self._prefix = index
        self._read, self._write = f"{index}-read", f"{index}-write"
        self._timeout = timeout
        self._replicas = replicas
        # Refusals are answered from the embedded engine at once; asking twice would only make a citizen wait.
        self._client = elasticsearch.Elasticsearch(
            url, request_timeout=timeout, max_retries=0, retry_on_timeout=False, dead_node_backoff_factor=0.0
        )
        self._patient = self._client.options(request_timeout=_SLOW_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # --- reading -----------------------------------------------------------------------------------------------------
    def search(self, request: SearchRequest) -> SearchResult:
        """Candidates through the read alias, with document frequencies from the same request."""
        started = time.perf_counter()
        wanted = self._wanted(request)
        if not wanted:
            return SearchResult(hits=(), documents=0, frequencies={}, engine=self.name)
        asked = counted_words(request)
        try:
            answer = self._client.search(
                index=self._read,
                size=request.limit,
                query={"bool": {"must": [{"bool": {"should": wanted}}], "filter": self._filters(request)}},
                # Global, because frequencies are of the whole base, not of what this question found.
                aggs={
                    "base": {
                        "global": {},
                        "aggs": {"words": {"filters": {"filters": {word: {"term": {"everything": word}} for word in asked}}}},
                    }
                },
                source_includes=["version", "everything", "passages", "passage_sounds"],
                track_total_hits=False,
                timeout=f"{int(self._timeout * 1000)}ms",
            )
        except _FAILURES as error:
            raise EngineError(self._why(error)) from error
        base = answer["aggregations"]["base"]
        return SearchResult(
            hits=tuple(self._hit(hit) for hit in answer["hits"]["hits"]),
            documents=base["doc_count"],
            frequencies={word: bucket["doc_count"] for word, bucket in base["words"]["buckets"].items()},
            engine=self.name,
            took_ms=(time.perf_counter() - started) * 1000,
        )

    def revisions(self) -> dict[str, int]:
        """Code -> revision of everything behind the write alias, read page by page."""
        found: dict[str, int] = {}
        after: list[Any] | None = None
        try:
            while True:
                page = self._patient.search(
                    index=self._write,
                    size=1000,
                    sort=[{"code": "asc"}],
                    source_includes=["code", "revision"],
                    search_after=after,
                    track_total_hits=False,
                )["hits"]["hits"]
                for hit in page:
                    found[hit["_source"]["code"]] = hit["_source"]["revision"]
                if len(page) < 1000:
                    return found
                after = page[-1]["sort"]
        except elasticsearch.NotFoundError:
            return {}
        except _FAILURES as error:
            raise EngineError(self._why(error)) from error

    def status(self) -> EngineStatus:
        """Cluster health and the number of documents that searches see."""
        started = time.perf_counter()
        try:
            health = self._client.cluster.health()
            latency = (time.perf_counter() - started) * 1000
            count = self._client.count(index=self._read)["count"]
        except _FAILURES as error:
            return EngineStatus(implementation=self.name, degraded=True, reason=self._why(error))
        red = health["status"] == "red"
        return EngineStatus(
            implementation=self.name,
            degraded=red,
            reason=_("The cluster is red: part of its data is missing.") if red else "",
            latency_ms=latency,
            documents=count,
            details={"cluster": health["cluster_name"], "health": health["status"]},
        )

    # --- writing -----------------------------------------------------------------------------------------------------
    def index(self, documents: Iterable[IndexDocument]) -> None:
        """Write through the write alias; visible when this returns."""
        self._ensure_index()
        for lines in _batches(documents):
            self._bulk(self._write, lines)
        self._refresh(self._write)

    def remove(self, codes: dict[str, int]) -> None:
        """Delete through the write alias, with the revision of the removal as version."""
        self._ensure_index()
        operations = [
            {"delete": {"_id": code, "version": revision, "version_type": "external_gte"}} for code, revision in codes.items()
        ]
        if operations:
            self._send(self._write, operations)
        self._refresh(self._write)

    def rebuild(self, documents: Iterable[IndexDocument], *, progress: Progress | None = None) -> int:
        """New index, writers over, fill, readers over, old ones away. A failure leaves the readers where they were."""
        fresh = self._create()
        before_write = self._behind(self._write)
        count = 0
        try:
            self._patient.indices.update_aliases(actions=self._moves(self._write, before_write, fresh))
            for lines in _batches(documents):
                self._bulk(fresh, lines)
                count += len(lines)
                if progress:
                    progress(count)
            self._refresh(fresh)
            self._patient.indices.update_aliases(actions=self._moves(self._read, self._behind(self._read), fresh))
            self._drop_all_but(fresh)
        except _FAILURES as error:
            self._turn_back(fresh, before_write)
            raise EngineError(self._why(error)) from error
        except BaseException:
            self._turn_back(fresh, before_write)
            raise
        return count

    def _turn_back(self, fresh: str, before: list[str]) -> None:
        """After a rebuild that broke: writers return to what readers see, and the half-filled index goes."""
        with contextlib.suppress(*_FAILURES):
            if before:
                self._patient.indices.update_aliases(
                    actions=[
                        {"remove": {"index": fresh, "alias": self._write, "must_exist": False}},
                        *({"add": {"index": name, "alias": self._write}} for name in before),
                    ]
                )
            if fresh not in self._patient.indices.get_alias(name=self._read).body:
                self._patient.indices.delete(index=fresh, ignore_unavailable=True)

    # --- indexes and aliases -----------------------------------------------------------------------------------------
    def _create(self) -> str:
        name = f"{self._prefix}-{time.strftime('%Y%m%d%H%M%S')}-{uuid.uuid4().hex[:6]}"
        try:
            self._patient.indices.create(
                index=name,
                mappings=_mappings(),
                settings={"number_of_shards": 1, "number_of_replicas": self._replicas, "max_result_window": 10000},
            )
        except _FAILURES as error:
            raise EngineError(self._why(error)) from error
        return name

    def _ensure_index(self) -> None:
        """A first index behind both aliases: without it a write would make an index by the alias's name."""
        try:
            if self._client.indices.exists_alias(name=self._write):
                return
            fresh = self._create()
            self._patient.indices.update_aliases(
                actions=[
                    {"add": {"index": fresh, "alias": self._write, "is_write_index": True}},
                    {"add": {"index": fresh, "alias": self._read}},
                ]
            )
        except _FAILURES as error:
            raise EngineError(self._why(error)) from error

    def _behind(self, alias: str) -> list[str]:
        try:
            return list(self._patient.indices.get_alias(name=alias).body)
        except elasticsearch.NotFoundError:
            return []
        except _FAILURES as error:
            raise EngineError(self._why(error)) from error

    def _moves(self, alias: str, before: list[str], after: str) -> list[dict[str, Any]]:
        gone = [{"remove": {"index": name, "alias": alias}} for name in before if name != after]
        return [*gone, {"add": {"index": after, "alias": alias}}]

    def _drop_all_but(self, kept: str) -> None:
        in_use = {kept, *self._behind(self._read), *self._behind(self._write)}
        for name in self._patient.indices.get(index=f"{self._prefix}-2*").body:
            if name not in in_use:
                self._patient.indices.delete(index=name, ignore_unavailable=True)

    def _bulk(self, target: str, documents: list[IndexDocument]) -> None:
        operations: list[dict[str, Any]] = []
        for document in documents:
            version = {"_id": document.code, "version": document.revision, "version_type": "external_gte"}
            operations.extend(({"index": version}, _source(document)))
        self._send(target, operations)

    def _send(self, target: str, operations: list[dict[str, Any]]) -> None:
        try:
            answer = self._patient.bulk(index=target, operations=operations)
        except _FAILURES as error:
            raise EngineError(self._why(error)) from error
        for item in answer["items"] if answer["errors"] else ():
            result = next(iter(item.values()))
            # 409: something newer is there already. 404: nothing to delete. Both are what was wanted.
            if result["status"] >= 400 and result["status"] not in (404, 409):
                raise EngineError(f"Elasticsearch refused {result['_id']}: {result['error'].get('reason', '')}")

    def _refresh(self, target: str) -> None:
        try:
            self._patient.indices.refresh(index=target)
        except _FAILURES as error:
            raise EngineError(self._why(error)) from error

    # --- queries -----------------------------------------------------------------------------------------------------
    def _wanted(self, request: SearchRequest) -> list[dict[str, Any]]:
        wanted: list[dict[str, Any]] = []
        for position, reading in enumerate(request.readings):
            weight = 1.0 if position == 0 else 0.5
            pairs = terms(reading)
            asked = {
                "sounds": " ".join(sorted({term.sound for term in pairs})),
                "characters": " ".join(sorted(set(characters(reading)))),
            }
            words = " ".join(sorted({term.text for term in pairs}))
            wanted.extend(
                {"match": {name: {"query": asked.get(name, words), "boost": boost * weight}}}
                for name, boost in FIELD_BOOSTS.items()
                if asked.get(name, words)
            )
        return wanted

    def _filters(self, request: SearchRequest) -> list[dict[str, Any]]:
        day = day_number(request.on, default=0)
        filters: list[dict[str, Any]] = [
            {"range": {"valid_from": {"lte": day}}},
            {"range": {"valid_to": {"gte": day}}},
        ]
        if request.public_only:
            filters.append({"term": {"audience": "citizen"}})
        if request.region:
            filters.append({"terms": {"regions": [_EVERYWHERE, request.region]}})
        return filters

    def _hit(self, hit: dict[str, Any]) -> Hit:
        source = hit["_source"]
        return Hit(
            code=hit["_id"],
            version=source["version"],
            score=hit["_score"],
            everything=frozenset(source["everything"].split()),
            passages=tuple(tuple(text.split()) for text in source["passages"]),
            passage_sounds=tuple(tuple(text.split()) for text in source["passage_sounds"]),
        )

    def _why(self, error: Exception) -> str:
        if isinstance(error, elastic_transport.ConnectionTimeout):
            return _("Elasticsearch did not answer within %(seconds)g s.") % {"seconds": self._timeout}
        if isinstance(error, elastic_transport.ConnectionError):
            return _("Elasticsearch cannot be reached.")
        if isinstance(error, elasticsearch.NotFoundError):
            return _("Elasticsearch has no index of the knowledge base: run manage.py rebuild_index.")
        if isinstance(error, elasticsearch.ApiError):
            return _("Elasticsearch refused with status %(status)s (%(why)s).") % {
                "status": error.status_code,
                "why": error.message,
            }
        return _("Elasticsearch failed: %(why)s.") % {"why": type(error).__name__}


def _source(document: IndexDocument) -> dict[str, Any]:
    return {
        "code": document.code,
        "audience": "citizen" if document.public else "staff",
        "regions": list(document.regions) or [_EVERYWHERE],
        "valid_from": document.valid_from,
        "valid_to": document.valid_to,
        "version": document.version,
        "revision": document.revision,
        **{name: document.fields.get(name, "") for name in FIELD_BOOSTS},
        "everything": document.everything,
        "passages": list(document.passages),
        "passage_sounds": list(document.passage_sounds),
    }


def _batches(documents: Iterable[IndexDocument]) -> Iterator[list[IndexDocument]]:
    walk = iter(documents)
    while batch := list(islice(walk, _BULK_LINES)):
        yield batch
