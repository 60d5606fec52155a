"""Reading orders: what a staff member may see and do, what a citizen may track. Every list starts here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from ticketing.citizens.models import Citizen
from ticketing.citizens.selectors import find_by_phone, masked_contact
from ticketing.clocks.plans import raised_orders
from ticketing.orders import numbers, sealed
from ticketing.orders.actions._step import covers, in_hands_of
from ticketing.orders.actions.intake import query_index
from ticketing.orders.errors import NotAllowed, OrderNotFound
from ticketing.orders.models import (
    LIST_FIELDS,
    Accountability,
    Card,
    Contestable,
    OrderAssist,
    OrderCopy,
    OrderEvent,
    Reply,
    Secrecy,
    WorkOrder,
)
from ticketing.orders.sealed import UNIT_SEES
from ticketing.orders.workflow import EDGES, OPEN, WITH_UNIT, Action, State
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import Staff, Unit
from ticketing.organisation.roles import CENTRE_ROLES, UNIT_ROLES, Role
from ticketing.organisation.selectors import covered_by, scope_of

SEES_CONTACT = frozenset({Role.SEAT, Role.SHIFT_LEADER, Role.DISPATCHER, Role.CALLBACK, Role.SUPERVISOR})


def unit_ids_of(staff: Staff) -> set[int]:
    """Every unit that the person's unit roles cover: the units appointed to and all below them."""
    return set(covered_by(a.unit_id for a in staff.appointments_now() if a.role in UNIT_ROLES))


def unit_scope(staff: Staff) -> set[int] | RawSQL:
    """The same for `unit__in`: a scope of very many units is a query of its own."""
    return scope_of(a.unit_id for a in staff.appointments_now() if a.role in UNIT_ROLES)


def visible_orders(staff: Staff) -> QuerySet[WorkOrder]:
    """The orders that a staff member may see; the only start of a list for staff.

    Drafts are nobody's yet (`drafts_of`); sealed reports are a domain of their own (`sealed.sealed_orders`).
    """
    roles = {Role(a.role) for a in staff.appointments_now()}
    orders = WorkOrder.objects.select_related(*LIST_FIELDS).exclude(state=State.DRAFT).exclude(secrecy=Secrecy.SEALED)
    if not roles:
        return orders.none()
    # Nobody reads what is said about them.
    orders = orders.exclude(pk__in=WorkOrder.objects.filter(about_staff=staff).values("pk"))
    if roles & (CENTRE_ROLES | {Role.INSPECTOR, Role.ADMIN}):
        return orders
    if not roles & UNIT_ROLES:
        return orders.none()
    units = unit_scope(staff)
    own = (Q(unit_id__in=units) | Q(sub_unit_id__in=units)) & Q(state__in=UNIT_SEES) | Q(
        pk__in=orders_helped_by(units), state__in=UNIT_SEES
    )
    for party in (OrderCopy, Card, Accountability):
        own |= Q(pk__in=party.objects.filter(unit_id__in=units).values("order_id"), state__in=UNIT_SEES)
    return orders.filter(own)


def orders_helped_by(units: set[int] | RawSQL) -> QuerySet[OrderAssist, int]:
    """Keys of the orders that units assist with: they see these, but only what they need (`sees_whole`)."""
    gone = (OrderAssist.Status.CANCELLED, OrderAssist.Status.DECLINED)
    return OrderAssist.objects.filter(unit_id__in=units).exclude(status__in=gone).values_list("order_id", flat=True)


def sees_whole(staff: Staff, order: WorkOrder) -> bool:
    """Whether the person sees all of an order: the centre does and the unit that holds it, an assisting unit does not."""
    if order.secrecy == Secrecy.SEALED:
        return any(role in sealed.OFFICES or covers(unit_id, order.unit) for role, unit_id in roles_on(staff, order))
    held = {Role(a.role) for a in staff.appointments_now()}
    if held & (CENTRE_ROLES | {Role.INSPECTOR, Role.ADMIN}):
        return True
    return any(a.role in UNIT_ROLES and in_hands_of(a.unit_id, order) for a in staff.appointments_now())


