"""`manage.py generate_history --orders N`: example orders of the last year."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import Progress

from ticketing.orders import bulk, generation


class Command(BaseCommand):
    help = "Make realistic example orders of the last year through the bulk verb."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=int, default=2000)
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same orders, once")

    def handle(self, *args: Any, orders: int, seed: int, **options: Any) -> None:
        if not 1 <= orders <= 5_000_000:
            raise CommandError("--orders must lie between 1 and 5000000.")
        try:
            with Progress() as bar:
                task = bar.add_task("generate_history", total=orders)
                new = bulk.load_orders(
                    generation.example_orders(orders, seed=seed), progress=lambda n: bar.update(task, advance=n)
                )
        except generation.NoCity:
            raise CommandError("There is no city to make orders for: run manage.py load_city first.") from None
        self.stdout.write(f"{new} new orders (of {orders}); the others were there already.")
