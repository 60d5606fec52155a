"""How a benchmark says what it measured: a line of JSON that `python -m benchmarks` gathers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

MARK = "FIGURE "


@dataclass(frozen=True)
class Figure:
    """One measured figure. `goal` in words, `met` whether it was reached (None: no goal), `note` what it was measured on."""

    name: str
    value: str
    goal: str = ""
    met: bool | None = None
    note: str = ""


def report(name: str, value: str, *, goal: str = "", met: bool | None = None, note: str = "") -> None:
    """Print the figure for people and for the gatherer."""
    print(MARK + json.dumps(asdict(Figure(name, value, goal, met, note)), ensure_ascii=False), flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
