"""Twenty dispatchers on one inbox at full speed on PostgreSQL: each claims the next order and dispatches it at once.

Checked against the database afterwards: every order claimed and dispatched exactly once, none left, no refusal and no
error, no deadlock counted by the server.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg

from benchmarks import orders
from benchmarks.figures import percentile, report
from benchmarks.serving import PASSWORD, signed_in

DISPATCHERS, ORDERS = 20, 400
PEOPLE = f"""
from ticketing.organisation.models import Appointment, Staff
first = Staff.objects.get(username="dispatch1")
for n in range({DISPATCHERS}):
    made = Staff.objects.create_user(f"bench-{{n}}", password={PASSWORD!r}, display_name=f"派单员{{n}}", unit=first.unit)
    Appointment.objects.create(staff=made, role="dispatcher", unit=first.unit)
"""

Done = list[tuple[str, float]]  # order number, milliseconds from asking to having dispatched it


def fill(base: str) -> set[str]:
    """Orders that wait for a person, because they are critical; their numbers."""
    clients = [signed_in(base, name) for name in ("seat1", "seat2", "seat3", "leader1")]

    def share(k: int) -> list[str]:
        made = []
        for n in range(k, ORDERS, len(clients)):
            answer = clients[k].post("/api/orders/", json={**orders.body(n), "urgency": "critical"})
            answer.raise_for_status()
            made.append(str(answer.json()["number"]))
        return made

    with ThreadPoolExecutor(len(clients)) as pool:
        return {number for part in pool.map(share, range(len(clients))) for number in part}


def work(client: httpx.Client, unit: int) -> tuple[Done, Counter[str]]:
    """Claim and dispatch until nothing waits; what was done, and every answer that was none of the expected ones."""
    done: Done = []
    odd: Counter[str] = Counter()
    while True:
        began = time.perf_counter()
        claimed = client.post("/api/orders/claim_next/")
        if claimed.status_code == 204:
            return done, odd
        if claimed.status_code != 200:
            odd[f"claim {claimed.status_code} {claimed.text[:80]}"] += 1
            return done, odd
        number = claimed.json()["number"]
        body = {"unit": unit, "reason": "职责相符"}
        sent = client.post(f"/api/orders/{number}/dispatch/", json=body)
        if sent.status_code != 200:
            odd[f"dispatch {sent.status_code} {sent.text[:80]}"] += 1
        done.append((number, (time.perf_counter() - began) * 1000))


def deadlocks(database_url: str) -> int:
    """How many deadlocks the server has broken in this database."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    """The stack, twenty people, four hundred orders."""
    from tests.stack.install import NotAvailable
    from tests.stack.stack import Stack

    stack = Stack.fresh()
    try:
        stack.up(without=("Elasticsearch", "Rasa"))
        stack.manage("shell", "-c", PEOPLE)
        made = fill(stack.url)
        clients = [signed_in(stack.url, f"bench-{n}") for n in range(DISPATCHERS)]
        with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
            unit = connection.execute(
                "SELECT id FROM organisation_unit WHERE accepts_orders AND is_active AND kind = 'bureau' ORDER BY id LIMIT 1"
            ).fetchone()
        assert unit, "the demo city has no bureau"
        began = time.perf_counter()
        with ThreadPoolExecutor(DISPATCHERS) as pool:
            results = list(pool.map(lambda client: work(client, unit[0]), clients))
        seconds = time.perf_counter() - began
        with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
            twice = connection.execute(
                "SELECT count(*) FROM (SELECT order_id FROM orders_orderevent WHERE action = 'dispatch' "
                "GROUP BY order_id HAVING count(*) > 1) AS more"
            ).fetchone()
            left = connection.execute("SELECT count(*) FROM orders_workorder WHERE state = 'triage'").fetchone()
        broken = deadlocks(stack.env["DATABASE_URL"])
    except NotAvailable as error:
        report("twenty dispatchers on one inbox", "NOT TESTED", note=str(error)[:80])
        return
    finally:
        stack.down()
    done = [row for part, _ in results for row in part]
    odd = sum((part for _, part in results), Counter[str]())
    double = len(done) - len({number for number, _ in done}) + (twice[0] if twice else 0)
    lost = len(made - {number for number, _ in done}) + (left[0] if left else 0)
    note = f"{DISPATCHERS} dispatchers, {len(made)} orders, {len(done) / seconds:.0f} claimed and dispatched a second"
    report("orders claimed or dispatched twice", str(double), goal="0", met=double == 0, note=note)
    report("orders lost or left", str(lost), goal="0", met=lost == 0)
    report("deadlocks", str(broken), goal="0", met=broken == 0)
    report("other answers", str(sum(odd.values())), goal="0", met=not odd, note="; ".join(odd)[:120])
    times = [took for _, took in done]
    report("claim and dispatch: p50 / p95", f"{percentile(times, 0.5):.0f} / {percentile(times, 0.95):.0f} ms")


if __name__ == "__main__":
    main()
