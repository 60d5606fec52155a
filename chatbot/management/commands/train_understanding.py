"""Trains the embedded engine from the Rasa data files."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from rich.progress import Progress

from chatbot.nlu import embedded, service


class Command(BaseCommand):
    help = "Trains the understanding model from chatbot/rasa/data; does nothing when it is up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="train even when the data did not change")
        parser.add_argument("--no-evaluation", action="store_true", help="leave out cross-validation and hold-out")
        parser.add_argument("--json", action="store_true", help="print the model card as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.MODELS_DIR / "understanding"
        card = embedded.read_card(folder)
        whole = card is not None and (card.cv_accuracy is not None or options["no_evaluation"])
        if whole and embedded.is_current(card) and not options["force"]:
            self._report(card, options["json"], _("The understanding model is up to date."))
            return
        with Progress(disable=options["json"]) as bar:
            task = bar.add_task(_("Training"), total=embedded.FOLDS + 1)

            def progress(stage: str, done: int, of: int) -> None:
                bar.update(task, description=stage, advance=1 if done else 0)

            card = embedded.train(folder, evaluate=not options["no_evaluation"], progress=progress)
        service.reload()
        self._report(card, options["json"], _("The understanding model was trained."))

    def _report(self, card: embedded.Card | None, as_json: bool, line: str) -> None:
        if card is None:
            return
        if as_json:
            self.stdout.write(json.dumps(asdict(card), ensure_ascii=False, indent=1))
            return
        self.stdout.write(line)
        self.stdout.write(
            _("%(examples)s examples of %(intents)s intents") % {"examples": card.examples, "intents": len(card.intents)}
        )
        if card.cv_accuracy is not None:
            self.stdout.write(
                _("cross-validation %(cv).3f (spread %(sd).3f), hold-out %(held).3f of %(count)s sentences")
                % {
                    "cv": card.cv_accuracy,
                    "sd": card.cv_accuracy_sd,
                    "held": card.holdout_accuracy,
                    "count": card.holdout_examples,
                }
            )
