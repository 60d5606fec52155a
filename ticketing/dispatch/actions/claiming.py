"""Claiming: a waiting order is in one dispatcher's hands, so that two people never work on it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.dispatch.models import Claim
from ticketing.orders import selectors as orders
from ticketing.orders.errors import InvalidOrder, NotAllowed
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import State
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role
from ticketing.outbox import feeds

HOLD = timedelta(minutes=10)  # a claim lapses unless its holder acts on the order
MOST_HELD = 20  # nobody keeps more away from the others
CLAIMABLE = frozenset({State.TRIAGE, State.RETURN_REVIEW, State.DISPUTE, State.REPLY_REVIEW, State.EXTENSION_REVIEW})
CLAIMERS = frozenset({Role.DISPATCHER, Role.SHIFT_LEADER, Role.SUPERVISOR})
MAY_TAKE_OVER = frozenset({Role.SHIFT_LEADER, Role.SUPERVISOR})


class Claimed(InvalidOrder):
    """Somebody else works on the order; `claim` says who and until when."""

    code = "claimed"
    status = 409

    def __init__(self, claim: Claim) -> None:
        words = {"name": claim.staff.display_name, "time": f"{timezone.localtime(claim.until):%H:%M}"}
        super().__init__("claim", _("%(name)s works on this order, until %(time)s. Choose another one.") % words)
        self.claim = claim

    def __str__(self) -> str:
        return self.hint


def claim_order(*, order: WorkOrder, staff: Staff, take_over: bool = False) -> Claim:
    """Put a waiting order into this person's hands for ten minutes; one's own claim is renewed.

    `take_over` takes it from somebody else: shift leaders and supervisors may. Raises Claimed, NotAllowed, InvalidOrder
    (the order waits for nobody, or the person holds too many).
    """
    _must_work_at_inbox(staff)
    if take_over and not staff.has_role(*MAY_TAKE_OVER):
        raise NotAllowed("only a shift leader or a supervisor takes an order over")
    with transaction.atomic():
        locked = WorkOrder.objects.select_for_update().only("pk", "state", "number").get(pk=order.pk)
        if locked.state not in CLAIMABLE:
            raise InvalidOrder("claim", _("This order does not wait for a dispatcher any more."))
        now = timezone.now()
        _must_hold_few(staff, now, but=locked)
        if take_over:
            Claim.objects.filter(order=locked).delete()
        claim = _take(locked, staff, now)
        if claim is None:
            raise Claimed(Claim.objects.select_related("staff").get(order=locked))
    return claim


def claim_next(*, staff: Staff) -> Claim | None:
    """Claim the most urgent, oldest waiting order that nobody holds; None when there is none.

    Dispatchers who ask at the same moment get different orders: rows that another one is about to take are passed over.
    """
    _must_work_at_inbox(staff)
    skip = connection.features.has_select_for_update_skip_locked
    while True:
        with transaction.atomic():
            now = timezone.now()
            _must_hold_few(staff, now)
            free = orders.inbox(staff).select_related(None).filter(Q(claim=None) | Q(claim__until__lte=now))
            order = free.select_for_update(skip_locked=skip, of=("self",)).first() if skip else free.first()
            if order is None:
                return None
            claim = _take(order, staff, now)
        if claim is not None:  # else another one was faster between our look and our lock
            return claim


def release_claim(*, order: WorkOrder, staff: Staff) -> bool:
    """Give an order back to the inbox; False when the person did not hold it."""
    gone, _rows = Claim.objects.filter(order=order, staff=staff).delete()
    if gone:
        _tell(order, "")
    return bool(gone)


def must_be_free(*, order: WorkOrder, staff: Staff) -> None:
    """Raises Claimed when somebody else works on the order."""
    if order.state in CLAIMABLE and staff.has_role(*CLAIMERS):
        claim = Claim.objects.select_related("staff").filter(order=order, until__gt=timezone.now()).exclude(staff=staff).first()
        if claim is not None:
            raise Claimed(claim)


def settle_claim(*, order: WorkOrder) -> None:
    """After an act: what does not wait any more is in nobody's hands."""
    if order.state not in CLAIMABLE:
        Claim.objects.filter(order=order).delete()


def _take(order: WorkOrder, staff: Staff, now: datetime) -> Claim | None:
    """The claim when it is this person's now, by one statement that either changes a lapsed row or adds one."""
    rows = Claim.objects.filter(order=order)
    taken = rows.filter(Q(staff=staff) | Q(until__lte=now)).update(staff=staff, until=now + HOLD, times=F("times") + 1)
    if not taken:
        Claim.objects.bulk_create([Claim(order=order, staff=staff, until=now + HOLD, times=1)], ignore_conflicts=True)
    claim = rows.select_related("staff", "order").get()
    if claim.staff_id != staff.pk:
        return None
    _tell(order, staff.display_name)
    return claim


def _tell(order: WorkOrder, name: str) -> None:
    feeds.publish(stream="inbox", kind="claim", payload={"number": order.number, "by": name})


def _must_work_at_inbox(staff: Staff) -> None:
    if not staff.has_role(*CLAIMERS):
        raise NotAllowed("only those who work at the dispatch inbox claim orders")


def _must_hold_few(staff: Staff, now: datetime, *, but: WorkOrder | None = None) -> None:
    held = Claim.objects.filter(staff=staff, until__gt=now)
    if but is not None:
        held = held.exclude(order=but)
    if held.count() >= MOST_HELD:
        raise InvalidOrder("claim", _("You hold %(count)d orders already. Release some first.") % {"count": MOST_HELD})
