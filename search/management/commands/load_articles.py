"""Bring in a folder of articles (*.yml) and the synonyms, as published versions."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from search import actions


class Command(BaseCommand):
    help = "Bring in a folder of articles as published versions; content that did not change makes no new version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", nargs="?", default=str(settings.CITY_DIR / "articles"))

    def handle(self, *args: Any, **options: Any) -> None:
        directory = Path(options["directory"])
        if not directory.is_dir():
            raise CommandError(f"There is no folder {directory}.")
        actions.import_synonyms()
        report = actions.import_articles(directory)
        for error in report.errors:
            self.stderr.write(error)
        self.stdout.write(f"{report.created} new, {report.updated} changed, {report.unchanged} as before.")
        if report.errors:
            raise CommandError(f"{len(report.errors)} entries were left out.")
