"""Composing the words of example orders from the city's own items, places and phrases. All words are data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import yaml
from django.conf import settings


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """The phrases of a city: demo/phrases.yml, or the city's own file of that form."""

    data: dict[str, Any]

    def frames(self, order_type: str) -> list[str]:
        """Sentence frames of an order type; unknown types use those of `other`."""
        return self.data["frames"].get(order_type) or self.data["frames"]["other"]

    def fill(self, frame: str, rng: Random, *, what: str, place: str) -> str:
        """A frame with an item's word, a place and a time in it."""
        return frame.format(what=what, place=place, time=rng.choice(self.data["times"]))

    def sentence(self, rng: Random, *, order_type: str, what: str, place: str) -> str:
        """One utterance as a citizen or a seat agent would put it."""
        body = self.fill(rng.choice(self.frames(order_type)), rng, what=what, place=place)
        filler = rng.choice(self.data["fillers"])
        return f"{filler}，{body}{rng.choice(self.data['tails'])}" if filler else f"{body}{rng.choice(self.data['tails'])}"

    def pick(self, rng: Random, *path: str) -> str:
        """One of the phrases under `path`."""
        found: Any = self.data
        for key in path:
            found = found[key]
        return str(rng.choice(found))


@lru_cache(maxsize=4)
def _read(path: Path, _mtime: float) -> Phrasebook:
    return Phrasebook(yaml.safe_load(path.read_text(encoding="utf-8")))


def get_phrasebook(directory: Path | None = None) -> Phrasebook:
    """The phrasebook of the city's content directory. Raises FileNotFoundError where there is none."""
    path = (directory or Path(settings.CITY_DIR)) / "phrases.yml"
    return _read(path, path.stat().st_mtime)
