"""Messages that say what happened, what was kept and what to do, on top of django.contrib.messages."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest

UNDO_SECONDS = 30
_LOOK = {
    messages.DEBUG: ("normal", "info-circle"),
    messages.INFO: ("normal", "info-circle"),
    messages.SUCCESS: ("done", "circle-check"),
    messages.WARNING: ("soon", "alert-triangle"),
    messages.ERROR: ("overdue", "alert-circle"),
}


def tell(
    request: HttpRequest,
    level: int,
    *,
    what: object,
    kept: object = "",
    then: object = "",
    undo_url: str = "",
    undo_seconds: int = UNDO_SECONDS,
    draft: str = "",
) -> None:
    """Show a note on the next page: `what` happened, what was `kept`, what to do `then`; with `undo_url` a way back.

    `draft` is the key of the draft that the server has now taken, so that the browser forgets it.
    `level` is one of django.contrib.messages' numbers. The undo button posts to `undo_url` and is shown for
    `undo_seconds` seconds.
    """
    lines = [str(line) for line in (what, kept, then) if str(line)]
    tags = [f"undo:{undo_seconds}:{undo_url}"] if undo_url else []
    tags += [f"draft:{draft}"] if draft else []
    messages.add_message(request, level, "\n".join(lines), extra_tags=" ".join(tags))


def note_from(message: Message) -> dict[str, Any]:
    """The parts of a message for the template: what, more lines, meaning, icon, undo_url, undo_seconds."""
    first, *more = str(message).split("\n")
    meaning, icon = _LOOK.get(message.level, _LOOK[messages.INFO])
    note: dict[str, Any] = {"what": first, "more": more, "meaning": meaning, "icon": icon, "undo_url": "", "draft": ""}
    for tag in (message.extra_tags or "").split():
        if tag.startswith("undo:"):
            _word, seconds, note["undo_url"] = tag.split(":", 2)
            note["undo_seconds"] = int(seconds)
        elif tag.startswith("draft:"):
            note["draft"] = tag.removeprefix("draft:")
    return note
