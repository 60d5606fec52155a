"""`manage.py explain_clock NUMBER`: which hours of each clock counted and which did not."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ticketing.clocks import selectors


class Command(BaseCommand):
    help = "Show the working of every clock of an order."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="order number")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, number: str, **options: Any) -> None:
        panels = selectors.panels_of(number)
        if not panels:
            raise CommandError(f"No clock has run for an order {number}.")
        if options["json"]:
            self.stdout.write(json.dumps([selectors.as_json(p) for p in panels], ensure_ascii=False, indent=1))
            return
        for panel in panels:
            clock = panel.clock
            note = " (uses holidays not yet published)" if clock.provisional else ""
            self.stdout.write(f"{clock.kind}: {clock.value} {clock.measure} from {clock.limit_source}; {panel.state}{note}")
            self.stdout.write(f"  due {timezone.localtime(clock.due_at):%Y-%m-%d %H:%M}, used {panel.used}, left {panel.left}")
            for i in panel.intervals:
                start, end = timezone.localtime(i.start), timezone.localtime(i.end)
                self.stdout.write(f"  {'+' if i.counted else '-'} {start:%m-%d %H:%M} .. {end:%m-%d %H:%M}  {i.why}")