def get_order(staff: Staff, number: str) -> WorkOrder:
    """One order by number, if `staff` may see it; a draft only by who began it. Raises OrderNotFound."""
    sources = (visible_orders, drafts_of, sealed.sealed_orders) if sealed.handles_sealed(staff) else (visible_orders, drafts_of)
    order = next((found for source in sources if (found := source(staff).filter(number=number).first())), None)
    if order is None:
        raise OrderNotFound(number)
    return order


def drafts_of(staff: Staff) -> QuerySet[WorkOrder]:
    """What the person began to write and has not submitted, last touched first."""
    return WorkOrder.objects.filter(state=State.DRAFT, drafted_by=staff).select_related(*LIST_FIELDS).order_by("-updated_at")


def taken_in_by(staff: Staff) -> QuerySet[WorkOrder]:
    """The orders that the person took in and may still see, newest first."""
    taken = OrderEvent.objects.filter(actor_staff=staff, action=Action.SUBMIT).values("order")
    return visible_orders(staff).filter(pk__in=taken).order_by("-created_at")


def roles_on(staff: Staff, order: WorkOrder) -> list[tuple[Role, int | None]]:
    """The roles, each with its unit, in which the person acts on an order; on a sealed report only what he is named for."""
    if order.secrecy == Secrecy.SEALED and order.state != State.DRAFT:
        return sealed.offices_of(staff)
    return [(Role(a.role), a.unit_id) for a in staff.appointments_now()]


def works_for_centre(staff: Staff, order: WorkOrder) -> bool:
    """Whether the person looks at an order for the hotline or above it, and not for a unit."""
    centre = {*CENTRE_ROLES, Role.INSPECTOR, Role.ADMIN}
    return any(role in centre for role, _unit in roles_on(staff, order))


def actor_for(staff: Staff, order: WorkOrder, action: Action, *, request_id: str = "", channel: str = "desk") -> Actor:
    """The person in the role that may take `action` on `order`. Raises NotAllowed where no role held may.

    A state that does not allow the action is not judged here; the verb does that and says what is allowed.
    """
    edges = [e for e in EDGES if e.action == action]
    at_state = [e for e in edges if e.source == order.state] or edges
    for role, unit_id in roles_on(staff, order):
        for e in at_state:
            if role not in e.roles:
                continue
            if e.own_unit and role in UNIT_ROLES and not in_hands_of(unit_id, order):
                continue
            if e.assisting and not assists(unit_id, order):
                continue
            return Actor(
                kind="staff",
                role=role,
                name=staff.name_in(role, unit_id),
                staff_id=staff.pk,
                unit_id=unit_id,
                request_id=request_id,
                channel=channel,
            )
    raise NotAllowed(f"none of your roles may {action} this order")


def allowed_actions(staff: Staff, order: WorkOrder) -> list[Action]:
    """What `staff` may do with `order` now, in the order of the table."""
    held = roles_on(staff, order)
    reach: dict[int | None, bool] = {}

    def reaches(unit_id: int | None) -> bool:
        if unit_id not in reach:
            reach[unit_id] = in_hands_of(unit_id, order)
        return reach[unit_id]

    allowed = []
    for e in EDGES:
        if e.source != order.state or e.action in allowed:
            continue
        if any(
            r in e.roles and (not e.own_unit or r not in UNIT_ROLES or reaches(u)) and (not e.assisting or assists(u, order))
            for r, u in held
        ):
            allowed.append(e.action)
    return allowed


def is_ready(order: WorkOrder, action: Action, staff: Staff) -> bool:
    """Whether what an action presupposes besides the state is there: a watch to report on, a card to appeal against."""
    status = Contestable.Status
    held: dict[Action, Any] = {Action.APPEAL_CARD: order.cards, Action.APPEAL_FINDING: order.findings}
    decided: dict[Action, Any] = {Action.DECIDE_CARD: order.cards, Action.DECIDE_FINDING: order.findings}
    if action == Action.CANCEL_ASSIST:
        return order.assists.filter(status=OrderAssist.Status.ASKED).exists()
    if action == Action.ANSWER_SUPERVISION:
        return order.supervised and order.supervisions.filter(closed_at=None, reported_at=None).exists()
    if action == Action.END_SUPERVISION:
        return order.supervised and order.supervisions.filter(closed_at=None).exists()
    if action in held:
        return held[action].filter(status=status.ISSUED, unit_id__in=unit_ids_of(staff)).exists()
    if action in decided:
        return decided[action].filter(status__in=[status.ISSUED, status.APPEALED]).exists()
    return True


