"""Ways out for notices. Higher rooms register theirs (SMS by telephone provider) with `register_adapter`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

import structlog
from django.conf import settings
from django.utils import timezone

log = structlog.get_logger(__name__)


class Adapter(Protocol):
    """One way out. `send` returns when the other side has accepted the notice, and raises otherwise."""

    def send(self, *, recipient: str, text: str, order_number: str) -> None: ...


class ConsoleAdapter:
    """Writes to the log, personal values under pii keys."""

    def send(self, *, recipient: str, text: str, order_number: str) -> None:
        log.info("notice", order=order_number, pii_recipient=recipient, pii_text=text)


class FileAdapter:
    """Appends one JSON line a notice to VAR_DIR/notices/<day>.jsonl, readable by the owner only."""

    def send(self, *, recipient: str, text: str, order_number: str) -> None:
        folder = settings.VAR_DIR / "notices"
        folder.mkdir(mode=0o700, exist_ok=True)
        now = timezone.localtime()
        line = {"at": now.isoformat(), "to": recipient, "order": order_number, "text": text}
        with (folder / f"{now:%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


_factories: dict[str, Callable[[], Adapter]] = {"console": ConsoleAdapter, "file": FileAdapter}


def register_adapter(name: str, factory: Callable[[], Adapter]) -> None:
    """Make a way out known under the name that NOTICE_ADAPTERS uses."""
    _factories[name] = factory


def get_adapter(name: str) -> Adapter:
    """The way out called `name`. Raises LookupError that names those known."""
    if name not in _factories:
        raise LookupError(f"NOTICE_ADAPTERS names {name!r}; known are {', '.join(sorted(_factories))}")
    return _factories[name]()
