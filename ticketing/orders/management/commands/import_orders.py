"""`manage.py import_orders FILE --map map.yml`: past orders from Excel or text tables."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ticketing.exchange.models import ImportRun
from ticketing.exchange.tables import UnreadableTable, check_file, count_rows, headings_of
from ticketing.orders import importing
from ticketing.orders.import_map import BadMap, ImportMap, guess_map, read_map

SHOWN = 100


class Command(BaseCommand):
    help = "Import past orders through the bulk verb. Killed and started again it goes on; twice imports nothing new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--map", help="YAML: which column holds what")
        parser.add_argument("--guess-map", action="store_true", help="print a mapping made from the headings, to be put right")
        parser.add_argument("--dry-run", action="store_true", help="check all rows, write nothing")
        parser.add_argument("--resume", action="store_true", help="only go on with a run that was broken off")
        parser.add_argument("--again", action="store_true", help="begin at the first row, whatever was done before")

    def handle(self, *args: Any, file: str, map: str | None, **options: Any) -> None:
        path = Path(file)
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            check_file(path)
            if options["guess_map"]:
                self.stdout.write(guess_map(headings_of(path), source=path.stem))
                return
            if not map or not Path(map).is_file():
                raise CommandError("Name the mapping: --map map.yml (--guess-map prints one to begin with).")
            mapping = read_map(Path(map).read_text(encoding="utf-8-sig"))
            if options["dry_run"]:
                self._check(path, mapping)
            else:
                self._import(path, mapping, resume=options["resume"], again=options["again"])
        except (BadMap, UnreadableTable, UnicodeDecodeError, importing.AlreadyRunning) as error:
            raise CommandError(str(error)) from error

    def _bar(self) -> Progress:
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]} rows/s"), TimeRemainingColumn())
        return Progress(TextColumn("{task.description}"), *columns, disable=not self.stdout.isatty())

    def _check(self, path: Path, mapping: ImportMap) -> None:
        mapping.check_headings(headings_of(path, mapping.layout))
        with self._bar() as bar:
            task = bar.add_task("check", total=count_rows(path, mapping.layout), rate="-")

            def tell(rows: int) -> None:
                bar.update(task, advance=rows, rate=f"{bar.tasks[0].speed or 0:.0f}")

            report = importing.check(path=path, mapping=mapping, progress=tell)
        for error in report.errors[:SHOWN]:
            self.stdout.write(f"row {error.row}, {error.field}: “{error.value}” {error.message}")
        if len(report.errors) > SHOWN:
            self.stdout.write(f"... and {len(report.errors) - SHOWN} more faults")
        for (name, word), count in report.unknown.most_common(SHOWN):
            self.stdout.write(f"no meaning for {name} “{word}”: {count} rows")
        if report.errors:
            target = self._beside(path)
            with target.open("w", encoding="utf-8-sig", newline="") as file:
                importing.write_errors(csv.writer(file), report.errors)
            self.stdout.write(f"All faults: {target}")
        self.stdout.write(
            f"Dry run, nothing written: {report.rows} rows: {report.new} would be new, {report.known} known already, "
            f"{report.rejected} rejected."
        )

    def _import(self, path: Path, mapping: ImportMap, *, resume: bool, again: bool) -> None:
        run = importing.open_import(path=path, mapping=mapping)
        if resume and (run.done == 0 or run.state == ImportRun.State.DONE):
            raise CommandError("There is no broken run of this file with this mapping. Start it without --resume.")
        if run.done and not again and run.state != ImportRun.State.DONE:
            self.stdout.write(f"Going on after row {run.done} of {run.total}.")
        with self._bar() as bar:
            task = bar.add_task("import_orders", total=run.total, rate="-")
            importing.run_import(
                run=run,
                path=path,
                again=again,
                progress=lambda r: bar.update(task, completed=r.done, rate=f"{r.rate:.0f}"),
            )
        if run.rejected:
            target = self._beside(path)
            target.write_bytes(importing.errors_path(run).read_bytes())
            self.stdout.write(f"Faults by row: {target}")
        self.stdout.write(f"{run.seconds:.1f} s, {run.rate:.0f} rows/s.")
        self.stdout.write(f"{run.done} rows: {run.created} new, {run.unchanged} known already, {run.rejected} rejected.")

    @staticmethod
    def _beside(path: Path) -> Path:
        """The list of faults beside the file, or with the platform's own files where that folder cannot be written."""
        target = path.with_name(path.name + ".errors.csv")
        try:
            target.touch()
        except OSError:
            target = importing.imports_dir() / target.name
        return target
