"""Creation plus dispatch by HTTP against inserting the same rows bare: on SQLite, then on PostgreSQL.

Eight clients post orders to /api/orders/; the job runner dispatches each by the duty list. SQLite is the one process of
`manage.py serve`; PostgreSQL is the shape of production: web in two processes, a Celery worker of two, Redis. The clock
starts when they have loaded their models and stops when the last order is dispatched. The peer writes rows of the same tables and
sizes with plain INSERTs, a transaction an order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from benchmarks.figures import percentile, report
from benchmarks.serving import ROOT, served, signed_in

CLIENTS = 8
ORDERS = int(os.environ.get("BENCH_ORDERS") or 400)
RATE_GOAL, P95_GOAL_MS = 40, 300

# Runs inside the server's environment: copies what the measured orders wrote, row for row, with plain INSERTs.
BARE = """
import json, sys, time, django
django.setup()
from django.apps import apps
from django.db import connection, transaction
tables = ["orders_workorder", "orders_orderevent", "orders_commitment", "clocks_clock", "dispatch_decision", "outbox_job",
          "outbox_feedevent"]
with connection.cursor() as c:
    saved = {}
    for t in tables:
        c.execute(f"SELECT * FROM {t} ORDER BY id DESC LIMIT 400")
        saved[t] = ([d[0] for d in c.description], c.fetchall())
    orders = len(saved["orders_workorder"][1])
    for t in tables:
        names = ", ".join(n for n in saved[t][0])
        c.execute(f"CREATE TABLE bare_{t} AS SELECT * FROM {t} WHERE 1 = 0")
began = time.perf_counter()
for n in range(orders):
    with transaction.atomic(), connection.cursor() as c:
        for t in tables:
            names, rows = saved[t]
            marks = ", ".join(["%s"] * len(names))
            for row in rows[n::orders]:
                c.execute(f"INSERT INTO bare_{t} ({', '.join(names)}) VALUES ({marks})", row)
print(json.dumps({"rate": orders / (time.perf_counter() - began)}))
"""


def measure(label: str, base: str, env: dict[str, str]) -> None:
    """Measure the server at `base` and report its figures. `env` reaches its database."""
    clients = [signed_in(base, name) for name in ("seat1", "seat2", "seat3", "leader1") * (CLIENTS // 4)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(_warm_up, clients))
        wait_dispatched(base)
        began = time.perf_counter()
        shares = list(pool.map(_post, clients, range(CLIENTS)))
    rate = ORDERS / (wait_dispatched(base) - began)
    times = [took for share in shares for took, _ in share]
    errors = [error for share in shares for _, error in share if error]
    bare = _bare_rate(env)
    p95 = percentile(times, 0.95)
    note = f"{ORDERS} orders, {CLIENTS} clients"
    report(f"create + dispatch, {label}", f"{rate:.0f} a second", goal=f">= {RATE_GOAL}", met=rate >= RATE_GOAL, note=note)
    report(f"create, {label}: p95", f"{p95:.0f} ms", goal=f"< {P95_GOAL_MS} ms", met=p95 < P95_GOAL_MS, note=note)
    report(f"create, {label}: errors", str(len(errors)), goal="0", met=not errors, note="; ".join(sorted(set(errors)))[:80])
    if bare:
        report(f"against bare inserts, {label}", f"{rate / bare:.3f} of {bare:.0f} a second", note="same rows, one client")


def _post(client: httpx.Client, share: int) -> list[tuple[float, str]]:
    """Post every eighth order; how long each took in milliseconds, and its error."""
    done = []
    for n in range(share, ORDERS, CLIENTS):
        started = time.perf_counter()
        answer = client.post("/api/orders/", json=body(n))
        took = (time.perf_counter() - started) * 1000
        done.append((took, "" if answer.status_code == 201 else f"{answer.status_code} {answer.text[:60]}"))
    return done


def body(n: int) -> dict[str, str]:
    """The fields of one order."""
    return {
        "order_type": "complaint",
        "content": f"基准测试第{n}件：路灯不亮，影响出行",
        "duty_item": ITEM,
        "phone": f"1990000{n:04d}",
        "name": "测试",
    }


def _warm_up(client: httpx.Client) -> None:
    """Post orders until ten in a row are quick: every process has its models then. Ends the run when that never comes."""
    quick, until = 0, time.monotonic() + 120
    while quick < 10:
        if time.monotonic() > until:
            raise SystemExit(f"{client.base_url} was not warm in two minutes: ten orders in a row never took {WARM_S} s at most")
        started = time.perf_counter()
        client.post("/api/orders/", json=body(9000 + quick)).raise_for_status()
        quick = quick + 1 if time.perf_counter() - started < WARM_S else 0


def wait_dispatched(base: str) -> float:
    """When no order waits for dispatch any more; in the seconds of `time.perf_counter`."""
    client = signed_in(base, "dispatch1")
    until = time.monotonic() + 120
    while time.monotonic() < until:
        left = client.get("/api/orders/", params={"state": "triage", "limit": 1}).json()["count"]
        if left == 0:
            return time.perf_counter()
        time.sleep(0.1)
    raise SystemExit(f"{left} orders were not dispatched within two minutes")


def _bare_rate(env: dict[str, str]) -> float:
    full = {**env, "DJANGO_SETTINGS_MODULE": "hotline.settings"}
    done = subprocess.run([sys.executable, "-c", BARE], cwd=ROOT, env=full, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-800:], file=sys.stderr)
        return 0.0
    return float(json.loads(done.stdout.strip().splitlines()[-1])["rate"])


def _city_item() -> str:
    """The code of an item that a city bureau or enterprise acts on itself, so that no place is needed."""
    import yaml

    items = yaml.safe_load((ROOT / "demo" / "duty_items.yml").read_text(encoding="utf-8"))
    return str(next(i["code"] for i in items if i["acts_at"] == "city" and i["urgency"] == "normal"))


ITEM = _city_item()
WARM_S = 1.0  # a process that still loads its models takes longer for one order


def main() -> None:
    """The one process on SQLite; then web, worker and beat on PostgreSQL and Redis, where these can be had."""
    if "--postgresql" not in sys.argv:
        with served() as (base, env):
            measure("SQLite", base, env)
    from tests.stack.install import NotAvailable
    from tests.stack.stack import Stack

    stack = Stack.fresh()
    try:
        stack.up(without=("Elasticsearch", "Rasa"))
        measure("PostgreSQL", stack.url, {**os.environ, **stack.env})
    except NotAvailable as error:
        report("create + dispatch, PostgreSQL", "NOT TESTED", note=str(error)[:80])
    finally:
        stack.down()


if __name__ == "__main__":
    main()
