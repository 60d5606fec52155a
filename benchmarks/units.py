"""17,573 units, 12,000 duty items, 100,000 past orders: the tree's page, a clerk's scope, candidates for one order.

Each beside the barest query that could give the same rows, in one process, without a network in between.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import percentile, report

UNITS = int(os.environ.get("BENCH_UNITS") or 17_573)
ITEMS = int(os.environ.get("BENCH_UNIT_ITEMS") or 12_000)
ORDERS = int(os.environ.get("BENCH_UNIT_ORDERS") or 100_000)
ROUNDS = 200
GOAL_MS = 30.0
DISTRICTS, BUREAUS = 20, 40
LEVELS = ("city", "district", "street", "community")


def regions() -> list[dict[str, Any]]:
    """A province, a city, its districts, and streets and communities enough for the units."""
    rows = [{"code": "P", "name": "省", "level": "province"}, {"code": "C", "name": "市", "level": "city", "parent": "P"}]
    rows += [{"code": f"D{d}", "name": f"第{d}区", "level": "district", "parent": "C"} for d in range(DISTRICTS)]
    streets = [{"code": f"S{s}", "name": f"第{s}街道", "level": "street", "parent": f"D{s % DISTRICTS}"} for s in range(400)]
    return rows + streets


def units() -> list[dict[str, Any]]:
    """Five levels: the province's office, the city's bureaus, each with one in every district, streets, communities."""
    rows: list[dict[str, Any]] = [
        {"code": "PROV", "name": "省热线办", "level": "province", "kind": "hotline", "region": "P"},
        {"code": "GOV", "name": "市政府", "level": "city", "kind": "government", "region": "C", "parent": "PROV"},
        {"code": "HOT", "name": "市热线中心", "level": "city", "kind": "hotline", "region": "C", "parent": "GOV"},
    ]
    city = {"level": "city", "kind": "bureau", "region": "C", "parent": "GOV"}
    rows += [{"code": f"B{b}", "name": f"第{b}局", **city} for b in range(BUREAUS)]
    for d in range(DISTRICTS):
        rows.append(
            {
                "code": f"G{d}",
                "name": f"第{d}区政府",
                "level": "district",
                "kind": "government",
                "region": f"D{d}",
                "parent": "GOV",
            }
        )
        below = {"level": "district", "kind": "bureau", "region": f"D{d}", "parent": f"G{d}"}
        rows += [{"code": f"B{b}-{d}", "name": f"第{d}区第{b}局", "line": f"B{b}", **below} for b in range(BUREAUS)]
    for s in range(400):
        shape = {"level": "street", "kind": "street", "region": f"S{s}", "parent": f"G{s % DISTRICTS}"}
        rows.append({"code": f"ST{s}", "name": f"第{s}街道办", **shape})
    left = max(0, UNITS - len(rows))
    for c in range(left):
        shape = {"level": "community", "kind": "community", "region": f"S{c % 400}", "parent": f"ST{c % 400}"}
        rows.append({"code": f"CM{c}", "name": f"第{c}社区", **shape})
    return rows


def items(order_type: str, category: str) -> Iterator[dict[str, Any]]:
    """Duty items over the bureaus, acting at the three levels in turn."""
    for n in range(ITEMS):
        yield {
            "code": f"I{n}",
            "name": f"事项{n}",
            "category": category,
            "order_type": order_type,
            "keywords": [f"词{n}"],
            "owner": f"B{n % BUREAUS}",
            "acts_at": ("city", "district", "street")[n % 3],
            "legal_basis": [{"law": "某条例", "article": "第一条"}],
            "legal_limit": "20 working_days",
            "promised_limit": "5 working_days",
        }


def fill() -> None:
    """The city, through the verbs that load one."""
    import yaml
    from django.conf import settings
    from django.core.management import call_command

    from ticketing.clocks.actions import import_time_limits
    from ticketing.organisation import actions

    actions.import_regions(rows=regions())
    demo = Path(settings.BASE_DIR) / "demo"
    actions.import_calendars(rows=yaml.safe_load((demo / "calendar.yml").read_text(encoding="utf-8")))
    began = time.perf_counter()
    actions.import_units(rows=units())
    report(f"import of {UNITS:,} units", f"{time.perf_counter() - began:.1f} s")
    actions.import_order_types(rows=yaml.safe_load((demo / "order_types.yml").read_text(encoding="utf-8")))
    actions.import_duty_categories(rows=[{"code": "01", "name": "城市管理"}])
    actions.import_duty_items(rows=items("complaint", "01"))
    actions.import_places(rows=[{"code": f"R{s}", "name": f"第{s}路", "kind": "road", "region": f"S{s}"} for s in range(400)])
    import_time_limits([{"kind": "handle", "value": 5, "measure": "working_days"}])
    people = [("seat", "HOT"), ("dispatcher", "HOT"), ("callback", "HOT"), ("supervisor", "HOT"), ("admin", "HOT")]
    people += [("unit_clerk", "GOV"), ("unit_clerk", "G0"), ("unit_clerk", "ST0")]
    actions.import_staff(
        rows=[
            {"username": f"{role}-{unit}", "name": f"{role}{unit}", "unit": unit, "roles": [{"role": role, "unit": unit}]}
            for role, unit in people
        ]
    )
    call_command("generate_history", orders=ORDERS, verbosity=0)


def timed(step: Callable[[], Any], rounds: int = ROUNDS) -> list[float]:
    """Milliseconds of each of `rounds` calls, after three that warm up."""
    for _ in range(3):
        step()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        step()
        times.append((time.perf_counter() - began) * 1000)
    return times


def compare(name: str, step: Callable[[], Any], bare: Callable[[], Any], *, goal: float | None = None) -> None:
    """Report the p95 of `step`, and its ratio to the barest query."""
    ours, plain = percentile(timed(step), 0.95), percentile(timed(bare), 0.95)
    note = f"{UNITS:,} units, {ITEMS:,} items, {ORDERS:,} orders; bare query {plain:.2f} ms, ratio {ours / plain:.1f}"
    met = None if goal is None else ours < goal
    report(f"{name}: p95", f"{ours:.1f} ms", goal="" if goal is None else f"< {goal:.0f} ms", met=met, note=note)


def measure() -> None:
    """The figures."""
    from django.test import Client

    from ticketing.dispatch.candidates import OrderFacts, rank
    from ticketing.orders.models import WorkOrder
    from ticketing.orders.selectors import unit_list, visible_orders
    from ticketing.organisation import kept
    from ticketing.organisation.models import DutyItem, Region, Staff, Unit

    client = Client()
    client.force_login(Staff.objects.get(username="dispatcher-HOT"))

    def page(url: str) -> Callable[[], None]:
        def get() -> None:
            assert client.get(url).status_code == 200, url

        return get

    def plain_branch() -> None:
        list(Unit.objects.filter(parent__code="G0").values_list("code", "name", "level"))

    compare("tree, one branch opened", page("/units/G0/below/"), plain_branch, goal=300)
    compare(
        "tree, a search by name", page("/units/?q=社区"), lambda: list(Unit.objects.filter(name__contains="社区")[:50]), goal=300
    )
    compare("page of one unit", page("/units/ST0/"), lambda: Unit.objects.get(code="ST0"), goal=300)
    newest = WorkOrder.objects.order_by("-created_at")
    for username, scope in (("unit_clerk-ST0", "a street"), ("unit_clerk-G0", "a district"), ("unit_clerk-GOV", "the city")):

        def visible(username: str = username) -> None:
            list(visible_orders(Staff.objects.get(username=username)).order_by("-created_at")[:50])

        def due(username: str = username) -> None:
            list(unit_list(Staff.objects.get(username=username))[:50])

        compare(f"what a clerk of {scope} may see, newest 50", visible, lambda: list(newest[:50]), goal=300)
        compare(f"what is with the units of a clerk of {scope}, next 50", due, lambda: list(newest[:50]), goal=300)
    rng = random.Random(1)
    known, places = list(DutyItem.objects.select_related("owner")), list(Region.objects.filter(level="street"))

    def candidates() -> None:
        item = rng.choice(known)
        rank(OrderFacts(text=f"{item.name}的问题", duty_item=item, region=rng.choice(places)))

    def cold() -> None:
        kept.forget()
        candidates()

    def bare() -> None:
        list(WorkOrder.objects.filter(duty_item=rng.choice(known), state="closed").values_list("unit_id", flat=True)[:50])

    compare("candidates for one order", candidates, bare, goal=GOAL_MS)
    compare("candidates for one order, nothing kept in memory", cold, bare, goal=GOAL_MS)


def main() -> None:
    """A city of its own in a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("VAR_DIR", folder)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")
        os.environ.setdefault("LOG_LEVEL", "ERROR")
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command
        from django.test.utils import setup_test_environment

        setup_test_environment()
        settings.ALLOWED_HOSTS = ["*"]
        call_command("migrate", verbosity=0)
        fill()
        measure()


if __name__ == "__main__":
    sys.exit(main())
