"""The desk of the watch: alerts, their rules, cards. It reads orders and changes none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ticketing.inspection import actions, watch_forms
from ticketing.inspection import watch_selectors as selectors
from ticketing.inspection.views import ROWS, View, form_page, staff_of, submit
from ticketing.inspection.watch_models import CARD_READERS, WATCHERS, Alert, AlertRule, WatchCard
from ticketing.orders.models import Card, Contestable
from ticketing.orders.selectors import visible_orders
from ticketing.organisation.actor import Actor
from ticketing.organisation.roles import Role
from ticketing.ui.messages import tell


def open_to(roles: Iterable[Role]) -> Callable[[View], View]:
    """Open a view to those who hold one of `roles`: others get 403, visitors the sign-in page."""
    allowed = tuple(roles)

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not staff_of(request).has_role(*allowed):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def watcher_of(request: HttpRequest) -> Actor:
    """The signed-in inspector. Raises PermissionDenied."""
    actor = selectors.watcher_of(staff_of(request), request_id=str(getattr(request, "request_id", ""))[:40])
    if actor is None:
        raise PermissionDenied
    return actor


def words_of(request: HttpRequest) -> str:
    """The words that were searched for."""
    return request.GET.get("q", "").strip()[:60]


@require_GET
@open_to(WATCHERS)
def home(request: HttpRequest) -> HttpResponse:
    """What the watch looks at first: figures, the newest alerts, the hotline's cards and its own."""
    staff, now = staff_of(request), timezone.now()
    context = {
        "counts": selectors.watch_counts(staff, now=now),
        "alerts": list(selectors.find_alerts(state="open")[:10]),
        "hotline_cards": list(selectors.hotline_cards(staff, limit=10)),
        "totals": selectors.card_totals(staff),
        "has_rules": AlertRule.objects.exists(),
    }
    return render(request, "inspection/watch.html", context)


@require_GET
@open_to(WATCHERS)
def alerts(request: HttpRequest) -> HttpResponse:
    """Alerts by state, rule and words."""
    state, rule = request.GET.get("state", "open"), request.GET.get("rule", "")
    only = int(rule) if rule.isdecimal() and len(rule) < 9 else None
    found = selectors.find_alerts(words=words_of(request), state=state, rule=only)
    context = {
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "q": words_of(request),
        "state": state,
        "states": (("open", _("Alerts that wait")), ("done", _("Acknowledged")), ("all", _("All alerts"))),
        "rule": only,
        "rules": AlertRule.objects.all(),
    }
    return render(request, "inspection/alerts.html", context)


@require_http_methods(["GET", "POST"])
@open_to(WATCHERS)
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Acknowledge an alert with a note."""
    alert = get_object_or_404(Alert.objects.select_related("rule", "order", "unit"), pk=pk)
    actor, form = watcher_of(request), watch_forms.NoteForm(request.POST or None)
    if submit(request, form, lambda values: actions.acknowledge(alert=alert, actor=actor, **values)) is not None:
        tell(request, messages.SUCCESS, what=_("The alert is acknowledged."))
        return redirect("watch:alerts")
    return form_page(
        request,
        form,
        title=_("Acknowledge: %(rule)s") % {"rule": alert.rule.name},
        verb=_("Acknowledge"),
        back=reverse("watch:alerts"),
        note=f"{alert.order.number} {alert.order.title}" if alert.order else str(alert.unit or ""),
    )


@require_GET
@open_to(WATCHERS)
def rules(request: HttpRequest) -> HttpResponse:
    """All rules."""
    return render(request, "inspection/rules.html", {"rules": list(selectors.rules())})


@require_http_methods(["GET", "POST"])
@open_to(WATCHERS)
def rule(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a rule."""
    kept = get_object_or_404(AlertRule, pk=pk) if pk else None
    names = ("name", "kind", "threshold", "days", "minimum", "is_active")
    initial = {name: getattr(kept, name) for name in names} if kept else {}
    actor, form = watcher_of(request), watch_forms.RuleForm(request.POST or None, initial=initial)
    if submit(request, form, lambda values: actions.save_rule(actor=actor, rule=kept, **values)) is not None:
        tell(request, messages.SUCCESS, what=_("The rule is kept."), then=_("It is applied within ten minutes."))
        return redirect("watch:rules")
    title = _("Change the rule") if kept else _("New rule")
    return form_page(request, form, title=title, verb=_("Keep the rule"), back=reverse("watch:rules"))


