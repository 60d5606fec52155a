"""The lists of the desks: home, inbox, unit, call-back, supervision, all orders."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from ticketing.desk import doings, forms, places, selectors
from ticketing.desk.places import works_at
from ticketing.dispatch.actions import MAY_TAKE_OVER
from ticketing.dispatch.selectors import claims_on
from ticketing.orders import selectors as orders
from ticketing.orders.models import WorkOrder
from ticketing.orders.sealed import handles_sealed, sealed_orders
from ticketing.orders.workflow import OPEN, State
from ticketing.organisation.models import Staff, Unit
from ticketing.organisation.roles import UNIT_ROLES, Role
from ticketing.outbox.selectors import last_numbers

ROWS = 30


def staff_of(request: HttpRequest) -> Staff:
    """The signed-in person."""
    assert isinstance(request.user, Staff)
    return request.user


def page_of(request: HttpRequest, found: QuerySet[WorkOrder], *, size: int = ROWS) -> Page[WorkOrder]:
    """The asked page of a list; a number that does not exist gives the nearest one.

    Keys are sorted and cut first and rows are read after, so that a list of 100,000 never sorts whole rows.
    """
    page: Page = Paginator(found.values_list("pk", flat=True), size).get_page(request.GET.get("page"))
    rows = found.order_by().defer("query_code").in_bulk(list(page.object_list))
    page.object_list = [rows[pk] for pk in page.object_list if pk in rows]
    return page


def part_or_page(request: HttpRequest, part: str, page: str, context: dict[str, Any]) -> HttpResponse:
    """Only the changed part for htmx, the whole page otherwise."""
    partial = bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    response = render(request, part if partial else page, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """My desk: what waits for me by role, and the next few things to do."""
    staff, now = staff_of(request), timezone.now()
    cards: list[dict[str, Any]] = []
    lists: list[dict[str, Any]] = []

    def card(label: Any, count: int, url: str, meaning: str = "normal") -> None:
        cards.append({"label": label, "count": count, "url": url, "meaning": meaning if count else "normal"})

    if staff.has_role(*places.UNIT.roles):
        url = reverse("desk:unit")
        for group in selectors.unit_groups(staff, now=now):
            card(group.label, group.total, f"{url}#group-{group.key}", group.meaning)
        rows = selectors.rows_of(orders.unit_list(staff)[:6], now=now)
        lists.append({"title": _("Next by due time"), "rows": rows, "url": url, "empty": _("Nothing is with your unit.")})
    if staff.has_role(*places.INBOX.roles):
        url = reverse("desk:inbox")
        for state, count in selectors.inbox_counts(staff):
            if count or state in (State.TRIAGE, State.REPLY_REVIEW):
                card(state.label, count, f"{url}?state={state}")
        rows = selectors.rows_of(orders.inbox(staff)[:6], now=now)
        lists.append({"title": _("Waiting for dispatch and review"), "rows": rows, "url": url, "empty": _("The inbox is empty.")})
    if staff.has_role(*places.CALLBACK.roles):
        url = reverse("desk:callback")
        waiting = orders.callback_list(staff)
        card(_("To be called back"), waiting.filter(state=State.CALLBACK).count(), url)
        lists.append(
            {
                "title": _("Next call-backs"),
                "rows": selectors.rows_of(waiting[:6]),
                "url": url,
                "empty": _("Nobody waits for a call-back."),
            }
        )
    if handles_sealed(staff):
        waiting = sealed_orders(staff).filter(state__in=OPEN)
        card(_("Sealed reports"), waiting.count(), reverse("desk:sealed"))
    if staff.has_role(*places.SUPERVISION.roles):
        url = reverse("desk:supervision")
        counts = selectors.supervision_counts(staff, now=now)
        card(_("Overdue"), counts["red"], f"{url}?kind=red", "overdue")
        card(_("Soon due"), counts["yellow"], f"{url}?kind=yellow", "soon")
        card(_("Under supervision"), counts["watched"], f"{url}?kind=watched")
    return render(request, "desk/home.html", {"cards": cards, "lists": lists, "now": now})


@works_at(places.INBOX)
def inbox(request: HttpRequest) -> HttpResponse:
    """The dispatcher's three columns: rows, the order, candidates. `state` filters, `order` selects."""
    staff, now = staff_of(request), timezone.now()
    state = request.GET.get("state", "")
    found = orders.inbox(staff)
    if state in selectors.INBOX_STATES:
        found = found.filter(state=state)
    page = page_of(request, found)
    chosen = choose(request, found, page)
    claims = claims_on([*page.object_list, *([chosen] if chosen else [])], now=now)
    context: dict[str, Any] = {
        "counts": selectors.inbox_counts(staff),
        "claims": claims,
        "may_take_over": staff.has_role(*MAY_TAKE_OVER),
        "state": state,
        "page": page,
        "rows": selectors.rows_of(page.object_list, now=now),
        "chosen": chosen,
        "feed_after": last_numbers(streams=["inbox"]),
        "states": " ".join(selectors.INBOX_STATES),
    }
    if chosen is not None:
        context |= selectors.inbox_detail(chosen, staff)
        context["claim"] = claims.get(chosen.pk)
        context["doings"] = doings.possible(staff, chosen)
        context["keys"] = {doing.key for doing in context["doings"]}
        context["dispatch_form"] = forms.DispatchForm(order=chosen, staff=staff)
    part = "desk/_inbox_detail.html" if request.headers.get("HX-Target") == "inbox-detail" else "desk/_inbox.html"
    return part_or_page(request, part, "desk/inbox.html", context)


