"""Shows in the terminal what a sentence is understood as."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from chatbot.nlu.service import get_understander
from chatbot.nlu.types import Understanding


class Command(BaseCommand):
    help = "Prints intent, rivals and spans of a sentence; without one, of every line typed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", nargs="*", help="the sentence; leave it out to type sentences")
        parser.add_argument("--expecting", default="", help="the kind of answer the bot waits for, such as yes_no")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        understander = get_understander()
        if options["text"]:
            self._show(understander.understand(" ".join(options["text"]), expecting=options["expecting"]), options["json"])
            return
        while True:
            try:
                line = input("> ")
            except (EOFError, KeyboardInterrupt):
                self.stdout.write("")
                return
            self._show(understander.understand(line, expecting=options["expecting"]), options["json"])

    def _show(self, understood: Understanding, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(asdict(understood), ensure_ascii=False))
            return
        rivals = "  ".join(f"{name} {sure:.2f}" for name, sure in understood.ranking[1:4])
        mark = f"  [degraded: {understood.reason}]" if understood.degraded else ""
        self.stdout.write(f"{understood.intent} {understood.confidence:.2f} ({understood.engine}){mark}   {rivals}")
        for span in understood.spans:
            self.stdout.write(f"  {span.kind:13} {span.text} -> {span.value}  {span.confidence:.2f} {span.source}")
