"""Creation plus dispatch by HTTP against inserting the same rows bare: SQLite, then PostgreSQL where it can be had.

Eight clients post orders to /api/orders/; the job runner dispatches each by the duty list. The clock starts when the
server has loaded its models and stops when the last order is dispatched. The peer writes rows of the same tables and
sizes with plain INSERTs, a transaction an order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
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


def measure(label: str, database_url: str = "") -> None:
    """Measure one database and report its figures."""
    with served(database_url=database_url) as (base, env):
        times, errors = _post_all(base)
        began = _post_all.began  # type: ignore[attr-defined]
        dispatched = _wait_dispatched(base, ORDERS)
        rate = ORDERS / (dispatched - began)
        bare = _bare_rate(env)
    p95 = percentile(times, 0.95)
    note = f"{ORDERS} orders, {CLIENTS} clients"
    report(f"create + dispatch, {label}", f"{rate:.0f} a second", goal=f">= {RATE_GOAL}", met=rate >= RATE_GOAL, note=note)
    report(f"create, {label}: p95", f"{p95:.0f} ms", goal=f"< {P95_GOAL_MS} ms", met=p95 < P95_GOAL_MS, note=note)
    report(f"create, {label}: errors", str(len(errors)), goal="0", met=not errors, note="; ".join(sorted(set(errors)))[:80])
    if bare:
        report(f"against bare inserts, {label}", f"{rate / bare:.3f} of {bare:.0f} a second", note="same rows, one client")


def _post_all(base: str) -> tuple[list[float], list[str]]:
    clients = [signed_in(base, name) for name in ("seat1", "seat2", "seat3", "leader1") * (CLIENTS // 4)]
    times: list[float] = []
    errors: list[str] = []
    guard = threading.Lock()

    _warm_up(clients[0], base)

    def work(k: int) -> None:
        client = clients[k]
        for n in range(k, ORDERS, CLIENTS):
            started = time.perf_counter()
            answer = client.post("/api/orders/", json=_body(n))
            took = (time.perf_counter() - started) * 1000
            with guard:
                times.append(took)
                if answer.status_code != 201:
                    errors.append(f"{answer.status_code} {answer.text[:60]}")

    _post_all.began = time.perf_counter()  # type: ignore[attr-defined]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    return times, errors


def _body(n: int) -> dict[str, str]:
    return {
        "order_type": "complaint",
        "content": f"基准测试第{n}件：路灯不亮，影响出行",
        "duty_item": ITEM,
        "phone": f"1990000{n:04d}",
        "name": "测试",
    }


def _warm_up(client: httpx.Client, base: str) -> None:
    """Post orders one by one until ten in a row are quick: the models are loaded then. Ends the run when that never comes."""
    quick, until = 0, time.monotonic() + 120
    while quick < 10:
        if time.monotonic() > until:
            raise SystemExit(f"{base} was not warm within two minutes: no ten orders in a row took less than {WARM_S} s each")
        started = time.perf_counter()
        client.post("/api/orders/", json=_body(9000 + quick)).raise_for_status()
        quick = quick + 1 if time.perf_counter() - started < WARM_S else 0
    _wait_dispatched(base, quick)


def _wait_dispatched(base: str, count: int) -> float:
    client = signed_in(base, "dispatch1")
    until = time.monotonic() + 120
    while time.monotonic() < until:
        left = client.get("/api/orders/", params={"state": "triage", "limit": 1}).json()["count"]
        if left == 0:
            return time.perf_counter()
        time.sleep(0.1)
    raise SystemExit(f"{left} of {count} orders were not dispatched within two minutes")


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
WARM_S = 0.3  # an order alone on a loaded server


def main() -> None:
    """SQLite always; PostgreSQL where its program is found."""
    measure("SQLite")
    from tests.stack import servers
    from tests.stack.install import NotAvailable
    from tests.stack.processes import stop
    from tests.stack.stack import Stack

    stack = Stack.fresh()
    stack.folder.chmod(0o755)  # the server runs as a user of its own
    try:
        running, address = servers.postgres(stack.folder)
    except NotAvailable as error:
        report("create + dispatch, PostgreSQL", "NOT TESTED", note=str(error)[:80])
        return
    try:
        measure("PostgreSQL", address)
    finally:
        stop(running)
        stack.down()


if __name__ == "__main__":
    main()
