"""The engine inside the process: tantivy on disk, for a laptop, a small town, and for when the cluster is away.

Files under the index folder: one folder for each generation, and `current`, a file that names the one in use. A rebuild
writes a new generation and then replaces `current` in one step, so that searches (of this process and of others) go from
the whole old index to the whole new one. Writers of all processes take turns by a lock file; readers never wait.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tantivy
from django.utils.translation import gettext as _

from search.analysis import characters, terms
from search.engines.base import (
    FIELD_BOOSTS,
    FIRST_DAY,
    LAST_DAY,
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

_WRITER_BYTES = 32_000_000  # tantivy refuses less than 15 MB a thread
_LOCK_WAIT_SECONDS = 30.0
_EVERYWHERE = "*"


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("code", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("audience", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("regions", tokenizer_name="whitespace", index_option="basic")
    builder.add_integer_field("valid_from", indexed=True, fast=True)
    builder.add_integer_field("valid_to", indexed=True, fast=True)
    builder.add_integer_field("version", stored=True)
    builder.add_integer_field("revision", stored=True)
    for name in FIELD_BOOSTS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("everything", stored=True, tokenizer_name="whitespace", index_option="basic")
    builder.add_bytes_field("passages", stored=True, indexed=False)
    return builder.build()


@dataclass(slots=True)
class _Opened:
    """An open generation and the moment of its last commit that this process has loaded."""

    name: str
    path: Path
    index: tantivy.Index
    loaded: int


class EmbeddedEngine:
    """See `search.engines.base.Engine`. One object serves all threads of a process."""

    name = "embedded"

    def __init__(self, root: Path) -> None:
        self._root = Path(root)
        self._schema = _schema()
        self._opened: _Opened | None = None
        self._mutex = threading.Lock()
        self._revisions: tuple[str, int, dict[str, int]] | None = None

    # --- reading -----------------------------------------------------------------------------------------------------
    def search(self, request: SearchRequest) -> SearchResult:
        """Candidates from the generation in use; raises EngineError when there is none yet."""
        started = time.perf_counter()
        searcher = self._open().index.searcher()
        found = searcher.search(self._query(request), limit=request.limit, count=False)
        hits = tuple(self._hit(searcher, score, address) for score, address in found.hits)
        asked = counted_words(request)
        return SearchResult(
            hits=hits,
            documents=searcher.num_docs,
            frequencies={term: searcher.doc_freq("everything", term) for term in asked},
            engine=self.name,
            took_ms=(time.perf_counter() - started) * 1000,
        )

    def revisions(self) -> dict[str, int]:
        """Code -> revision of the generation in use; empty when there is none yet."""
        try:
            opened = self._open()
        except EngineError:
            return {}
        known = self._revisions
        if known and known[:2] == (opened.name, opened.loaded):
            return known[2]
        searcher = opened.index.searcher()
        found: dict[str, int] = {}
        if searcher.num_docs:
            for _rank, address in searcher.search(tantivy.Query.all_query(), limit=searcher.num_docs).hits:
                stored = searcher.doc(address)
                found[str(stored.get_first("code"))] = int(stored.get_first("revision") or 0)
        self._revisions = (opened.name, opened.loaded, found)
        return found

    def status(self) -> EngineStatus:
        """Number of documents and how long one look takes."""
        started = time.perf_counter()
        try:
            opened = self._open()
            count = opened.index.searcher().num_docs
        except EngineError as error:
            return EngineStatus(implementation=self.name, degraded=True, reason=str(error))
        return EngineStatus(
            implementation=self.name,
            latency_ms=(time.perf_counter() - started) * 1000,
            documents=count,
            details={"generation": opened.name},
        )

    # --- writing -----------------------------------------------------------------------------------------------------
    def index(self, documents: Iterable[IndexDocument]) -> None:
        """Replace documents in the generation in use, or start one."""
        with self._writing() as opened:
            writer = opened.index.writer(heap_size=_WRITER_BYTES, num_threads=1)
            for document in documents:
                writer.delete_documents_by_term("code", document.code)
                writer.add_document(self._stored(document))
            writer.commit()
            writer.wait_merging_threads()

    def remove(self, codes: dict[str, int]) -> None:
        """Delete documents from the generation in use."""
        with self._writing() as opened:
            writer = opened.index.writer(heap_size=_WRITER_BYTES, num_threads=1)
            for code in codes:
                writer.delete_documents_by_term("code", code)
            writer.commit()
            writer.wait_merging_threads()

    def rebuild(self, documents: Iterable[IndexDocument], *, progress: Progress | None = None) -> int:
        """Write a new generation, swap to it, drop all generations but the last two."""
        with self._lock():
            before = self._current_name()
            name, _folder, index = self._new_generation()
            writer = index.writer(heap_size=_WRITER_BYTES, num_threads=1)
            count = 0
            for document in documents:
                writer.add_document(self._stored(document))
                count += 1
                if progress:
                    progress(count)
            writer.commit()
            writer.wait_merging_threads()
            self._point_at(name)
            self._sweep(keep={name, before})
        return count

    # --- generations -------------------------------------------------------------------------------------------------
    def _current_name(self) -> str:
        try:
            return (self._root / "current").read_text().strip()
        except FileNotFoundError:
            return ""

    def _new_generation(self) -> tuple[str, Path, tantivy.Index]:
        name = f"{time.strftime('%Y%m%d%H%M%S')}-{uuid.uuid4().hex[:8]}"
        path = self._root / name
        path.mkdir(parents=True)
        return name, path, tantivy.Index(self._schema, path=str(path))

    def _point_at(self, name: str) -> None:
        fresh = self._root / f"current.{uuid.uuid4().hex}"
        with fresh.open("w") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._root / "current")

    def _sweep(self, *, keep: set[str]) -> None:
        for path in self._root.iterdir():
            if path.is_dir() and path.name not in keep:
                shutil.rmtree(path, ignore_errors=True)

    def _open(self) -> _Opened:
        """The generation in use, opened anew when another process swapped it and reloaded when one wrote to it."""
        for _attempt in range(3):
            name = self._current_name()
            if not name:
                raise EngineError(_("There is no index of the knowledge base yet: run manage.py rebuild_index."))
            path = self._root / name
            try:
                written = (path / "meta.json").stat().st_mtime_ns
                with self._mutex:
                    opened = self._opened
                    if opened is None or opened.name != name:
                        index = tantivy.Index(self._schema, path=str(path))
                        index.config_reader("manual")
                        index.reload()
                        self._opened = opened = _Opened(name, path, index, written)
                    elif opened.loaded != written:
                        opened.index.reload()
                        # A fresh record: others may be reading the old one.
                        self._opened = opened = _Opened(name, path, opened.index, written)
                return opened
            except FileNotFoundError:
                continue  # swapped away between reading the name and opening it
            except (ValueError, OSError) as error:
                raise EngineError(
                    _("The index cannot be read (%(why)s): run manage.py rebuild_index.") % {"why": error}
                ) from error
        raise EngineError(_("The index was swapped three times while it was being opened; try again."))

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One writer at a time over all threads and processes; EngineError after 30 s of waiting."""
        self._root.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + _LOCK_WAIT_SECONDS
        with (self._root / "writer.lock").open("a") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise EngineError(_("Another process has been writing the index for 30 s; try again.")) from None
                    time.sleep(0.02)
            yield

    @contextlib.contextmanager
    def _writing(self) -> Iterator[_Opened]:
        with self._lock():
            if not self._current_name():
                name, _folder, index = self._new_generation()
                writer = index.writer(heap_size=_WRITER_BYTES, num_threads=1)
                writer.commit()
                writer.wait_merging_threads()
                self._point_at(name)
            yield self._open()

    # --- documents and queries ---------------------------------------------------------------------------------------
    def _stored(self, document: IndexDocument) -> tantivy.Document:
        passages = {"passages": document.passages, "sounds": document.passage_sounds}
        stored = tantivy.Document()
        stored.add_text("code", document.code)
        stored.add_text("audience", "citizen" if document.public else "staff")
        stored.add_text("regions", " ".join(document.regions) or _EVERYWHERE)
        stored.add_integer("valid_from", document.valid_from)
        stored.add_integer("valid_to", document.valid_to)
        stored.add_integer("version", document.version)
        stored.add_integer("revision", document.revision)
        for name in FIELD_BOOSTS:
            stored.add_text(name, document.fields.get(name, ""))
        stored.add_text("everything", document.everything)
        stored.add_bytes("passages", json.dumps(passages).encode())
        return stored

    def _hit(self, searcher: tantivy.Searcher, score: float, address: tantivy.DocAddress) -> Hit:
        stored = searcher.doc(address)
        blob: Any = stored.get_first("passages")
        passages = json.loads(bytes(blob))
        return Hit(
            code=str(stored.get_first("code")),
            version=int(stored.get_first("version") or 0),
            score=float(score),
            everything=frozenset(str(stored.get_first("everything")).split()),
            passages=tuple(tuple(text.split()) for text in passages["passages"]),
            passage_sounds=tuple(tuple(text.split()) for text in passages["sounds"]),
        )

    def _query(self, request: SearchRequest) -> tantivy.Query:
        query, must, should = tantivy.Query, tantivy.Occur.Must, tantivy.Occur.Should
        wanted: list[tuple[tantivy.Occur, tantivy.Query]] = []
        for position, reading in enumerate(request.readings):
            weight = 1.0 if position == 0 else 0.5
            pairs = terms(reading)
            asked = {
                "sounds": {term.sound for term in pairs},
                "characters": set(characters(reading)),
            }
            words = {term.text for term in pairs}
            for name, boost in FIELD_BOOSTS.items():
                wanted.extend(
                    (should, query.boost_query(query.term_query(self._schema, name, word, "freq"), boost * weight))
                    for word in asked.get(name, words)
                )
        if not wanted:
            return query.empty_query()
        day = day_number(request.on, default=0)
        whole = tantivy.FieldType.Integer
        clauses = [
            (must, query.boolean_query(wanted)),
            (must, query.const_score_query(query.range_query(self._schema, "valid_from", whole, FIRST_DAY, day), 0.0)),
            (must, query.const_score_query(query.range_query(self._schema, "valid_to", whole, day, LAST_DAY), 0.0)),
        ]
        if request.public_only:
            clauses.append((must, query.const_score_query(query.term_query(self._schema, "audience", "citizen"), 0.0)))
        if request.region:
            places = [(should, query.term_query(self._schema, "regions", place)) for place in (_EVERYWHERE, request.region)]
            clauses.append((must, query.const_score_query(query.boolean_query(places), 0.0)))
        return query.boolean_query(clauses)
