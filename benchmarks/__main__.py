"""`python -m benchmarks [NAME ...]`: run the benchmarks one after the other and write benchmarks/results.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from benchmarks.figures import MARK, Figure

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results.md"
BENCHMARKS = {
    "voice": "The voice path",
    "orders": "Creation and dispatch",
    "helpdesk": "Creation against django-helpdesk",
    "claims": "Twenty dispatchers on one inbox",
    "chat": "A chat turn",
    "lists": "Lists",
    "catalogue": "The catalogue of items",
    "units": "The tree of units, scopes and candidates",
    "search_quality": "Answers of the knowledge base",
    "understanding": "Understanding",
    "routing": "Routing by words",
}


def run(name: str) -> tuple[list[Figure], bool]:
    """The figures of one benchmark, and whether it came to its end."""
    print(f"\n=== {BENCHMARKS[name]} (benchmarks/{name}.py)", flush=True)
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{name}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LOG_LEVEL": "ERROR"},
    )
    assert process.stdout is not None
    figures = []
    for line in process.stdout:
        if line.startswith(MARK):
            figure = Figure(**json.loads(line[len(MARK) :]))
            figures.append(figure)
            print(
                f"  {figure.name}: {figure.value}  {'' if figure.met is None else 'ok' if figure.met else 'NOT REACHED'}",
                flush=True,
            )
        else:
            print(line, end="", flush=True)
    return figures, process.wait() == 0


def section(title: str, figures: list[Figure]) -> str:
    """A table in Markdown."""
    rows = ["| figure | measured | goal | reached | measured on |", "|---|---|---|---|---|"]
    for f in figures:
        reached = "" if f.met is None else "yes" if f.met else "**no**"
        rows.append(f"| {f.name} | {f.value} | {f.goal} | {reached} | {f.note} |")
    return f"## {title}\n\n" + "\n".join(rows) + "\n"


def main() -> None:
    """Run those named, or all; the file keeps only what was measured in this run."""
    names = sys.argv[1:] or [n for n in BENCHMARKS if (ROOT / "benchmarks" / f"{n}.py").exists()]
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        sys.exit(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(BENCHMARKS)}")
    began, parts, failed = time.monotonic(), [], []
    for name in names:
        figures, ended = run(name)
        parts.append(section(BENCHMARKS[name], figures))
        if not ended:
            failed.append(name)
            parts.append("This benchmark broke off; the figures above are what it had measured.\n")
    head = (
        f"# Results\n\nMeasured on {date.today().isoformat()}: {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}. Absolute figures are this machine's; ratios are to the peer named in the row.\n\n"
    )
    RESULTS.write_text(head + "\n".join(parts), encoding="utf-8")
    print(f"\n{time.monotonic() - began:.0f} s; written to {RESULTS.relative_to(ROOT)}")
    if failed:
        sys.exit(f"Broke off: {', '.join(failed)}")


if __name__ == "__main__":
    main()
