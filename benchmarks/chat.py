"""A chat turn by HTTP: from the citizen's text to the bot's stored reply."""

from __future__ import annotations

import time

import httpx

from benchmarks.figures import percentile, report
from benchmarks.serving import served

GOAL_MS = 150
TALKS = 30
TEXTS = {
    "policy question": "请问公积金怎么提取",
    "report": "幸福路路灯坏了三天没人管",
    "small talk": "谢谢你们",
    "progress": "我想查一下上次反映的事办得怎么样了",
}


def main() -> None:
    """One fresh conversation for each turn, so that each kind is measured at the same point."""
    everything: list[float] = []
    with served() as (base, _env), httpx.Client(base_url=base, timeout=30) as client:
        for kind, text in TEXTS.items():
            times = []
            for n in range(TALKS + 3):
                answer = client.post("/chat/api/start", json={}, headers={"x-forwarded-for": f"198.51.100.{n}"})
                token = answer.json()["token"]
                began = time.perf_counter()
                said = client.post(f"/chat/api/{token}/say", json={"text": text})
                times.append((time.perf_counter() - began) * 1000)
                assert said.status_code == 200, said.text[:200]
            everything += times[3:]
            report(f"chat turn, {kind}: p95", f"{percentile(times[3:], 0.95):.0f} ms")
    p95 = percentile(everything, 0.95)
    report("chat turn, all kinds: p95", f"{p95:.0f} ms", goal=f"< {GOAL_MS} ms", met=p95 < GOAL_MS)


if __name__ == "__main__":
    main()
