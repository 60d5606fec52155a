"""Fit the ranking to the development half of a file of questions."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone
from rich.progress import track

from search import calibration, ranking


class Command(BaseCommand):
    help = "Fit the weights and the threshold of the answers to the development half of a file of questions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("questions", nargs="?", default=str(settings.CITY_DIR / "article_questions.yml"))
        parser.add_argument("--write", action="store_true", help="put the result into search/data/ranking.json")

    def handle(self, *args: Any, **options: Any) -> None:
        questions = calibration.read_questions(Path(options["questions"]), "dev")
        hidden = not self.stdout.isatty()
        outcomes = [
            calibration.run([question], on=timezone.localdate())[0]
            for question in track(questions, description="questions", disable=hidden)
        ]
        found = json.dumps(calibration.fit(outcomes), indent=2) + "\n"
        self.stdout.write(found)
        if options["write"]:
            ranking.RANKING_FILE.write_text(found)
            self.stdout.write("Written; restart the server to use it.")
