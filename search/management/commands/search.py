"""Ask the knowledge base from a terminal."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from search import ranking, selectors
from search.answers import Answer, answer


class Command(BaseCommand):
    help = "Ask the knowledge base: the answer with its sources, and the articles that came near. Files no gap."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("question")
        parser.add_argument("--staff", action="store_true", help="search internal articles too")

    def handle(self, *args: Any, **options: Any) -> None:
        audience = "staff" if options["staff"] else "citizen"
        found = answer(question=options["question"], audience=audience, file_gap=False)
        if isinstance(found, Answer):
            self.stdout.write(f"{found.article_code} v{found.version} · {found.title} · {found.score:.2f}")
            self.stdout.write(found.text)
            for source in found.sources:
                self.stdout.write(f"  {source.title} {source.article} ({source.date or '-'})")
        else:
            self.stdout.write(f"No answer is sure enough (threshold {ranking.settings_of_ranking().threshold:.2f}).")
        results = selectors.find(text=options["question"], limit=5, audience=audience)
        for item in results.items:
            self.stdout.write(f"  {item.score:.3f}  {item.code}  {item.title}")
        mark = f" (degraded: {results.reason})" if results.degraded else ""
        self.stdout.write(f"{results.engine}{mark}, {results.took_ms:.1f} ms" if not results.error else results.error)
