"""`manage.py import_service_items FILE`: service items from JSON lines, with a report of what was dirty."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.progress import Progress

from ticketing.exchange.tables import UnreadableTable
from ticketing.services.actions import ItemsReport, import_service_items, read_json_lines
from ticketing.services.item_rows import KINDS

REJECTED_SHOWN = 50


class Command(BaseCommand):
    help = "Bring in service items (one JSON object a line). A row that did not change is left as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")

    def handle(self, *args: Any, file: str, dry_run: bool, **options: Any) -> None:
        path, began = Path(file), time.monotonic()
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            rows = list(read_json_lines(path))
            with Progress(disable=not self.stdout.isatty()) as bar:
                task = bar.add_task("import_service_items", total=len(rows))
                report = import_service_items(rows=rows, dry_run=dry_run, progress=lambda n: bar.update(task, advance=n))
        except (UnreadableTable, ValueError) as error:
            raise CommandError(f"{path.name} cannot be read: {error}") from error
        self._tell(report, time.monotonic() - began, dry_run)

    def _tell(self, report: ItemsReport, seconds: float, dry_run: bool) -> None:
        self.stdout.write("What was dirty, in how many rows, and how it was read:")
        for kind, label in KINDS.items():
            if not report.dirt[kind]:
                continue
            times = f", {report.dirt[kind]} times" if report.dirt[kind] != report.rows_with[kind] else ""
            self.stdout.write(f"  {kind}: {report.rows_with[kind]} rows{times}. {label}")
            for line, remark in report.examples[kind]:
                arrow = f" -> {remark.read}" if remark.read else ""
                self.stdout.write(f"      line {line}, {remark.field}: {remark.raw}{arrow}")
        for rejected in report.rejected[:REJECTED_SHOWN]:
            self.stdout.write(f"rejected line {rejected.line} ({rejected.code or 'no code'}): {rejected.reason}")
        if len(report.rejected) > REJECTED_SHOWN:
            self.stdout.write(f"... and {len(report.rejected) - REJECTED_SHOWN} more rejected lines")
        self.stdout.write(f"{report.linked} items are linked to a unit of the platform; read in {seconds:.1f} s.")
        self.stdout.write(
            f"{'Dry run, nothing written: ' if dry_run else ''}{report.rows} rows: {report.created} new, "
            f"{report.changed} changed, {report.unchanged} unchanged, {len(report.rejected)} rejected."
        )
