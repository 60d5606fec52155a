"""The desks' lists over 100,000 orders: p95 of the page and of the API, one client after the other."""

from __future__ import annotations

import os
import time

from benchmarks.figures import percentile, report
from benchmarks.serving import served, signed_in

ORDERS = int(os.environ.get("BENCH_LIST_ORDERS") or 100_000)
ROUNDS = 40
GOAL_MS = 300
PAGES = [
    ("dispatch1", "/desk/inbox/"),
    ("dispatch1", "/desk/orders/"),
    ("dispatch1", "/api/orders/?limit=50"),
    ("dispatch1", "/api/orders/?state=processing&limit=50"),
    ("cgj-clerk", "/desk/unit/"),
    ("callback1", "/desk/callback/"),
    ("supervise1", "/desk/supervision/"),
    ("head1", "/desk/wall/data/"),
]


def main() -> None:
    """Ask for each list ROUNDS times and report p95."""
    with served(orders=ORDERS) as (base, _env):
        for who, path in PAGES:
            client = signed_in(base, who)
            times = []
            for _ in range(ROUNDS + 3):
                began = time.perf_counter()
                answer = client.get(path)
                times.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200, f"{path}: {answer.status_code}"
            p95 = percentile(times[3:], 0.95)
            report(f"{path} with {ORDERS:,} orders: p95", f"{p95:.0f} ms", goal=f"< {GOAL_MS} ms", met=p95 < GOAL_MS)


if __name__ == "__main__":
    main()
