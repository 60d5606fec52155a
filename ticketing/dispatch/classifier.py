"""The door to the text classifier that suggests duty items. Without a trained model it suggests nothing and says so."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

LABELS = "labels.json"
MODEL = "router.skops"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A duty item by code with the classifier's probability, 0 to 1."""

    item_code: str
    probability: float


class Router:
    """A trained text-to-item model, loaded once and again when its file changes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.Lock()
        self._stamp: float | None = None
        self._pipeline: Any = None
        self._labels: list[str] = []

    @property
    def reason_degraded(self) -> str:
        """Why nothing can be suggested; "" while a model is in use."""
        return "" if self._load() else "no routing model is trained: run manage.py train_router"

    def _load(self) -> bool:
        path = self.directory / MODEL
        try:
            stamp = path.stat().st_mtime
        except FileNotFoundError:
            self._pipeline = None
            return False
        with self._lock:
            if self._pipeline is None or stamp != self._stamp:
                from skops.io import get_untrusted_types, load

                unknown = get_untrusted_types(file=path)
                self._pipeline = load(path, trusted=[t for t in unknown if t.startswith(("numpy.", "scipy.", "sklearn."))])
                self._labels = json.loads((self.directory / LABELS).read_text(encoding="utf-8"))
                self._stamp = stamp
        return True

    def suggest(self, text: str, *, limit: int = 3) -> list[Suggestion]:
        """The `limit` likeliest items for `text`, likeliest first; [] for empty text or without a model."""
        if not text.strip() or not self._load():
            return []
        probabilities = self._pipeline.predict_proba([text[:2000]])[0]
        best = np.argsort(probabilities)[::-1][:limit]
        return [Suggestion(self._labels[i], float(probabilities[i])) for i in best]


_routers: dict[Path, Router] = {}


def get_router() -> Router:
    """The router of this process."""
    directory = Path(settings.MODELS_DIR) / "router"
    if directory not in _routers:
        _routers[directory] = Router(directory)
    return _routers[directory]