def choose(request: HttpRequest, found: QuerySet[WorkOrder], page: Page[WorkOrder]) -> WorkOrder | None:
    """The selected order of a list: the asked one while it is still in the list, else the first."""
    number = request.GET.get("order", "")
    chosen = found.filter(number=number).first() if number else None
    return chosen or next(iter(page.object_list), None)


@works_at(places.UNIT)
def unit(request: HttpRequest) -> HttpResponse:
    """What is with my unit, by due time: overdue, today, this week, later."""
    staff, now = staff_of(request), timezone.now()
    branch = branch_of(staff, request.GET.get("unit", ""))
    units = set(branch.descendants(include_self=True).values_list("pk", flat=True)) if branch else None
    mine = request.GET.get("mine") == "1"
    found = orders.unit_list(staff, units=units, mine=mine)
    state = request.GET.get("state", "")
    if state in State.values:
        found = found.filter(state=state)
    page = page_of(request, found, size=50)
    groups = {group.key: group for group in selectors.unit_groups(staff, now=now, units=units, mine=mine)}
    for row in selectors.rows_of(page.object_list, now=now):
        row.todo = unit_todo(staff, row.order)
        groups[selectors.group_of(row.order, now)].rows.append(row)
    streams = [f"unit:{pk}" for pk in sorted(orders.unit_ids_of(staff))[:40]]
    context = {
        "groups": [group for group in groups.values() if group.rows],
        "assists": list(orders.assist_list(staff)[:50]),
        "totals": list(groups.values()),
        "page": page,
        "state": state,
        "branch": branch,
        "mine": mine,
        "states": [State.DISPATCHED, State.PROCESSING, State.RETURN_REVIEW, State.REPLY_REVIEW, State.SUSPENDED],
        "unit_of_staff": orders.unit_of_staff(staff),
        "streams": " ".join(streams),
        "feed_after": last_numbers(streams=streams),
    }
    return part_or_page(request, "desk/_unit.html", "desk/unit.html", context)


def branch_of(staff: Staff, code: str) -> Unit | None:
    """One of the person's own units by its code, or None for all of them."""
    return Unit.objects.filter(code=code, pk__in=orders.unit_ids_of(staff)).first() if code else None


@works_at(places.UNIT)
def unit_tree(request: HttpRequest) -> HttpResponse:
    """My unit and all below it, each with what is with it."""
    now = timezone.now()
    return render(request, "desk/unit_tree.html", {"tree": selectors.unit_tree(staff_of(request), now=now)})