def first_receiver(order: WorkOrder) -> OrderEvent | None:
    """Who received the matter first and answers for it until a unit has signed (首问负责): the first event by a person."""
    return order.events.filter(actor_kind="staff").select_related("actor_unit").order_by("seq").first()


def assists(unit_id: int | None, order: WorkOrder) -> bool:
    """Whether a role held in `unit_id` reaches a unit whose part of the order is waited for."""
    asked = order.assists.filter(status=OrderAssist.Status.ASKED).select_related("unit")
    return any(covers(unit_id, assist.unit) for assist in asked)


def contact_of(order: WorkOrder, staff: Staff) -> dict[str, str]:
    """Name and telephone, masked; empty for a unit when the order is confidential or sealed (see `citizens.actions.reveal`)."""
    centre = any(role in SEES_CONTACT for role, _unit in roles_on(staff, order))
    if not centre and (order.secrecy != Secrecy.OPEN or not sees_whole(staff, order)):
        return {"name": "", "phone": ""}
    return masked_contact(order.citizen)


def may_reveal(order: WorkOrder, staff: Staff) -> bool:
    """Whether the person may ask to see the contact in clear."""
    centre = any(role in SEES_CONTACT for role, _unit in roles_on(staff, order))
    return order.citizen_id is not None and (centre or (order.secrecy == Secrecy.OPEN and sees_whole(staff, order)))


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An event as the timeline shows it, its private texts unsealed where they still exist."""

    event: OrderEvent
    texts: dict[str, str]


def timeline(order: WorkOrder) -> list[TimelineEntry]:
    """All events of an order, oldest first, in two queries."""
    events = order.events.prefetch_related("commitments").select_related("actor_unit").order_by("seq")
    return [TimelineEntry(event, {c.field: c.value for c in event.commitments.all()}) for event in events]


def inbox(staff: Staff) -> QuerySet[WorkOrder]:
    """What waits for a dispatcher, most urgent and oldest first; what a plan raises stands with what is that urgent."""
    waiting = [State.TRIAGE, State.RETURN_REVIEW, State.DISPUTE, State.REPLY_REVIEW, State.EXTENSION_REVIEW]
    urgency = {"critical": 0, "urgent": 1, "normal": 2}
    ranks = [When(urgency=u, then=Value(n)) for u, n in urgency.items()]
    raised = sorted(raised_orders(), key=lambda pair: urgency[pair[1]])
    ranks = [When(condition | Q(urgency=u), then=Value(urgency[u])) for condition, u in raised] + ranks
    rank = Case(*ranks, output_field=IntegerField())
    return visible_orders(staff).filter(state__in=waiting).order_by(rank, "created_at")


def unit_list(staff: Staff, *, units: set[int] | None = None, mine: bool = False) -> QuerySet[WorkOrder]:
    """What is with the units of the person, by due time; with `units` only theirs, `mine` what was given to the person."""
    reach = unit_scope(staff) if units is None else unit_ids_of(staff) & units
    return (
        WorkOrder.objects.select_related(*LIST_FIELDS)
        .filter(Q(unit_id__in=reach) | Q(sub_unit_id__in=reach), state__in=WITH_UNIT, **({"assignee": staff} if mine else {}))
        .exclude(secrecy=Secrecy.SEALED)
        .order_by("due_at", "created_at")
    )


def assist_list(staff: Staff) -> QuerySet[OrderAssist]:
    """What the person's units were asked to help with and have not answered, by due time."""
    asked = OrderAssist.objects.filter(unit_id__in=unit_ids_of(staff), status=OrderAssist.Status.ASKED)
    open_ones = asked.filter(order__state__in=WITH_UNIT).exclude(order__secrecy=Secrecy.SEALED)
    return open_ones.select_related("unit", *(f"order__{name}" for name in LIST_FIELDS)).order_by("due_at", "started_at")


def callback_list(staff: Staff) -> QuerySet[WorkOrder]:
    """Whom to call back, longest waiting first; dissatisfied ones under review after them."""
    return visible_orders(staff).filter(state__in=[State.CALLBACK, State.DISSATISFIED]).order_by("state", "replied_at")


