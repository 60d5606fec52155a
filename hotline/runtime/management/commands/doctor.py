"""`manage.py doctor`: what the health page says, in a terminal."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from hotline.runtime.health import DEGRADED, DOWN, OK, Part, Report, report
from hotline.runtime.process import serving_at

ANSWER_SECONDS = 5.0
MARKS = {OK: "[green]ok[/]", DEGRADED: "[yellow]degraded[/]", DOWN: "[red]down[/]"}


def terminal_width() -> int:
    """Columns of the terminal, or enough for a log file."""
    return shutil.get_terminal_size((160, 40)).columns


class Command(BaseCommand):
    help = "Show each part of the platform: which one is in use, how it is, what to set for the real one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        address = serving_at()
        found = self._ask(address) if address else report(fresh=True)
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
        else:
            table = Table(title=f"{address or settings.VAR_DIR}")
            for heading in ("part", "state", "in use", "ms", "why", "for the real one"):
                table.add_column(heading, overflow="fold")
            for part in found.parts:
                latency = f"{part.latency_ms:.0f}"
                table.add_row(part.label, MARKS[part.state], part.in_use, latency, part.reason, part.real)
            drawn = StringIO()
            Console(file=drawn, force_terminal=self.stdout.isatty(), width=terminal_width()).print(table)
            self.stdout.write(drawn.getvalue())
        if found.state == DOWN:
            raise SystemExit(1)

    def _ask(self, address: str) -> Report:
        """What the running server says of itself; only it can look at its threads."""
        try:
            answer = httpx.get(f"{address}/health/json/", timeout=ANSWER_SECONDS, trust_env=False).json()
            parts = tuple(Part(**{k: v for k, v in part.items() if k != "degraded"}) for part in answer["parts"])
            return Report(answer["state"], parts, 0.0)
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"The server at {address} does not answer ({error}); stop it and start it again.") from None
