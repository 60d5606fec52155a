"""Build the search index anew, beside the one in use, and swap."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from search.engines import get_engine
from search.engines.fallback import FallbackEngine
from search.errors import EngineError
from search.indexing import PublishedDocuments


class Command(BaseCommand):
    help = "Build the search index of the knowledge base anew; searches go on meanwhile and then see the new one."

    def handle(self, *args: Any, **options: Any) -> None:
        engine, documents = get_engine(), PublishedDocuments()
        rounds = 2 if isinstance(engine, FallbackEngine) else 1
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        try:
            with Progress(*columns, disable=not self.stdout.isatty()) as bar:
                task = bar.add_task("index", total=len(documents) * rounds)
                count = engine.rebuild(documents, progress=lambda done: bar.update(task, completed=done))
        except EngineError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} articles indexed in {engine.name}.")
