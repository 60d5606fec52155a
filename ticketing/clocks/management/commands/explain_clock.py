"""`manage.py explain_clock NUMBER`: which hours of each clock counted and which did not."""

import json
from datetime import datetime
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
            clock, term = panel.clock, panel.term
            note = " (uses holidays not yet published)" if clock.provisional else ""
            note += "" if clock.end_day_included else " (the last day not included)"
            self.stdout.write(f"{clock.kind}: {clock.value} {clock.measure} from {clock.limit_source}; {panel.state}{note}")
            self.stdout.write(f"  due {_local(clock.due_at)}, used {panel.used}, left {panel.left}")
            if clock.plan and clock.base_due_at:
                ordinary = f"{clock.base_value} {clock.base_measure}, due {_local(clock.base_due_at)}"
                self.stdout.write(f"  under the plan {clock.plan.code}; ordinarily {ordinary}")
            if clock.legal_due_at:
                self.stdout.write(f"  by law {clock.legal_limit}, due {_local(clock.legal_due_at)}")
            if term:
                shorter = f"{term.shortened:.0%} shorter than the law"
                self.stdout.write(f"  days: {term.legal} legal / {term.promised} promised / {term.taken} taken; {shorter}")
            for i in panel.intervals:
                end = timezone.localtime(i.end)
                self.stdout.write(f"  {'+' if i.counted else '-'} {_local(i.start, '%m-%d %H:%M')} .. {end:%m-%d %H:%M}  {i.why}")


def _local(moment: datetime, form: str = "%Y-%m-%d %H:%M") -> str:
    return timezone.localtime(moment).strftime(form)