@require_GET
@open_to(CARD_READERS)
def cards(request: HttpRequest) -> HttpResponse:
    """Cards of the watch: all for the watch, its own for a unit."""
    status, colour, staff = request.GET.get("status", ""), request.GET.get("colour", ""), staff_of(request)
    found = selectors.find_cards(staff, words=words_of(request), status=status, colour=colour)
    context = {
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "q": words_of(request),
        "status": status,
        "statuses": Contestable.Status,
        "colour": colour,
        "colours": Card.Colour,
        "may_watch": staff.has_role(*WATCHERS),
    }
    return render(request, "inspection/cards.html", context)


@require_http_methods(["GET", "POST"])
@open_to(WATCHERS)
def new_card(request: HttpRequest) -> HttpResponse:
    """Issue a card, from an alert, on an order or on a unit."""
    number = request.GET.get("alert", "")
    known = number.isdecimal() and len(number) < 9
    alert = Alert.objects.select_related("order", "unit").filter(pk=int(number)).first() if known else None
    initial = {"order": request.GET.get("order", "")}
    if alert is not None:
        initial = {"order": alert.order.number if alert.order else "", "unit": alert.unit.name if alert.unit else ""}
    actor = watcher_of(request)
    form = watch_forms.CardForm(request.POST or None, staff=staff_of(request), initial=initial)
    made = submit(request, form, lambda values: actions.issue_watch_card(actor=actor, alert=alert, **values))
    if made is not None:
        tell(request, messages.SUCCESS, what=_("The card is issued. The unit sees it and may appeal once."))
        return redirect("watch:card", made.pk)
    return form_page(request, form, title=_("Issue a card"), verb=_("Issue the card"), back=reverse("watch:cards"))


@require_GET
@open_to(CARD_READERS)
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """One card: why, the unit's appeal, the decision."""
    return render(request, "inspection/card.html", card_context(request, pk))


def card_context(request: HttpRequest, pk: int) -> dict[str, Any]:
    """What the page of a card shows. Raises Http404 for one the person may not see."""
    staff = staff_of(request)
    shown: WatchCard = get_object_or_404(selectors.visible_cards(staff), pk=pk)
    status = Contestable.Status
    undecided = shown.status in (status.ISSUED, status.APPEALED)
    return {
        "card": shown,
        "sees_order": shown.order is not None and visible_orders(staff).filter(pk=shown.order.pk).exists(),
        "may_decide": undecided and staff.has_role(*WATCHERS),
        "may_appeal": shown.status == status.ISSUED and selectors.appellant_of(staff, shown) is not None,
        "appeal_form": watch_forms.AppealForm(),
        "decision_form": watch_forms.DecisionForm(),
    }


@require_http_methods(["POST"])
@open_to(CARD_READERS)
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """The unit appeals, once."""
    context, form = card_context(request, pk), watch_forms.AppealForm(request.POST)
    actor = selectors.appellant_of(staff_of(request), context["card"])
    if actor is None:
        raise PermissionDenied
    made = submit(request, form, lambda values: actions.appeal_watch_card(card=context["card"], actor=actor, **values))
    if made is None:
        status = 400 if context["may_appeal"] else 409
        return render(request, "inspection/card.html", context | {"appeal_form": form}, status=status)
    tell(request, messages.SUCCESS, what=_("The appeal is with the watch."))
    return redirect("watch:card", pk)


@require_http_methods(["POST"])
@open_to(CARD_READERS)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The watch upholds or revokes; nobody else can."""
    context, form, actor = card_context(request, pk), watch_forms.DecisionForm(request.POST), watcher_of(request)
    made = submit(request, form, lambda values: actions.decide_watch_card(card=context["card"], actor=actor, **values))
    if made is None:
        status = 400 if context["may_decide"] else 409
        return render(request, "inspection/card.html", context | {"decision_form": form}, status=status)
    tell(request, messages.SUCCESS, what=_("The decision is kept."))
    return redirect("watch:card", pk)
