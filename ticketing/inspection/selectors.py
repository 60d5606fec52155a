"""Reading rounds and findings: lists, one round, and what became of a finding by the state of its order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from ticketing.inspection.models import READERS, RUNNERS, Finding, InspectionRound
from ticketing.orders.models import Reply, WorkOrder
from ticketing.orders.workflow import State
from ticketing.organisation.actor import Actor, staff_actor
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role

WORDS_MAX = 5
OUTCOMES = {
    "open": _("No order yet"),
    "ordered": _("Order under way"),
    "right": _("Put right"),
    "not_right": _("Over, not put right"),
}
CLOSED = (State.CLOSED, State.ARCHIVED)
OVER = (*CLOSED, State.CLOSED_DIRECT, State.REJECTED, State.TRANSFERRED, State.WITHDRAWN)


def actor_of(staff: Staff, *, channel: str = "desk", request_id: str = "") -> Actor | None:
    """The person in the strongest role they hold here; None for one who has none."""
    for roles in (RUNNERS, READERS):
        for role in sorted(roles):
            if staff.has_role(role):
                return staff_actor(staff, role=Role(role), channel=channel, request_id=request_id)
    return None


def inspectors() -> QuerySet[Staff]:
    """Who may be sent on a round."""
    return Staff.objects.filter(is_active=True, appointments__role__in=READERS).distinct().order_by("display_name")


def find_rounds(*, words: str = "", phase: str = "", today: date) -> QuerySet[InspectionRound]:
    """Rounds by words and phase, newest first, with their numbers of places, visits, findings and orders."""
    found = InspectionRound.objects.all()
    for word in _words(words):
        found = found.filter(Q(title__icontains=word) | Q(topic__icontains=word))
    phases = {
        InspectionRound.Phase.ENDED: Q(ended_at__isnull=False),
        InspectionRound.Phase.PLANNED: Q(ended_at=None, starts_on__gt=today),
        InspectionRound.Phase.RUNNING: Q(ended_at=None, starts_on__lte=today, ends_on__gte=today),
        InspectionRound.Phase.LATE: Q(ended_at=None, ends_on__lt=today),
    }
    if phase in phases:
        found = found.filter(phases[InspectionRound.Phase(phase)])
    return found.annotate(
        place_count=Count("places", distinct=True),
        visit_count=Count("places", filter=Q(places__visited_at__isnull=False), distinct=True),
        finding_count=Count("places__findings", distinct=True),
        order_count=Count("places__findings", filter=Q(places__findings__order__isnull=False), distinct=True),
    ).order_by("-starts_on", "-pk")


def findings() -> QuerySet[Finding]:
    """All findings, newest first, with place, round and order; annotated with how the order, or the one it was merged
    into, stands (`order_state`), and whether its last approved reply solved the matter (`solved`)."""
    counted = Coalesce(OuterRef("order__merged_into_id"), OuterRef("order_id"))
    last = Reply.objects.filter(order=counted, status=Reply.Status.APPROVED, is_stage=False).order_by("-created_at")
    return Finding.objects.select_related(
        "place__round", "place__unit", "duty_item", "order__unit", "order__merged_into__unit"
    ).annotate(order_state=Coalesce("order__merged_into__state", "order__state"), solved=Subquery(last.values("solved")[:1]))


def find_findings(*, words: str = "", outcome: str = "", round: int | None = None) -> QuerySet[Finding]:
    """Findings by words, round and what became of them (OUTCOMES)."""
    found = findings()
    for word in _words(words):
        anywhere = Q(text__icontains=word) | Q(place__name__icontains=word) | Q(order__number__startswith=word)
        found = found.filter(anywhere | Q(place__unit__name__icontains=word) | Q(order__unit__name__icontains=word))
    if round is not None:
        found = found.filter(place__round_id=round)
    filters = {
        "open": Q(order=None),
        "ordered": Q(order__isnull=False) & ~Q(order_state__in=OVER),
        "right": Q(order_state__in=CLOSED, solved=True),
        "not_right": Q(order_state__in=OVER) & (~Q(order_state__in=CLOSED) | Q(solved=None) | Q(solved=False)),
    }
    return found.filter(filters[outcome]) if outcome in filters else found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a finding. `unit` put it right, or has it; `at` is when it was put right."""

    kind: str
    unit: str = ""
    at: datetime | None = None

    @property
    def label(self) -> str:
        """The outcome in the reader's language."""
        return str(OUTCOMES[self.kind])

    @property
    def meaning(self) -> str:
        """The outcome as one of the four meanings of the design system."""
        return {"open": "soon", "ordered": "normal", "right": "done", "not_right": "overdue"}[self.kind]


def outcome_of(finding: Finding) -> Outcome:
    """What became of a finding of `findings()`, by the state of its order and the unit's last approved reply."""
    if finding.order is None:
        return Outcome("open")
    order: WorkOrder = finding.order.merged_into or finding.order
    unit = order.unit.name if order.unit else ""
    if order.state not in OVER:
        return Outcome("ordered", unit)
    if order.state in CLOSED and getattr(finding, "solved", None):
        return Outcome("right", unit, order.closed_at)
    return Outcome("not_right", unit)


def _words(words: str) -> list[str]:
    return words.replace("\x00", "").split()[:WORDS_MAX]
