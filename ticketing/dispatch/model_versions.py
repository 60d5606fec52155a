"""The kept versions of the routing model: a folder each beside the one in force, with model, card and report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings

from ticketing.dispatch.classifier import MODEL

CARD = "card.json"
REPORT = "report.md"
SHOWN = ("trained_at", "source", "data", "labels", "texts")

Train = Callable[[Path], Any]


def in_force() -> Path:
    """The folder that dispatch reads."""
    return Path(settings.MODELS_DIR) / "router"


def folder(number: int) -> Path:
    """The folder of a version."""
    return Path(settings.MODELS_DIR) / "router-versions" / str(number)


def _figures(directory: Path) -> dict[str, Any]:
    model, card = directory / MODEL, directory / CARD
    found: dict[str, Any] = {"sha256": sha256(model.read_bytes()).hexdigest() if model.is_file() else ""}
    if card.is_file():
        told = json.loads(card.read_text(encoding="utf-8"))
        found |= {name: told[name] for name in SHOWN if name in told}
    return found


def live_figures() -> dict[str, Any]:
    """What the model in force says of itself; an empty hash where there is none."""
    return _figures(in_force())


def figures(number: int) -> dict[str, Any]:
    """What a version says of itself, and the number of its folder."""
    return _figures(folder(number)) | {"folder": number}


def keep_live(number: int) -> dict[str, Any]:
    """Copy what is in force into the folder of a version; its figures."""
    _copy(in_force(), folder(number))
    return figures(number)


def put_in_force(content: dict[str, Any]) -> None:
    """Make a version the one that dispatch reads; each process reads it with its next order."""
    source = folder(int(content["folder"]))
    if not (source / MODEL).is_file():
        (in_force() / MODEL).unlink(missing_ok=True)
        return
    _copy(source, in_force())


def _copy(source: Path, target: Path) -> None:
    """Copy card, report and, last, the model, each in one step, so that no reader meets half a file."""
    target.mkdir(parents=True, exist_ok=True)
    for name in (CARD, REPORT, MODEL):
        if (source / name).is_file():
            part = target / f"{name}.part"
            shutil.copyfile(source / name, part)
            part.replace(target / name)
