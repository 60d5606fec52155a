"""`manage.py compile_catalogues`: .po to .mo for every room, without GNU gettext."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hotline.runtime.catalogues import compile_catalogues, sources


class Command(BaseCommand):
    help = "Compile the rooms' message catalogues; what is up to date is left alone."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="compile all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = compile_catalogues(force=options["force"])
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{len(made)} of {len(sources())} catalogues compiled")
