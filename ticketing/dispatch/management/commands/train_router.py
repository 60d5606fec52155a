"""`manage.py train_router`: train the model that suggests duty items from words."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from ticketing.dispatch import training


class Command(BaseCommand):
    help = "Train the routing model from the duty list and the phrases of the city."

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(stderr=True)
        with console.status("…") as status:
            try:
                report = training.train(progress=lambda stage: status.update(f"train_router: {stage} …"))
            except training.NothingToTrainOn:
                raise CommandError("There are no duty items to train on: run manage.py load_city first.") from None
        self.stdout.write(
            f"{report.labels} items, {report.texts} texts; on sentence frames never trained on: "
            f"top 1 {report.top1:.1%}, top 3 {report.top3:.1%}"
        )
