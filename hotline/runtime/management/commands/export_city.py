"""`manage.py export_city DIR`: write a city's content to files that `load_city` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import track

from hotline.runtime.city import CAST, EXPORTERS, export_cast, export_file


class Command(BaseCommand):
    help = "Write the city's content to a folder. Citizens, orders and passwords are not content and stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument("--force", action="store_true", help="overwrite files that are there")

    def handle(self, *args: Any, directory: Path, force: bool, **options: Any) -> None:
        there = [name for name in (*EXPORTERS, CAST) if (directory / name).exists()]
        if there and not force:
            raise CommandError(f"{directory} already holds {', '.join(there)}: choose another folder or add --force.")
        try:
            directory.mkdir(parents=True, exist_ok=True)
            counts = {}
            for name in track(EXPORTERS, description="export", disable=not self.stdout.isatty()):
                counts[name] = export_file(directory, name)
            counts[CAST] = export_cast(directory)
        except OSError as error:
            raise CommandError(f"{directory} cannot be written: {error.strerror}.") from error
        for name, count in counts.items():
            self.stdout.write(f"{name}: {count} rows")
