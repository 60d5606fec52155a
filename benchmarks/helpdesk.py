"""Our orders against django-helpdesk's tickets: created by HTTP on one PostgreSQL, by eight clients, mail off on both.

Ours is the shape of production (two web processes, a Celery worker) and every order is dispatched too; theirs is the
package from the index behind gunicorn with two processes of twelve threads, by its own API, which only creates the ticket
and its first follow-up. Each gets a sustained run and bursts of a hundred with pauses.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg

from benchmarks import orders
from benchmarks.figures import percentile, report
from benchmarks.serving import ROOT, signed_in

PEER = "django-helpdesk==2.6.1"
PEER_NEEDS = ("Django==5.2.*", "psycopg[binary,pool]", "gunicorn")
CLIENTS, SUSTAINED, BURSTS, BURST = 8, 400, 3, 100
RATE_GOAL, P95_GOAL_MS, RATIO_GOAL = 20, 300, 2.0
TOKEN = "b" * 32  # any well-formed CSRF token: cookie and header only have to agree

Post = Callable[[httpx.Client, int], httpx.Response]


def peer_python() -> Path:
    """The interpreter of the peer's own environment, made once and kept in the cache."""
    from tests.stack.places import cache_dir

    folder = cache_dir() / PEER.replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "bin" / "gunicorn").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", PEER, *PEER_NEEDS], check=True)
    return python


@contextmanager
def peer(database_url: str, folder: Path) -> Iterator[tuple[str, int, str]]:
    """The peer on a database of its own; its address, its queue and the session of its agent."""
    from tests.stack.places import free_port
    from tests.stack.processes import start, stop, url_answers, wait_until

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE helpdesk")
        info = connection.info
        env = {
            "PYTHONPATH": str(ROOT / "benchmarks" / "peers"),
            "DJANGO_SETTINGS_MODULE": "helpdesk_site.settings",
            "PEER_NAME": "helpdesk",
            "PEER_HOST": info.host,
            "PEER_PORT": str(info.port),
            "PEER_USER": info.user,
            "PEER_PASSWORD": info.password,
        }
    python = peer_python()
    prepared = subprocess.run(
        [str(python), "-m", "helpdesk_site.prepare"], env={**os.environ, **env}, check=True, capture_output=True, text=True
    )
    made = json.loads(prepared.stdout.strip().splitlines()[-1])
    port, log = free_port(), folder / "peer.log"
    command = [str(python), "-m", "gunicorn", "django.core.wsgi:get_wsgi_application()", "--workers", "2", "--threads", "12"]
    running = start("django-helpdesk", [*command, "--bind", f"127.0.0.1:{port}"], log=log, env=env, cwd=ROOT)
    try:
        wait_until(lambda: url_answers(f"http://127.0.0.1:{port}/up/"), running, seconds=60, log=log)
        yield f"http://127.0.0.1:{port}", made["queue"], made["session"]
    finally:
        stop(running)


def peer_clients(base: str, session: str) -> list[httpx.Client]:
    """Clients with the agent's session."""
    cookies = {"sessionid": session, "csrftoken": TOKEN}
    headers = {"x-csrftoken": TOKEN, "referer": base}
    return [httpx.Client(base_url=base, timeout=30, cookies=cookies, headers=headers) for _ in range(CLIENTS)]


def post_ticket(queue: int) -> Post:
    """How one ticket with the same text is posted to the peer."""

    def post(client: httpx.Client, n: int) -> httpx.Response:
        body = orders.body(n)
        ticket = {
            "queue": queue, "title": body["content"][:60], "description": body["content"], "priority": 3,
            "submitter_email": f"citizen{n}@example.org",
        }  # fmt: skip
        return client.post("/api/tickets/", json=ticket)

    return post


def post_order(client: httpx.Client, n: int) -> httpx.Response:
    """One order."""
    return client.post("/api/orders/", json=orders.body(n))


def pour(clients: list[httpx.Client], post: Post, numbers: range) -> tuple[float, list[float]]:
    """Post `numbers` by all clients at once; seconds for all, milliseconds of each. Ends the run on any refusal."""

    def share(k: int) -> list[float]:
        times = []
        for n in numbers[k :: len(clients)]:
            began = time.perf_counter()
            answer = post(clients[k], n)
            times.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 201:
                raise SystemExit(f"{answer.request.url} answered {answer.status_code}: {answer.text[:200]}")
        return times

    began = time.perf_counter()
    with ThreadPoolExecutor(len(clients)) as pool:
        times = [took for part in pool.map(share, range(len(clients))) for took in part]
    return time.perf_counter() - began, times


def measure(clients: list[httpx.Client], post: Post, wait: Callable[[], object] = lambda: None) -> tuple[float, float, float]:
    """Created (and, where there is something to wait for, dispatched) a second; p95 sustained; p95 in bursts."""
    pour(clients, post, range(8000, 8040))  # every process has loaded what it needs
    wait()
    began = time.perf_counter()
    _, times = pour(clients, post, range(SUSTAINED))
    wait()
    rate = SUSTAINED / (time.perf_counter() - began)
    bursts: list[float] = []
    for burst in range(BURSTS):
        bursts += pour(clients, post, range(1000 + burst * BURST, 1000 + (burst + 1) * BURST))[1]
        wait()
    return rate, percentile(times, 0.95), percentile(bursts, 0.95)


def main() -> None:
    """Ours, then theirs, on one PostgreSQL."""
    from tests.stack.install import NotAvailable
    from tests.stack.stack import Stack

    stack = Stack.fresh()
    try:
        stack.up(without=("Elasticsearch", "Rasa"))
        clients = [signed_in(stack.url, name) for name in ("seat1", "seat2", "seat3", "leader1") * (CLIENTS // 4)]
        rate, p95, burst = measure(clients, post_order, lambda: orders.wait_dispatched(stack.url))
        with peer(stack.env["DATABASE_URL"], stack.folder) as (base, queue, session):
            theirs, their_p95, their_burst = measure(peer_clients(base, session), post_ticket(queue))
    except (NotAvailable, subprocess.CalledProcessError) as error:
        report("create + dispatch against django-helpdesk", "NOT TESTED", note=str(error)[:80])
        return
    finally:
        stack.down()
    note = f"{SUSTAINED} sustained, {CLIENTS} clients"
    report("create + dispatch, ours", f"{rate:.0f} a second", goal=f">= {RATE_GOAL}", met=rate >= RATE_GOAL, note=note)
    report("p95 of a creation, ours", f"{p95:.0f} ms", goal=f"< {P95_GOAL_MS} ms", met=p95 < P95_GOAL_MS, note=note)
    report(f"p95 in bursts of {BURST}, ours", f"{burst:.0f} ms", goal=f"< {P95_GOAL_MS} ms", met=burst < P95_GOAL_MS)
    report(f"create, {PEER}", f"{theirs:.0f} a second", note=f"{note}; p95 {their_p95:.0f} ms, in bursts {their_burst:.0f} ms")
    ratio = rate / theirs
    report("ours / theirs, orders a second", f"{ratio:.2f}", goal=f">= {RATIO_GOAL}", met=ratio >= RATIO_GOAL)


if __name__ == "__main__":
    main()
