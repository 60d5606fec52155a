"""The catalogue with 12,000 entries: import, diff, publish and roll back, each against the goal of 60 seconds."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.figures import report

ENTRIES = int(os.environ.get("BENCH_CATALOGUE_ENTRIES") or 12_000)
GOAL_SECONDS = 60.0


def rows(changed: bool) -> dict[str, list[dict[str, Any]]]:
    """A catalogue over the five lists; `changed` alters a tenth, drops one in fifty and adds as many."""
    lists: dict[str, list[dict[str, Any]]] = {"powers": [], "negative": [], "permits": [], "supervision": [], "priorities": []}
    names = list(lists)
    for number in range(ENTRIES):
        if changed and number % 50 == 0:
            continue
        listing = names[number % 5]
        lists[listing].append(
            {
                "code": f"{number:08d}",
                "name": f"事项{number}" + ("（修订）" if changed and number % 10 == 1 else ""),
                "kind": "行政许可",
                "owner": f"第{number % 60}局",
                "level": "city",
                "basis": [f"《某某法》第{number % 90 + 1}条", "《某某条例》第三条"],
                "materials": ["申请表", "身份证明", f"材料{number % 7}"],
                "legal_limit": "20 working_days",
                "promised_limit": "5 working_days",
                "place": "政务服务中心",
                "links": [f"powers:{number - number % 5 + 5:08d}"]
                if number % 5 and 0 < number < ENTRIES - 10 and (number // 5 + 1) % 10
                else [],
            }
        )
    if changed:
        lists["permits"] += [{"code": f"N{number:07d}", "name": f"新增{number}"} for number in range(ENTRIES // 50)]
    return lists


def timed(name: str, step: Callable[[], Any]) -> Any:
    """Run a step and report how long it took."""
    began = time.perf_counter()
    result = step()
    seconds = time.perf_counter() - began
    report(f"{name}, {ENTRIES:,} entries", f"{seconds:.1f} s", goal=f"< {GOAL_SECONDS:.0f} s", met=seconds < GOAL_SECONDS)
    return result


def main() -> None:
    """Two versions, from files as a city has them, in a database of their own."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("VAR_DIR", folder)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        run(Path(folder))


def run(folder: Path) -> None:
    """The steps themselves."""
    import json

    from ticketing.organisation.actor import SYSTEM
    from ticketing.services import actions, catalogue_files, catalogue_selectors
    from ticketing.services.models import CatalogueVersion

    for name, changed in (("first", False), ("second", True)):
        (folder / f"{name}.json").write_text(json.dumps({"lists": rows(changed)}, ensure_ascii=False), encoding="utf-8")
    first = catalogue_files.read_file(folder / "first.json")
    timed("import into an empty draft (JSON)", lambda: actions.import_catalogue(rows=first, actor=SYSTEM))
    before = timed("publish the first version", lambda: actions.publish(actor=SYSTEM))
    timed("export to Excel", lambda: catalogue_files.write_book(before.entries.iterator(), folder / "out.xlsx"))

    def import_book() -> Any:
        return actions.import_catalogue(rows=catalogue_files.read_file(folder / "out.xlsx"), actor=SYSTEM)

    same = timed("import the exported Excel again", import_book)
    assert same.unchanged == ENTRIES, same
    second = catalogue_files.read_file(folder / "second.json")
    timed("import a changed catalogue (JSON)", lambda: actions.import_catalogue(rows=second, actor=SYSTEM))
    after = CatalogueVersion.objects.get(state="draft")
    found = timed("diff of two versions", lambda: catalogue_selectors.diff(before, after))
    assert found.counts["added"] == found.counts["removed"], found.counts
    timed("publish the second version", lambda: actions.publish(actor=SYSTEM))
    timed("roll back", lambda: actions.roll_back(actor=SYSTEM, reason="measured"))
    assert CatalogueVersion.objects.get(state="published").pk == before.pk


if __name__ == "__main__":
    main()
