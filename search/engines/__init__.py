"""Which engine is in use. `get_engine` for everyone; `probe` for the health page."""

from __future__ import annotations

import threading
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from search.engines.base import Engine
from search.engines.embedded import EmbeddedEngine
from ticketing.outbox.probes import DEGRADED, OK, Reading

_mutex = threading.Lock()
_engine: Engine | None = None
_made_for: tuple[object, ...] = ()


def get_engine() -> Engine:
    """The engine that the settings choose; one object a process, made anew when the settings change."""
    global _engine, _made_for
    wanted = (
        settings.ELASTICSEARCH_URL,
        settings.ELASTICSEARCH_INDEX,
        settings.ELASTICSEARCH_TIMEOUT,
        str(settings.INDEX_DIR),
    )
    with _mutex:
        if _engine is None or wanted != _made_for:
            _engine, _made_for = _make(), wanted
        return _engine


def _make() -> Engine:
    embedded = EmbeddedEngine(settings.INDEX_DIR)
    if not settings.ELASTICSEARCH_URL:
        return embedded
    # The client takes a tenth of a second to load; a laptop never needs it.
    from search.engines.elasticsearch import ElasticsearchEngine
    from search.engines.fallback import FallbackEngine
    from search.indexing import reconcile

    cluster = ElasticsearchEngine(
        settings.ELASTICSEARCH_URL, index=settings.ELASTICSEARCH_INDEX, timeout=settings.ELASTICSEARCH_TIMEOUT
    )
    return FallbackEngine(cluster, embedded, catch_up=reconcile)


def probe() -> dict[str, Any]:
    """What the health page shows of this part: which engine answers, degraded or not and why, latency in ms."""
    status = get_engine().status()
    return {
        "implementation": status.implementation,
        "degraded": status.degraded,
        "reason": status.reason,
        "latency_ms": round(status.latency_ms, 1),
        "documents": status.documents,
        "details": status.details,
        "to_get_real": "" if settings.ELASTICSEARCH_URL else _("set ELASTICSEARCH_URL"),
    }


def reading() -> Reading:
    """The same for the health page's list of parts."""
    found = probe()
    return Reading(
        in_use=found["implementation"],
        state=DEGRADED if found["degraded"] else OK,
        reason=found["reason"],
        real=found["to_get_real"],
        facts={"documents": found["documents"], "latency_ms": found["latency_ms"], **found["details"]},
    )
