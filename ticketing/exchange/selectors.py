"""Reading the log of exports and the runs of imports."""

from __future__ import annotations

from django.db.models import QuerySet

from ticketing.exchange.models import READERS_OF_THE_LOG, ExportLog, ImportRun
from ticketing.organisation.models import Staff


def reads_everything(staff: Staff) -> bool:
    """Whether the person may look at everyone's exports."""
    return staff.has_role(*READERS_OF_THE_LOG)


def exports_for(staff: Staff) -> QuerySet[ExportLog]:
    """The exports that a person may look at: all for those who watch over them, one's own for the others."""
    return ExportLog.objects.all() if reads_everything(staff) else ExportLog.objects.filter(staff=staff)


def runs_of(kind: str) -> QuerySet[ImportRun]:
    """The runs of one kind of import, newest first."""
    return ImportRun.objects.filter(kind=kind).select_related("started_by")
