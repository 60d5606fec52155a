"""The pages of inspection rounds: the list, a plan with its places, a finding with its photos and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ticketing.inspection import actions, forms, selectors
from ticketing.inspection.models import READERS, RUNNERS, InspectionRound, RoundPlace
from ticketing.orders import selectors as orders
from ticketing.orders.errors import NotAllowed, OrderError
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import Staff
from ticketing.ui.messages import tell

ROWS = 30
View = Callable[..., HttpResponseBase]


def staff_of(request: HttpRequest) -> Staff:
    """The signed-in person."""
    return cast(Staff, request.user)


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person in the role they act in here. Raises PermissionDenied."""
    actor = selectors.actor_of(staff_of(request), request_id=str(getattr(request, "request_id", ""))[:40])
    if actor is None:
        raise PermissionDenied
    return actor


def for_readers(view: View) -> View:
    """Signed in, with a role that reads inspection rounds."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not staff_of(request).has_role(*READERS):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def refuse(form: django_forms.Form, error: OrderError) -> None:
    """Put a verb's refusal where it belongs on the form, in the words of the page."""
    field = getattr(error, "field", None)
    if field == "file":
        form.add_error("photos", _("The file cannot be taken: it must be a JPEG, PNG, WebP, GIF or PDF within the size limit."))
    else:
        form.add_error(field if field in form.fields else None, getattr(error, "hint", str(error)))


def form_page(request: HttpRequest, form: django_forms.Form, *, title: str, verb: str, back: str, **more: Any) -> HttpResponse:
    """A form as a page of its own; wrong entries come back with what was typed."""
    context = {"form": form, "title": title, "verb": verb, "back": back, **more}
    return render(request, "inspection/form.html", context, status=400 if form.errors else 200)


def submit(request: HttpRequest, form: django_forms.Form, verb: Callable[[dict[str, Any]], Any]) -> Any:
    """Call `verb` with the form's values; None where the form or the verb refuses, the reasons then stand on the form.

    Raises PermissionDenied where the person may not.
    """
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return verb(form.cleaned_data)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except OrderError as error:
        refuse(form, error)
        return None


@require_GET
@for_readers
def rounds(request: HttpRequest) -> HttpResponse:
    """All rounds, by words and phase."""
    words, phase, today = request.GET.get("q", "").strip()[:60], request.GET.get("phase", ""), timezone.localdate()
    page = Paginator(selectors.find_rounds(words=words, phase=phase, today=today), ROWS).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(found, found.phase(today)) for found in page.object_list],
        "q": words,
        "phase": phase,
        "phases": InspectionRound.Phase,
        "may_run": staff_of(request).has_role(*RUNNERS),
    }
    return render(request, "inspection/rounds.html", context)


@require_http_methods(["GET", "POST"])
@for_readers
def new_round(request: HttpRequest) -> HttpResponse:
    """Plan a round."""
    actor, form = actor_of(request), forms.RoundForm(request.POST or None)
    if actor.role not in RUNNERS:
        raise PermissionDenied
    made = submit(request, form, lambda values: actions.plan_round(actor=actor, **values))
    if made is not None:
        tell(request, messages.SUCCESS, what=_("The round is planned."), then=_("Now add the places to go to."))
        return redirect("inspection:round", made.pk)
    return form_page(request, form, title=_("Plan a round"), verb=_("Plan the round"), back=reverse("inspection:rounds"))


def round_or_404(pk: int) -> InspectionRound:
    """One round with its inspectors."""
    return get_object_or_404(InspectionRound.objects.prefetch_related("inspectors"), pk=pk)


