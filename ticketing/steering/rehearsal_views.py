"""Rehearsals: drafts of rules, owners and model, replayed over past orders before anybody publishes them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ticketing.dispatch import actions, selectors
from ticketing.dispatch.actions import EDITORS, PUBLISHERS, ReleaseError
from ticketing.dispatch.models import Rehearsal, RehearsedOrder, Release
from ticketing.orders.selectors import visible_orders
from ticketing.steering.people import actor_of, for_readers, staff_of
from ticketing.ui.messages import tell

ROWS, RUNS, STEPS, UNITS = 30, 20, 20, 30
DAYS = (30, 90, 180, 365)


def rows_of(text: str) -> list[dict[str, str]]:
    """Lines of “item, unit, level” as rows; commas of either script, tabs and empty lines are taken."""
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.replace("，", ",").replace("\t", ",").split(",")]
        if any(cells):
            rows.append(dict(zip(("code", "owner", "acts_at"), [*cells, "", ""], strict=False)))
    return rows


@require_http_methods(["GET", "POST"])
@for_readers
def rehearsals(request: HttpRequest) -> HttpResponse:
    """The drafts that can be rehearsed, a draft of owners written here, and the rehearsals so far."""
    error, text = "", request.POST.get("rows", "")
    if request.method == "POST":
        try:
            if "rows" in request.POST:
                actions.draft_owners(actor=actor_of(request, EDITORS), rows=rows_of(text))
                tell(request, messages.SUCCESS, what=_("The draft of owners is kept; rehearse it now."))
                return redirect("steering:rehearsals")
            number = request.POST.get("release", "")
            release = get_object_or_404(Release, pk=int(number) if number.isdecimal() and len(number) < 10 else 0)
            days = request.POST.get("days", "")
            made = actions.ask_rehearsal(
                release=release, days=int(days) if days.isdecimal() else 0, actor=actor_of(request, EDITORS | PUBLISHERS)
            )
            return redirect("steering:rehearsal", pk=made.pk)
        except ReleaseError as refused:
            error = str(refused)
    open_ones = Release.objects.filter(state=Release.State.DRAFT)
    earlier = Release.objects.filter(state=Release.State.REPLACED).exclude(kind=Release.Kind.OWNERS).order_by("-number")[:10]
    in_force = {r.kind: r for r in Release.objects.filter(state=Release.State.PUBLISHED).select_related("replaced")}
    staff = staff_of(request)
    context = {
        "error": error,
        "text": text,
        "drafts": open_ones,
        "earlier": earlier,
        "backs": [(kind, in_force.get(kind)) for kind in (Release.Kind.OWNERS, Release.Kind.MODEL)],
        "days": DAYS,
        "runs": Rehearsal.objects.select_related("release")[:RUNS],
        "steps": selectors.release_steps(Release.Kind.OWNERS)[:STEPS],
        "model_steps": selectors.release_steps(Release.Kind.MODEL)[:STEPS],
        "may_edit": staff.has_role(*EDITORS),
        "may_publish": staff.has_role(*PUBLISHERS),
        "may_rehearse": staff.has_role(*EDITORS | PUBLISHERS),
    }
    return render(request, "steering/rehearsals.html", context, status=400 if error else 200)


@require_GET
@for_readers
def rehearsal(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a rehearsal is; then its figures and the orders that would have gone elsewhere, with both reasons."""
    shown = get_object_or_404(Rehearsal.objects.select_related("release"), pk=pk)
    if getattr(request, "htmx", False):
        answer = render(request, "steering/_rehearsal_state.html", {"run": shown})
        if not shown.is_busy:
            answer.headers["HX-Refresh"] = "true"
        return answer
    effect = request.GET.get("effect", "")
    staff = staff_of(request)
    found = rehearsed_orders(staff, shown, effect)
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    units: dict[str, dict[str, int]] = shown.outcome.get("units", {})
    most = sorted(units.items(), key=lambda pair: -(pair[1]["gets"] + pair[1]["loses"] + pair[1]["returns_caused"]))[:UNITS]
    codes = {code for row in page.object_list for code in (row.now_unit, row.then_unit, row.settled_by)}
    names = selectors.unit_names(codes | {code for code, _of in most})
    context = {
        "run": shown,
        "page": page,
        "effect": effect if effect in RehearsedOrder.Effect.values else "",
        "effects": [RehearsedOrder.Effect.SAVED, RehearsedOrder.Effect.CAUSED],
        "names": names,
        "units": [(names.get(code, ""), of) for code, of in most],
        "kept_most": shown.outcome.get("moved", 0) > actions.MOST_KEPT,
        "may_publish": shown.release.state == Release.State.DRAFT and staff.has_role(*PUBLISHERS),
    }
    return render(request, "steering/rehearsal.html", context)


def rehearsed_orders(staff: Any, shown: Rehearsal, effect: str) -> Any:
    """The orders of a rehearsal that the person may see, of one effect where it is named."""
    found = shown.orders.filter(order__in=visible_orders(staff).values("pk")).select_related("order")
    return found.filter(effect=effect) if effect in (RehearsedOrder.Effect.SAVED, RehearsedOrder.Effect.CAUSED) else found
