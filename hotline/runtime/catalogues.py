"""Message catalogues: the tree holds the readable .po files, the machine's .mo files are made from them here."""

from __future__ import annotations

from pathlib import Path

import polib
from django.apps import apps
from django.conf import settings


def sources() -> list[Path]:
    """All .po files of the rooms."""
    rooms = [Path(config.path) for config in apps.get_app_configs()]
    ours = [room for room in rooms if settings.BASE_DIR in room.parents and "site-packages" not in room.parts]
    return sorted(po for room in ours for po in room.glob("locale/*/LC_MESSAGES/*.po"))


def compile_catalogues(*, force: bool = False) -> list[Path]:
    """Compile what is newer than its .mo; the compiled files. Raises OSError or ValueError naming a broken file."""
    made = []
    for source in sources():
        target = source.with_suffix(".mo")
        if not force and target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        try:
            catalogue = polib.pofile(str(source))
        except OSError as error:
            raise ValueError(f"{source} is no readable message catalogue: {error}") from error
        part = target.with_suffix(".mo.part")
        catalogue.save_as_mofile(str(part))
        part.replace(target)
        made.append(target)
    return made
