"""How a part of the platform says how it is. Rooms announce a probe each; hotline.runtime.health asks them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

OK, DEGRADED, DOWN = "ok", "degraded", "down"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a probe found. `in_use`: the implementation that serves now; `real`: what to set for the production one."""

    in_use: str
    state: str = OK
    reason: str = ""
    real: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


Probe = Callable[[], Reading]
_probes: dict[str, Probe] = {}


def register_probe(name: str, probe: Probe) -> None:
    """Announce the probe of the part `name`; a later one replaces an earlier one. It may raise: that reads as down."""
    _probes[name] = probe


def all_probes() -> dict[str, Probe]:
    """All announced probes by part."""
    return dict(_probes)
