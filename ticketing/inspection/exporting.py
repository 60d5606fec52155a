"""The lists of this room as Excel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ticketing.exchange.registry import Export, register
from ticketing.inspection import selectors
from ticketing.inspection.models import READERS, Finding
from ticketing.organisation.models import Staff

CHUNK = 500


def _found(filters: dict[str, str]) -> Any:
    number = filters.get("round", "")
    return selectors.find_findings(
        words=filters.get("q", "")[:60],
        outcome=filters.get("outcome", ""),
        round=int(number) if number.isdecimal() and len(number) < 9 else None,
    )


def _row(finding: Finding) -> list[Any]:
    outcome = selectors.outcome_of(finding)
    return [
        finding.place.round.title,
        finding.place.name,
        finding.text,
        finding.found_by,
        finding.found_at,
        finding.order.number if finding.order else "",
        outcome.label,
        outcome.unit,
        outcome.at,
    ]


def _rows(staff: Staff, filters: dict[str, str]) -> Iterator[list[Any]]:
    for finding in _found(filters).iterator(chunk_size=CHUNK):
        yield _row(finding)


def register_exports() -> None:
    """Announce the list of findings."""
    register(
        Export(
            kind="findings",
            label=gettext_lazy("Inspection findings"),
            roles=READERS,
            headings=lambda staff: [
                _("Round"),
                _("Place"),
                _("What was found"),
                _("Found by"),
                _("Found"),
                _("Order number"),
                _("Outcome"),
                _("Unit"),
                _("Put right"),
            ],
            count=lambda staff, filters: _found(filters).count(),
            rows=_rows,
            filters=("q", "outcome", "round"),
            widths=[24, 20, 60, 12, 19, 16, 16, 24, 19],
        )
    )
