"""The door to the text classifier that suggests duty items. Without a trained model it suggests nothing and says so."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings

from ticketing.dispatch.text_model import TextModel, UnreadableModel

MODEL = "router.npz"

log = structlog.get_logger(__name__)


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
        self._stamp: tuple[int, int] | None = None
        self._model: TextModel | None = None
        self._trouble = ""

    @property
    def reason_degraded(self) -> str:
        """Why nothing can be suggested; "" while a model is in use."""
        return "" if self._load() else self._trouble

    def warm(self) -> None:
        """Load the model now, so that the first order does not wait for it."""
        self.suggest("预热")

    def suggest(self, text: str, *, limit: int = 3) -> list[Suggestion]:
        """The `limit` likeliest items for `text`, likeliest first; [] for empty text or without a model."""
        model = self._load() if text.strip() else None
        if model is None:
            return []
        return [Suggestion(code, chance) for code, chance in model.guess(text, limit=limit).ranking]

    def _load(self) -> TextModel | None:
        path = self.directory / MODEL
        try:
            status = path.stat()
        except FileNotFoundError:
            self._model, self._stamp = None, None
            self._trouble = "no routing model is trained: run manage.py train_router"
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            with self._lock:
                if stamp != self._stamp:
                    self._read(path, stamp)
        return self._model

    def _read(self, path: Path, stamp: tuple[int, int]) -> None:
        try:
            self._model, self._trouble = TextModel.load(path), ""
        except (UnreadableModel, OSError) as error:
            self._model, self._trouble = None, f"{error}: run manage.py train_router"
            log.warning("routing_model_unreadable", error=str(error))
        self._stamp = stamp


_routers: dict[Path, Router] = {}


def get_router() -> Router:
    """The router of this process."""
    directory = Path(settings.MODELS_DIR) / "router"
    if directory not in _routers:
        _routers[directory] = Router(directory)
    return _routers[directory]
