"""`manage.py rotate_sealing`: rewrite every sealed value with the newest of SEALING_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from ticketing.citizens.actions import rotate_sealing


class Command(BaseCommand):
    help = "Rewrite every sealed value with the newest sealing key; afterwards the older keys can be dropped."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rotate_sealing()} rows rewritten.")
