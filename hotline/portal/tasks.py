"""Regular work of this room."""

from __future__ import annotations

from hotline.portal import actions
from ticketing.outbox import registry


@registry.periodic("portal.forget_old_drafts", every_seconds=3600)
def forget_old_drafts() -> None:
    """Delete reports that were begun and not sent."""
    actions.forget_old_drafts()
