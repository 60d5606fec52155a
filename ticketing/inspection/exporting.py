"""The lists of this room as Excel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ticketing.exchange.registry import Export, register
from ticketing.inspection import selectors, watch_selectors
from ticketing.inspection.models import READERS, Finding
from ticketing.inspection.watch_models import CARD_READERS
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


def _cards(staff: Staff, filters: dict[str, str]) -> Any:
    return watch_selectors.find_cards(
        staff, words=filters.get("q", "")[:60], status=filters.get("status", ""), colour=filters.get("colour", "")
    )


def _card_rows(staff: Staff, filters: dict[str, str]) -> Iterator[list[Any]]:
    for card in _cards(staff, filters).iterator(chunk_size=CHUNK):
        number = card.order.number if card.order else ""
        row = [card.get_colour_display(), card.unit.name, number, card.reason, card.issued_by, card.issued_at]
        yield [*row, card.get_status_display(), card.appeal, card.ruling, card.decided_at]


def register_exports() -> None:
    """Announce the lists of findings and of cards."""
    register(
        Export(
            kind="watch_cards",
            label=gettext_lazy("Cards of the watch"),
            roles=CARD_READERS,
            headings=lambda staff: [
                _("Card"),
                _("Unit"),
                _("Order number"),
                _("Reason"),
                _("Issued by"),
                _("Issued"),
                _("State"),
                _("Appeal"),
                _("Ruling"),
                _("Decided"),
            ],
            count=lambda staff, filters: _cards(staff, filters).count(),
            rows=_card_rows,
            filters=("q", "status", "colour"),
            widths=[10, 24, 16, 50, 12, 19, 12, 40, 40, 19],
        )
    )
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
