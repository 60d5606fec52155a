"""`manage.py verify_history [NUMBER]`: find changed or missing history."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ticketing.orders import history
from ticketing.orders.models import OrderEvent, WorkOrder


class Command(BaseCommand):
    help = "Recompute the hash chain of every order (or one) and report what does not hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", nargs="?", default="", help="order number; all orders without one")

    def handle(self, *args: Any, number: str, **options: Any) -> None:
        if number and not WorkOrder.objects.filter(number=number).exists():
            raise CommandError(f"There is no order {number}.")
        flaws = 0
        for flaw in history.verify(number=number):
            flaws += 1
            self.stderr.write(f"{flaw.number}#{flaw.seq or '-'}: {flaw.what}")
        if flaws:
            raise CommandError(f"{flaws} flaws found.")
        orders = 1 if number else WorkOrder.objects.count()
        self.stdout.write(f"{orders} orders, {OrderEvent.objects.count() if not number else ''} events: history holds.")
