"""`manage.py evaluate_routing --train A.csv --test B.csv`: train on one table of messages, measure on another."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from ticketing.dispatch import evaluation
from ticketing.dispatch.labelled import UnreadableTable, read_table
from ticketing.dispatch.learning import TooFewLabels

LEARNING_SHARE = 0.97  # of the bar; measuring is the short rest


class Command(BaseCommand):
    help = (
        "Train the routing model on one CSV file (text,label[,title]) and measure it on another. Nothing is stored; no database "
        "is needed. coverage_at_95 is the largest share of the test texts, ordered by margin, of which 95 %% are right; "
        "ms_per_text is the 95th percentile of the time one text takes."
    )
    requires_system_checks: list[str] = []  # it reads two files; the state of an installation does not matter

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--train", required=True, metavar="A.csv", help="messages to learn from")
        parser.add_argument("--test", required=True, metavar="B.csv", help="messages to be measured on")
        parser.add_argument(
            "--truncate", type=int, default=0, metavar="N", help="show the model only the first N characters (title first)"
        )
        parser.add_argument("--json", action="store_true", help="end with one line of JSON")

    def handle(self, *args: Any, train: str, test: str, truncate: int, **options: Any) -> None:
        if truncate < 0:
            raise CommandError("--truncate must be a number of characters, 1 or more.")
        try:
            known, unseen = read_table(Path(train), keep_duplicates=False), read_table(Path(test), keep_duplicates=True)
        except UnreadableTable as error:
            raise CommandError(str(error)) from error
        for line in [*known.report(), *unseen.report()]:
            self.stdout.write(line)
        shared = evaluation.overlap(known, unseen)
        if shared["texts_in_both"]:
            self.stdout.write(f"  {shared['texts_in_both']} test texts also stand in the training file: the figures flatter.")
        if shared["unknown_labels"]:
            names = ", ".join(shared["unknown_labels"][:10])
            self.stdout.write(f"  labels that only the test has, always wrong: {names}.")
        columns = (*Progress.get_default_columns(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("evaluate_routing", total=1.0)
            try:
                fitted = evaluation.train_on(
                    known,
                    progress=lambda stage, share: bar.update(task, description=stage, completed=share * LEARNING_SHARE),
                )
            except TooFewLabels as error:
                raise CommandError(f"{known.name}: {error}.") from error
            rest, count = 1.0 - LEARNING_SHARE, len(unseen.messages)
            figures = evaluation.check_on(
                fitted.model,
                unseen,
                truncate=truncate,
                progress=lambda n: bar.update(task, description="measuring", completed=LEARNING_SHARE + rest * n / count),
            )
        self._tell(figures, truncate, as_json=options["json"])

    def _tell(self, figures: evaluation.Figures, truncate: int, *, as_json: bool) -> None:
        what = f"the first {truncate} characters" if truncate else "whole messages"
        self.stdout.write(f"{figures.texts} texts, {what}:")
        for name, value in figures.as_json().items():
            self.stdout.write(f"  {name:15} {value:.3f}")
        self.stdout.write(
            f"  with the thresholds learned in training, one for each length: {figures.used_coverage:.1%} of the texts would be "
            f"answered automatically, {figures.used_precision:.1%} of them rightly"
        )
        self.stdout.write(f"  time of one text: mean {figures.ms_mean:.2f} ms, p95 {figures.ms_p95:.2f} ms")
        if as_json:
            self.stdout.write(json.dumps(figures.as_json()))
