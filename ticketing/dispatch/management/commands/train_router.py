"""`manage.py train_router`: train the model that suggests duty items from words."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from ticketing.dispatch import training
from ticketing.dispatch.actions import ReleaseError, draft_model
from ticketing.dispatch.labelled import UnreadableTable, read_table
from ticketing.dispatch.model_report import Summary
from ticketing.organisation.actor import SYSTEM


class Command(BaseCommand):
    help = (
        "Train the routing model: on orders that people decided (--from-history), on a table of messages (--csv), or, without "
        "either, on sentences composed from the duty list. Model, card and report are written to VAR_DIR/models/router; with "
        "--draft to a version that can be rehearsed and published on the page of the dispatch rules."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--csv", metavar="FILE", default="", help="messages to learn from: text,label[,title] in UTF-8")
        which.add_argument("--from-history", action="store_true", help="learn from what people decided in this database")
        which.add_argument("--report", action="store_true", help="show the report of the model in use; train nothing")

        parser.add_argument("--draft", action="store_true", help="put nothing in force; make a draft to be rehearsed")

    def handle(self, *args: Any, csv: str, from_history: bool, report: bool, draft: bool, **options: Any) -> None:
        if report:
            self._show()
            return
        columns = (*Progress.get_default_columns(), TimeElapsedColumn())
        try:
            with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
                task = bar.add_task("reading", total=1.0)
                source = self._source(csv, from_history)
                train = partial(
                    training.train, source, progress=lambda stage, share: bar.update(task, description=stage, completed=share)
                )
                summary = self._as_draft(train) if draft else train()
        except (training.NothingToTrainOn, UnreadableTable, ReleaseError) as error:
            raise CommandError(str(error)) from error
        for remark in source.remarks:
            self.stdout.write(remark)
        self.stdout.write(f"Learned from: {source.description}.")
        if not csv and not from_history:
            decided = len(training.decided_orders())
            self.stdout.write(
                f"{decided} orders in this database were decided by people; train_router --from-history learns from them."
                if decided
                else "No order in this database was decided by people yet (generated examples never count)."
            )
        if summary.whole is None:
            self.stdout.write(f"{summary.labels} items, {summary.texts} texts; too few to hold any out, so nothing was measured.")
            return
        at = summary.whole
        self.stdout.write(
            f"{summary.labels} items, {summary.texts} texts; on {summary.judged} texts held out: "
            f"top 1 {at.top1:.1%}, top 3 {at.top3:.1%}. The report: manage.py train_router --report"
        )

    def _as_draft(self, train: Callable[..., Summary]) -> Summary:
        found: list[Summary] = []
        made = draft_model(actor=SYSTEM, train=lambda folder: found.append(train(directory=folder)))
        self.stdout.write(f"Draft {made} of the routing model: rehearse and publish it on the page of the dispatch rules.")
        return found[0]

    def _source(self, csv: str, from_history: bool) -> training.Source:
        if csv:
            return training.from_table(read_table(Path(csv), keep_duplicates=False))
        return training.from_history() if from_history else training.composed()

    def _show(self) -> None:
        try:
            self.stdout.write(training.stored_report())
        except FileNotFoundError:
            raise CommandError("No model has been trained here yet: run manage.py train_router first.") from None