def red_list(staff: Staff, *, now: datetime) -> QuerySet[WorkOrder]:
    """Orders past their warning moment and still with a unit, the latest due first."""
    return visible_orders(staff).filter(state__in=WITH_UNIT, warn_at__lte=now).order_by("due_at")


def earlier_orders(citizen: Citizen | None, *, limit: int = 10) -> QuerySet[WorkOrder]:
    """The citizen's other orders, newest first; sealed ones stay out."""
    if citizen is None:
        return WorkOrder.objects.none()
    return (
        WorkOrder.objects.filter(citizen=citizen)
        .exclude(secrecy=Secrecy.SEALED)
        .exclude(state=State.DRAFT)
        .select_related(*LIST_FIELDS)
        .order_by("-created_at")[:limit]
    )


def similar_open_orders(order: WorkOrder, *, limit: int = 5) -> QuerySet[WorkOrder]:
    """Open orders on the same item in the same region: what may be the same matter."""
    if order.duty_item_id is None:
        return WorkOrder.objects.none()
    return (
        WorkOrder.objects.filter(duty_item_id=order.duty_item_id, region=order.region, state__in=OPEN - {State.DRAFT})
        .exclude(pk=order.pk)
        .exclude(secrecy=Secrecy.SEALED)
        .select_related(*LIST_FIELDS)
        .order_by("-created_at")[:limit]
    )


# --- Citizens --------------------------------------------------------------------------------------------------------


def track(number: str, query_code: str) -> WorkOrder:
    """The order behind a number and its query code. Raises OrderNotFound for anything else, forged numbers included."""
    number = "".join(number.split())
    if not numbers.is_valid(number):
        raise OrderNotFound(number)
    order = (
        WorkOrder.objects.select_related(*LIST_FIELDS, "merged_into")
        .filter(number=number, query_code_index=query_index(number, query_code.strip()))
        .exclude(state=State.DRAFT)
        .first()
    )
    if order is None:
        raise OrderNotFound(number)
    return order


def orders_of_phone(phone: str, *, limit: int = 5) -> list[WorkOrder]:
    """Recent open-to-the-caller orders made from this telephone, newest first; sealed ones stay out."""
    return list(earlier_orders(find_by_phone(phone), limit=limit))


def public_replies(order: WorkOrder) -> QuerySet[Reply]:
    """Replies a citizen may read: approved ones."""
    return order.replies.filter(status=Reply.Status.APPROVED).select_related("unit").order_by("created_at")


def open_question(order: WorkOrder) -> str:
    """What the citizen was asked and has not answered yet; empty for an order that waits for nothing."""
    if order.state != State.NEED_INFO:
        return ""
    event = order.events.filter(action=Action.ASK_INFO).order_by("-seq").first()
    kept = event.commitments.filter(field="question").first() if event else None
    return kept.value if kept else ""


def backstop_unit(order: WorkOrder) -> Unit | None:
    """The unit that must act when no other fits (兜底): the government of the order's district, else that of the city."""
    regions = list(order.region.ancestors(include_self=True)) if order.region else []
    governments = Unit.objects.filter(kind=Unit.Kind.GOVERNMENT, is_active=True, accepts_orders=True)
    for level in ("district", "city"):
        found = governments.filter(level=level, region__in=regions).first() if regions else None
        if found is not None:
            return found
    return governments.filter(level="city").first()


PROGRESS = ("received", "dispatched", "in_process", "replied", "closed")


def progress_of(order: WorkOrder) -> dict[str, Any]:
    """How far the matter is, as a citizen counts it: the step reached (see PROGRESS) and the moment of each."""
    reached = 0
    if order.state == State.CLOSED_DIRECT or order.closed_at:
        reached = 4
    elif order.replied_at and order.state in (State.CALLBACK, State.DISSATISFIED):
        reached = 3
    elif order.signed_at:
        reached = 2
    elif order.dispatched_at and order.unit_id:
        reached = 1
    moments = (order.created_at, order.dispatched_at, order.signed_at, order.replied_at, order.closed_at)
    return {"reached": reached, "steps": list(zip(PROGRESS, moments, strict=True)), "unit": order.unit}


def unit_of_staff(staff: Staff) -> Unit | None:
    """The unit whose desk the person works at."""
    for appointment in staff.appointments_now():
        if appointment.role in UNIT_ROLES:
            return appointment.unit
    return None
