"""What follows a unit into its successor. Rooms above the organisation register what of theirs must go along."""

from __future__ import annotations

from collections.abc import Callable

from ticketing.organisation.actor import Actor
from ticketing.organisation.models import Unit

Follow = Callable[[Unit, Unit, Actor], int]
_followers: dict[str, Follow] = {}


def register(name: str, follow: Follow) -> None:
    """Announce what goes along (idempotent by `name`): called with the old unit, the new one and who merges them, inside
    the merger's transaction; returns how many rows went. Call it in the room's AppConfig.ready."""
    _followers[name] = follow


def follow_all(old: Unit, new: Unit, actor: Actor) -> dict[str, int]:
    """Let everything registered go along; returns how much, by name."""
    return {name: follow(old, new, actor) for name, follow in _followers.items()}
