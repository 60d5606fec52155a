"""`manage.py load_city [DIR]`: bring a city's content in from its files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from hotline.runtime.city import CityError, files_of, load_file


class Command(BaseCommand):
    help = "Load a city from a folder of files; run it again whenever a file has changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", nargs="?", type=Path, default=settings.CITY_DIR, help="default: %(default)s")

    def handle(self, *args: Any, directory: Path, **options: Any) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        try:
            names = files_of(directory)
            with Progress(*columns, disable=not self.stdout.isatty()) as bar:
                for name in names:
                    task = bar.add_task(name, total=None)
                    done = load_file(directory, name, partial(self._tick, bar, task))
                    bar.update(task, completed=done.rows, total=done.rows)
                    if not self.stdout.isatty() or done.note:
                        self.stdout.write(self._line(done))
        except CityError as error:
            raise CommandError(str(error)) from error

    @staticmethod
    def _tick(bar: Progress, task: TaskID, done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    @staticmethod
    def _line(done: Any) -> str:
        counts = "" if done.created is None else f" ({done.created} new, {done.updated} changed)"
        return f"{done.file}: {done.rows} rows{counts}" + (f"; {done.note}" if done.note else "")