def round_context(request: HttpRequest, shown: InspectionRound) -> dict[str, Any]:
    """What the page of a round shows."""
    staff, found = staff_of(request), list(selectors.find_findings(round=shown.pk)[:200])
    by_place: dict[int, list[Any]] = {}
    for finding in found:
        by_place.setdefault(finding.place_id, []).append((finding, selectors.outcome_of(finding)))
    places = list(shown.places.select_related("unit", "place"))
    may_run = staff.has_role(*RUNNERS)
    is_open = shown.ended_at is None
    return {
        "round": shown,
        "phase": shown.phase(timezone.localdate()),
        "places": [(place, by_place.get(place.pk, [])) for place in places],
        "visited": sum(place.visited_at is not None for place in places),
        "findings": found,
        "may_run": may_run and is_open,
        "may_inspect": is_open and (may_run or any(person.pk == staff.pk for person in shown.inspectors.all())),
        "place_form": forms.PlaceForm(),
    }


@require_GET
@for_readers
def round_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan: period, topic, people, places with what was found there."""
    return render(request, "inspection/round.html", round_context(request, round_or_404(pk)))


@require_http_methods(["GET", "POST"])
@for_readers
def edit_round(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the plan."""
    actor, shown = actor_of(request), round_or_404(pk)
    if actor.role not in RUNNERS:
        raise PermissionDenied
    names = ("title", "kind", "topic", "starts_on", "ends_on")
    initial = {name: getattr(shown, name) for name in names} | {"inspectors": list(shown.inspectors.all())}
    form = forms.RoundForm(request.POST or None, initial=initial)
    if submit(request, form, lambda values: actions.change_round(round=shown, actor=actor, **values)) is not None:
        tell(request, messages.SUCCESS, what=_("The plan is changed."))
        return redirect("inspection:round", pk)
    back = reverse("inspection:round", args=[pk])
    return form_page(request, form, title=_("Change the round"), verb=_("Keep the plan"), back=back)


@require_http_methods(["GET", "POST"])
@for_readers
def end_round(request: HttpRequest, pk: int) -> HttpResponse:
    """End the round with its summary."""
    actor, shown = actor_of(request), round_or_404(pk)
    if actor.role not in RUNNERS:
        raise PermissionDenied
    form = forms.EndForm(request.POST or None)
    if submit(request, form, lambda values: actions.end_round(round=shown, actor=actor, **values)) is not None:
        tell(request, messages.SUCCESS, what=_("The round has ended."))
        return redirect("inspection:round", pk)
    note = _("“%(round)s” then takes no more places and findings. Orders that were opened go on.") % {"round": shown.title}
    back = reverse("inspection:round", args=[pk])
    return form_page(request, form, title=_("End the round"), verb=_("End the round"), back=back, note=note)


@require_POST
@for_readers
def add_place(request: HttpRequest, pk: int) -> HttpResponse:
    """One more place."""
    actor, shown, form = actor_of(request), round_or_404(pk), forms.PlaceForm(request.POST)
    made = submit(request, form, lambda values: actions.add_place(round=shown, actor=actor, **values))
    if made is None:
        return render(request, "inspection/round.html", round_context(request, shown) | {"place_form": form}, status=400)
    tell(request, messages.SUCCESS, what=_("%(place)s is in the round.") % {"place": made.name})
    return redirect(f"{reverse('inspection:round', args=[pk])}#place-{made.pk}")


def place_or_404(pk: int) -> RoundPlace:
    """One place with its round."""
    return get_object_or_404(RoundPlace.objects.select_related("round", "unit", "place"), pk=pk)