def unit_todo(staff: Staff, order: WorkOrder) -> doings.Doing | None:
    """The one main action of a row. The list holds only orders of the person's own units, so the role decides."""
    first = {State.DISPATCHED: "sign", State.PROCESSING: "submit_reply", State.JOINING: "submit_reply"}
    if staff.has_role(Role.UNIT_CLERK):
        key = first.get(State(order.state))
        return doings.DOINGS[key] if key else None
    endorses = order.state == State.REPLY_REVIEW and staff.has_role(Role.UNIT_REVIEWER)
    return doings.DOINGS["endorse_reply"] if endorses else None


@works_at(places.CALLBACK)
def callback(request: HttpRequest) -> HttpResponse:
    """Whom to call, and the form beside it."""
    staff, now = staff_of(request), timezone.now()
    found = orders.callback_list(staff)
    page = page_of(request, found)
    chosen = choose(request, found, page)
    context: dict[str, Any] = {
        "page": page,
        "rows": selectors.callback_rows(page.object_list),
        "chosen": chosen,
        "now": now,
        "feed_after": last_numbers(streams=["callback"]),
    }
    if chosen is not None:
        context |= callback_detail(chosen, staff)
    part = "desk/_callback_detail.html" if request.headers.get("HX-Target") == "callback-detail" else "desk/_callback.html"
    return part_or_page(request, part, "desk/callback.html", context)


def callback_detail(order: WorkOrder, staff: Staff, form: forms.CallbackForm | None = None) -> dict[str, Any]:
    """What the call-back form shows of one order."""
    row = selectors.callback_rows([order])[0]
    possible = doings.possible(staff, order)
    return {
        "order": order,
        "reply": row.reply,
        "contact": orders.contact_of(order, staff),
        "may_reveal": orders.may_reveal(order, staff),
        "reveal_form": forms.RevealForm(order=order, staff=staff),
        "attempts": list(order.callbacks.all()),
        "form": form or forms.CallbackForm(order=order, staff=staff),
        "doings": possible,
        "keys": {doing.key for doing in possible},
    }


@works_at(places.SUPERVISION)
def supervision(request: HttpRequest) -> HttpResponse:
    """Red and yellow list, watched, returned and urged orders."""
    staff, now = staff_of(request), timezone.now()
    kind = request.GET.get("kind", "red")
    counts = selectors.supervision_counts(staff, now=now)
    labels = {
        "red": (_("Overdue"), "overdue"),
        "yellow": (_("Soon due"), "soon"),
        "watched": (_("Under supervision"), "normal"),
        "returned": (_("Returned"), "normal"),
        "urged": (_("Urged by the citizen"), "normal"),
    }
    kind = kind if kind in labels else "red"
    page = page_of(request, selectors.supervision_list(staff, kind, now=now), size=50)
    context = {
        "kind": kind,
        "tabs": [(key, label, counts[key], meaning) for key, (label, meaning) in labels.items()],
        "label": labels[kind][0],
        "page": page,
        "rows": selectors.rows_of(page.object_list, now=now),
        "may_supervise": staff.has_role(Role.SUPERVISOR, Role.LEADER),
    }
    return render(request, "desk/supervision.html", context)


@works_at(places.ORDERS)
def all_orders(request: HttpRequest) -> HttpResponse:
    """All orders that the person may see, by number, words and state."""
    staff = staff_of(request)
    words, state = request.GET.get("q", "").strip()[:80], request.GET.get("state", "")
    number = selectors.looks_like_number(words)
    if number and orders.visible_orders(staff).filter(number=number).exists():
        return redirect("desk:order", number=number)
    page = page_of(request, selectors.find_orders(staff, words=words, state=state), size=50)
    context = {
        "page": page,
        "rows": selectors.rows_of(page.object_list),
        "q": words,
        "state": state,
        "all_states": State,
        "is_unit": staff.has_role(*UNIT_ROLES),
    }
    return part_or_page(request, "desk/_orders.html", "desk/orders.html", context)
