"""Jobs of this room: adapters that take ids and call verbs."""

from typing import Any

from ticketing.exchange import actions
from ticketing.exchange.models import ExportLog
from ticketing.outbox.registry import handles, periodic


@handles("exchange.export", max_attempts=3, slow=True)
def export(payload: dict[str, Any]) -> None:
    """Write a long list."""
    actions.write_export(log=ExportLog.objects.get(pk=payload["export"]))


@periodic("exchange.remove_old_exports", every_seconds=3600)
def remove_old_exports() -> None:
    """Files of exports are kept for a day."""
    actions.remove_old_exports()
