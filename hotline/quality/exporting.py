"""The inspected talks as Excel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hotline.quality import selectors
from hotline.quality.models import READERS
from ticketing.exchange.registry import Export, register
from ticketing.organisation.models import Staff

CHUNK = 500


def _found(staff: Staff, filters: dict[str, str]) -> Any:
    return selectors.find_samples(staff, words=filters.get("q", "")[:60], state=filters.get("state", ""))


def _rows(staff: Staff, filters: dict[str, str]) -> Iterator[list[Any]]:
    for sample in _found(staff, filters).iterator(chunk_size=CHUNK):
        talk = sample.conversation
        row = [sample.draw.plan.name, sample.seat.display_name, talk.get_channel_display(), talk.started_at]
        row += [sample.get_state_display(), sample.score, sample.fatal, str(sample.scored_by or ""), sample.scored_at]
        yield [*row, sample.appeal, sample.review]


def register_exports() -> None:
    """Announce the list of inspected talks."""
    register(
        Export(
            kind="quality",
            label=gettext_lazy("Inspected talks"),
            roles=READERS,
            headings=lambda staff: [
                _("Sampling plan"),
                _("Seat agent"),
                _("Channel"),
                _("Started"),
                _("State"),
                _("Score, %"),
                _("Fatal item violated"),
                _("Scored by"),
                _("Scored"),
                _("Appeal"),
                _("Review"),
            ],
            count=lambda staff, filters: _found(staff, filters).count(),
            rows=_rows,
            filters=("q", "state"),
            widths=[24, 14, 12, 19, 12, 8, 10, 14, 19, 40, 40],
        )
    )
