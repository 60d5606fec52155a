"""The speech models that the platform knows by name, and where each lies on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.conf import settings

BUILTIN = Path(__file__).resolve().parent / "builtin"


class UnknownModel(LookupError):
    """The name is not in the catalogue. The message lists those that are."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model: `rate` in hertz, `size` in bytes (0: not published), `sha256` of the zip file (empty: not published)."""

    name: str
    language: str
    rate: int
    file: str
    about_mb: int
    size: int
    sha256: str
    licence: str
    about_zh: str
    about_en: str


@cache
def entries() -> tuple[ModelEntry, ...]:
    """All models of catalogue.yml, the built-in one first."""
    data = yaml.safe_load((Path(__file__).parent / "catalogue.yml").read_text(encoding="utf-8"))
    return tuple(ModelEntry(**entry) for entry in data["models"])


def find(name: str) -> ModelEntry:
    """The entry of that name.

    Raises:
        UnknownModel: no such name.
    """
    for entry in entries():
        if entry.name == name:
            return entry
    raise UnknownModel(f"No speech model is called {name!r}. Known: {', '.join(e.name for e in entries())}.")


def locate(model: str) -> Path:
    """The directory of a model given by name or by path; it need not exist."""
    if model in ("", "builtin"):
        return BUILTIN
    if any(entry.name == model for entry in entries()):
        return Path(settings.MODELS_DIR) / model
    return Path(model)
