"""`manage.py rehearse_dispatch`: what a draft of rules, duty list or model would have done with past orders."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from ticketing.dispatch.rehearsal import TO_A_PERSON, Outcome, Setup, UnreadableDraft, rehearse
from ticketing.organisation.models import Unit

UNITS_SHOWN = 30


class Command(BaseCommand):
    help = "Replay drafted dispatch rules, duty list or model over past orders; nothing is changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rules", metavar="FILE.yml", help="a draft of all rules, as dispatch_rules.yml")
        parser.add_argument("--duty-list", metavar="FILE.yml", help="items that change or are new, as duty_items.yml")
        parser.add_argument("--model", metavar="DIR", help="a folder with another routing model")
        parser.add_argument("--days", type=int, default=90, help="how far back (90)")
        parser.add_argument("--json", action="store_true", help="end with one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        files = {name: Path(options[name]) if options[name] else None for name in ("rules", "duty_list", "model")}
        if not any(files.values()):
            raise CommandError("Name a draft: --rules FILE.yml, --duty-list FILE.yml or --model DIR.")
        if options["days"] < 1:
            raise CommandError("--days must be 1 or more.")
        present = Setup.present()
        try:
            draft = present.draft(**files)
        except UnreadableDraft as error:
            raise CommandError(str(error)) from error
        columns = (*Progress.get_default_columns(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("rehearse_dispatch", total=None)
            outcome = rehearse(
                present=present,
                draft=draft,
                days=options["days"],
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        self._tell(outcome, options["days"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(outcome), ensure_ascii=False))

    def _tell(self, outcome: Outcome, days: int) -> None:
        if not outcome.orders:
            self.stdout.write(f"No order of the last {days} days has reached a unit; there is nothing to rehearse on.")
            return
        names = dict(Unit.objects.filter(code__in=list(outcome.units)).values_list("code", "name")) | {
            TO_A_PERSON: "(a dispatcher)"
        }
        for row in outcome.examples[:10]:
            now, then = names.get(row["now"], row["now"]), names.get(row["draft"], row["draft"])
            self.stdout.write(f"  {row['order']}: {now} -> {then}; settled by {row['settled_by']}")
        changes = sorted(outcome.units.items(), key=lambda pair: -(pair[1].gets + pair[1].loses + pair[1].returns_caused))
        for code, of in changes[:UNITS_SHOWN]:
            self.stdout.write(
                f"{names.get(code, code)}: {of.gets} more, {of.loses} fewer orders; returns saved {of.returns_saved}, "
                f"caused {of.returns_caused}"
            )
        self.stdout.write(
            f"{outcome.orders} orders of {days} days ({outcome.generated} generated examples): {outcome.moved} would have gone "
            f"elsewhere or to someone else. Named first and right: {outcome.right_now} now, {outcome.right_then} by the draft. "
            f"Dispatched by machine: {outcome.automatic_now} now, {outcome.automatic_then} by the draft. "
            f"Returns saved {outcome.returns_saved}, caused {outcome.returns_caused}."
        )
