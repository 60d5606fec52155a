from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from speech_models import catalogue, download


class Command(BaseCommand):
    help = "Fetch a speech model by name: resumable, with checksum. Without a name, or with --list, show the catalogue."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="")
        parser.add_argument("--list", action="store_true", help="show the models and which of them are here")
        parser.add_argument("--url", default="", help="take the zip file from this address instead")

    def handle(self, *args: Any, name: str, list: bool, url: str, **options: Any) -> None:
        if list or not name:
            self._show()
            return
        try:
            entry = catalogue.find(name)
        except catalogue.UnknownModel as error:
            raise CommandError(str(error)) from error
        if not entry.file:
            self.stdout.write(_("The built-in model comes with the source; there is nothing to fetch."))
            return
        address = url or f"{settings.VOSK_MODELS_URL.rstrip('/')}/{entry.file}"
        steps = {"download": _("Downloading"), "check": _("Checking"), "unpack": _("Unpacking")}
        with Progress(
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
        ) as bars:
            tasks: dict[str, Any] = {}

            def show(step: str, done: int, total: int) -> None:
                if step not in tasks:
                    tasks[step] = bars.add_task(steps[step], total=total or None)
                bars.update(tasks[step], completed=done, total=total or None)

            try:
                path = download.fetch(entry=entry, url=address, models_dir=Path(settings.MODELS_DIR), progress=show)
            except download.DownloadFailed as error:
                raise CommandError(str(error)) from error
        self.stdout.write(_("The model is in %(path)s. Use it with VOSK_MODEL=%(name)s.") % {"path": path, "name": entry.name})

    def _show(self) -> None:
        chinese = (get_language() or "").startswith("zh")
        for entry in catalogue.entries():
            here = _("here") if catalogue.locate(entry.name).exists() else _("not fetched")
            about = entry.about_zh if chinese else entry.about_en
            self.stdout.write(f"{entry.name:32} {entry.about_mb:>5} MB  {entry.licence:12}  {here}  {about}")
