"""Jobs of this room: small adapters that take codes; an article that is gone is no failure."""

from __future__ import annotations

from typing import Any

from search import indexing
from search.engines import get_engine, reading
from ticketing.outbox import registry
from ticketing.outbox.probes import register_probe

INDEX_JOB = "search.index"
REBUILD_JOB = "search.rebuild"


@registry.handles(INDEX_JOB)
def index_article(payload: dict[str, Any]) -> None:
    """Bring one article in the index to what its row says now. Payload: {"code"}."""
    indexing.sync_article(get_engine(), payload["code"])


@registry.handles(REBUILD_JOB, slow=True)
def rebuild(payload: dict[str, Any]) -> None:
    """Build the whole index anew and swap."""
    get_engine().rebuild(indexing.PublishedDocuments())


@registry.periodic("search.reconcile", every_seconds=600, slow=True)
def reconcile() -> None:
    """Put right what the index missed: a cluster that came back empty, a job that was given up."""
    indexing.reconcile(get_engine())


register_probe("search", reading)