@require_POST
@for_readers
def remove_place(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a place out of the plan."""
    place, actor = place_or_404(pk), actor_of(request)
    try:
        actions.remove_place(place=place, actor=actor)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except OrderError as error:
        tell(request, messages.WARNING, what=str(error))
    else:
        tell(request, messages.SUCCESS, what=_("%(place)s is no longer in the round.") % {"place": place.name})
    return redirect("inspection:round", place.round_id)


@require_http_methods(["GET", "POST"])
@for_readers
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that the place was visited and nothing, or what, was seen."""
    place, actor = place_or_404(pk), actor_of(request)
    form = forms.VisitForm(request.POST or None, initial={"note": place.note})
    if submit(request, form, lambda values: actions.note_visit(place=place, actor=actor, **values)) is not None:
        tell(request, messages.SUCCESS, what=_("The visit to %(place)s is kept.") % {"place": place.name})
        return redirect(f"{reverse('inspection:round', args=[place.round_id])}#place-{pk}")
    title = _("Visit to %(place)s") % {"place": place.name}
    return form_page(
        request, form, title=title, verb=_("Note the visit"), back=reverse("inspection:round", args=[place.round_id])
    )


@require_http_methods(["GET", "POST"])
@for_readers
def new_finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what was found, with photos, on the spot."""
    place, actor = place_or_404(pk), actor_of(request)
    form = forms.FindingForm(request.POST or None, request.FILES or None)
    made = submit(request, form, lambda values: actions.record_finding(place=place, actor=actor, **values))
    back = reverse("inspection:round", args=[place.round_id])
    if made is None:
        title = _("Finding at %(place)s") % {"place": place.name}
        draft = f"finding-{place.pk}"
        return form_page(request, form, title=title, verb=_("Record the finding"), back=back, draft=draft, files=True)
    tell(request, messages.SUCCESS, what=_("The finding is recorded."), draft=f"finding-{place.pk}")
    return redirect("inspection:finding", made.pk)


@require_GET
@for_readers
def findings(request: HttpRequest) -> HttpResponse:
    """All findings and what became of them."""
    words, outcome = request.GET.get("q", "").strip()[:60], request.GET.get("outcome", "")
    number = request.GET.get("round", "")
    only = int(number) if number.isdecimal() and len(number) < 9 else None
    page = Paginator(selectors.find_findings(words=words, outcome=outcome, round=only), ROWS).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(finding, selectors.outcome_of(finding)) for finding in page.object_list],
        "q": words,
        "outcome": outcome,
        "outcomes": selectors.OUTCOMES,
        "round_pk": only,
    }
    return render(request, "inspection/findings.html", context)


@require_GET
@for_readers
def finding_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One finding: words, photos, its order, and when which unit put it right."""
    return render(request, "inspection/finding.html", finding_context(request, pk))


def finding_context(request: HttpRequest, pk: int) -> dict[str, Any]:
    """What the page of a finding shows."""
    shown, staff = get_object_or_404(selectors.findings(), pk=pk), staff_of(request)
    return {
        "finding": shown,
        "outcome": selectors.outcome_of(shown),
        "photos": list(shown.photos.all()),
        "sees_order": shown.order is not None and orders.visible_orders(staff).filter(pk=shown.order.pk).exists(),
        "may_open": shown.order_id is None and staff.has_role(*RUNNERS),
        "order_form": forms.OrderForm(initial={"duty_item": shown.duty_item.name if shown.duty_item else ""}),
    }


@require_POST
@for_readers
def open_order(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the order that puts the finding right."""
    context, actor, form = finding_context(request, pk), actor_of(request), forms.OrderForm(request.POST)
    shown = context["finding"]
    made = submit(request, form, lambda values: actions.open_order(finding=shown, actor=actor, **values))
    if made is None:
        status = 409 if shown.order_id is not None else 400
        return render(request, "inspection/finding.html", context | {"order_form": form}, status=status)
    then = _("Order %(number)s: %(title)s") % {"number": made.number, "title": made.title}
    tell(request, messages.SUCCESS, what=_("An order is opened and goes to dispatch."), then=then)
    return redirect("inspection:finding", pk)


@require_GET
@for_readers
def photo(request: HttpRequest, pk: int, photo: int) -> HttpResponseBase:
    """A photo of a finding."""
    shown = get_object_or_404(selectors.findings(), pk=pk)
    file = get_object_or_404(shown.photos, pk=photo)
    inline = file.content_type.startswith("image/")
    response = FileResponse(file.file.open("rb"), content_type=file.content_type, as_attachment=not inline, filename=file.name)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response
