"""Jobs of the notices room."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from ticketing.notices import actions, surveys
from ticketing.notices.daily import make_daily_notice
from ticketing.organisation.actor import SYSTEM
from ticketing.outbox.registry import handles, handles_many, periodic


@handles_many("notices.order_event", batch=50)
def order_event(payloads: list[dict[str, Any]]) -> None:
    """Decide on the notices after events of orders."""
    events = [payload["event"] for payload in payloads]
    actions.notify_events(event_ids=events)
    surveys.ask_after_vain_calls(event_ids=events)


@handles("notices.send")
def send(payload: dict[str, Any]) -> None:
    """Send the notices that one decision made."""
    actions.send_notices(notice_ids=payload["notices"])


@periodic("notices.surveys", every_seconds=1800)
def end_surveys() -> None:
    """End surveys that nobody answered in time."""
    surveys.end_surveys()


@periodic("notices.daily", crontab="10 6 * * *", slow=True)
def daily() -> None:
    """The notice of yesterday."""
    make_daily_notice(day=timezone.localdate() - timedelta(days=1), actor=SYSTEM)
