"""How the platform is: one selector for the page, its JSON, and `manage.py doctor`."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import connections
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ticketing.outbox.probes import DEGRADED, DOWN, OK, Probe, Reading, all_probes, register_probe

__all__ = ["DEGRADED", "DOWN", "OK", "Part", "Reading", "Report", "register_probe", "report"]

PROBE_SECONDS = 2.0
FRESH_SECONDS = 2.0  # a page that many reload asks the parts no more often than this
# The order of the page; parts that are not named here follow.
PARTS = {
    "web": gettext_noop("Web server"),
    "database": gettext_noop("Database"),
    "jobs": gettext_noop("Background jobs"),
    "schedule": gettext_noop("Schedule"),
    "live": gettext_noop("Live updates"),
    "search": gettext_noop("Knowledge search"),
    "understanding": gettext_noop("Understanding"),
    "speech": gettext_noop("Speech recognition"),
    "voice_out": gettext_noop("Voice out"),
    "telephony": gettext_noop("Telephony"),
    "calls": gettext_noop("Calls"),
    "storage": gettext_noop("Storage"),
}
VITAL = frozenset({"web", "database"})


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it was found. `latency_ms` is how long its probe took."""

    name: str
    label: str
    in_use: str
    state: str
    reason: str
    real: str
    latency_ms: float
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def degraded(self) -> bool:
        """Whether it works less well than it should, or not at all."""
        return self.state != OK


@dataclass(frozen=True, slots=True)
class Report:
    """All parts. `state`: down when a vital part is down, degraded when any part is not well, else ok."""

    state: str
    parts: tuple[Part, ...]
    taken_at: float

    def as_json(self) -> dict[str, Any]:
        """The JSON form of page and command."""
        parts = [{**asdict(part), "label": str(part.label), "degraded": part.degraded} for part in self.parts]
        return {"state": self.state, "parts": parts}


_pool = ThreadPoolExecutor(max_workers=len(PARTS) + 4, thread_name_prefix="health")
_running: dict[tuple[str, str], Future[tuple[Reading, float]]] = {}
_lock = threading.Lock()
_last: dict[str, Report] = {}  # by language


def report(*, seconds: float = PROBE_SECONDS, fresh: bool = False) -> Report:
    """Ask all parts at once, each with at most `seconds`. A report younger than two seconds is given again."""
    language = translation.get_language() or ""
    last = _last.get(language)
    if not fresh and last is not None and time.time() - last.taken_at < FRESH_SECONDS:
        return last
    probes = all_probes()
    order = [name for name in PARTS if name in probes] + sorted(probes.keys() - PARTS.keys())
    futures = {name: _ask(name, probes[name], language) for name in order}
    until = time.monotonic() + seconds
    parts = tuple(_part(name, futures[name], until, seconds) for name in order)
    if any(part.state == DOWN and part.name in VITAL for part in parts):
        state = DOWN
    else:
        state = DEGRADED if any(part.degraded for part in parts) else OK
    _last[language] = found = Report(state, parts, time.time())
    return found


def _ask(name: str, probe: Probe, language: str) -> Future[tuple[Reading, float]]:
    """Start a probe, unless the one before still hangs: probes that never end must not pile up."""
    with _lock:
        running = _running.get((name, language))
        if running is None or running.done():
            running = _running[name, language] = _pool.submit(_timed, probe, language)
        return running


def _timed(probe: Probe, language: str) -> tuple[Reading, float]:
    began = time.monotonic()
    try:
        with translation.override(language or None):
            reading = probe()
    except Exception as error:
        reading = Reading(in_use="", state=DOWN, reason=f"{type(error).__name__}: {error}")
    finally:
        connections.close_all()  # many threads, seldom used: none of them keeps a connection
    return reading, (time.monotonic() - began) * 1000


def _part(name: str, future: Future[tuple[Reading, float]], until: float, seconds: float) -> Part:
    try:
        reading, latency = future.result(timeout=max(until - time.monotonic(), 0.0))
    except TooSlow:
        reason = _("No answer within %(seconds)g s.") % {"seconds": seconds}
        reading, latency = Reading(in_use="", state=DOWN, reason=reason), seconds * 1000
    label = _(PARTS[name]) if name in PARTS else name
    return Part(
        name=name,
        label=label,
        in_use=reading.in_use,
        state=reading.state,
        reason=reading.reason,
        real=reading.real,
        latency_ms=round(latency, 1),
        facts=reading.facts,
    )
