"""The pages of quality inspection: what waits, the scoring page with words and sound, plans and draws, results by seat."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, cast

from django import forms as django_forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hotline.quality import actions, forms, selectors
from hotline.quality.models import READERS, REVIEWERS, SCORERS, Sample, SamplingPlan, ScoreSheet
from ticketing.orders.errors import NotAllowed, OrderError
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role
from ticketing.ui.messages import tell

ROWS = 40
View = Callable[..., HttpResponseBase]


def staff_of(request: HttpRequest) -> Staff:
    """The signed-in person."""
    return cast(Staff, request.user)


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


def attempt(form: django_forms.Form, verb: Callable[[], Any]) -> Any:
    """Call `verb` when the form is right; None where it or the form refuses, the reasons then stand on the form."""
    if not form.is_valid():
        return None
    try:
        return verb()
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except OrderError as error:
        field = getattr(error, "field", None)
        form.add_error(field if field in form.fields else None, getattr(error, "hint", str(error)))
        return None


@require_GET
@open_to(READERS)
def samples(request: HttpRequest) -> HttpResponse:
    """Talks that were drawn, by state, seat and draw."""
    words, state, number = request.GET.get("q", "").strip()[:60], request.GET.get("state", ""), request.GET.get("draw", "")
    only = int(number) if number.isdecimal() and len(number) < 9 else None
    found = selectors.find_samples(staff_of(request), words=words, state=state, draw=only)
    context = {
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "q": words,
        "state": state,
        "states": Sample.State,
        "draw_pk": only,
        "may_score": staff_of(request).has_role(*SCORERS),
    }
    return render(request, "quality/samples.html", context)


@require_GET
@open_to({Role.SEAT})
def mine(request: HttpRequest) -> HttpResponse:
    """The seat's own scored talks."""
    found = selectors.visible_samples(staff_of(request)).filter(seat=staff_of(request), state__in=selectors.DONE)
    page = Paginator(found.order_by("-scored_at", "-pk"), ROWS).get_page(request.GET.get("page"))
    return render(request, "quality/mine.html", {"page": page})


@require_GET
@open_to(READERS)
def seats(request: HttpRequest) -> HttpResponse:
    """Results by seat in a period."""
    given = {name: request.GET.get(name, "")[:10] for name in ("from", "until")}
    days: dict[str, Any] = {}
    for name, value in given.items():
        try:
            days[name] = parse_date(value) if value else None
        except ValueError:
            days[name] = None
    rows = selectors.seat_results(from_day=days["from"], until_day=days["until"])
    return render(request, "quality/seats.html", {"rows": rows, "from_day": given["from"], "until_day": given["until"]})


@require_GET
@open_to(READERS)
def plans(request: HttpRequest) -> HttpResponse:
    """Sampling plans and what was drawn."""
    context = {
        "plans": SamplingPlan.objects.select_related("sheet"),
        "page": Paginator(selectors.draws(), ROWS).get_page(request.GET.get("page")),
        "may_plan": staff_of(request).has_role(*SCORERS),
        "has_sheets": ScoreSheet.objects.filter(is_active=True).exists(),
    }
    return render(request, "quality/plans.html", context)


@require_http_methods(["GET", "POST"])
@open_to(SCORERS)
def plan(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a plan."""
    kept = get_object_or_404(SamplingPlan, pk=pk) if pk else None
    names = ("name", "sheet", "channel", "trigger", "silence_seconds", "measure", "amount", "is_active")
    initial = {name: getattr(kept, name) for name in names} if kept else {}
    form = forms.PlanForm(request.POST or None, initial=initial)
    staff = staff_of(request)
    posted = request.method == "POST"
    if posted and attempt(form, lambda: actions.save_plan(staff=staff, plan=kept, **form.cleaned_data)) is not None:
        tell(request, messages.SUCCESS, what=_("The plan is kept."))
        return redirect("quality:plans")
    title = _("Change the sampling plan") if kept else _("New sampling plan")
    return form_page(request, form, title=title, verb=_("Keep the sampling plan"))


@require_http_methods(["GET", "POST"])
@open_to(SCORERS)
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw a plan for a period."""
    kept, form, staff = get_object_or_404(SamplingPlan, pk=pk), forms.DrawForm(request.POST or None), staff_of(request)
    if request.method == "POST":
        made = attempt(form, lambda: actions.draw_samples(plan=kept, staff=staff, **form.cleaned_data))
        if made is not None:
            what = _("%(n)d talks were drawn from %(pool)d.") % {"n": made.samples.count(), "pool": made.pool_size}
            tell(request, messages.SUCCESS, what=what)
            return redirect("quality:drawn", made.pk)
    return form_page(request, form, title=_("Draw: %(plan)s") % {"plan": kept.name}, verb=_("Draw the talks"))


def form_page(request: HttpRequest, form: django_forms.Form, *, title: str, verb: str) -> HttpResponse:
    """A form as a page of its own."""
    context = {"form": form, "title": title, "verb": verb, "back": reverse("quality:plans")}
    return render(request, "quality/form.html", context, status=400 if form.errors else 200)


@require_GET
@open_to(READERS)
def drawn(request: HttpRequest, pk: int) -> HttpResponse:
    """One draw: its seed, its pool, whether it comes out the same again, its talks."""
    shown = get_object_or_404(selectors.draws(), pk=pk)
    found = selectors.find_samples(staff_of(request), draw=pk)
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    return render(request, "quality/drawn.html", {"draw": shown, "page": page, "same": selectors.drawn_again(shown)})


def sample_context(request: HttpRequest, pk: int) -> dict[str, Any]:
    """What the page of a talk shows. Raises Http404 for one the person may not see."""
    staff = staff_of(request)
    shown: Sample = get_object_or_404(selectors.visible_samples(staff), pk=pk)
    items, state, own = selectors.items(shown), Sample.State, shown.seat_id == staff.pk
    reviews = staff.has_role(*REVIEWERS) and staff.pk not in (shown.scored_by_id, shown.seat_id)
    return {
        "sample": shown,
        "lines": selectors.lines(shown.conversation),
        "recordings": list(selectors.recordings(shown.conversation)),
        "marks": list(shown.marks.select_related("item")),
        "may_score": shown.state == state.WAITING and staff.has_role(*SCORERS) and not own,
        "may_appeal": shown.state == state.SCORED and own,
        "may_review": shown.state == state.APPEALED and reviews,
        "score_form": forms.ScoreForm(items=items),
        "review_form": forms.ReviewForm(items=items),
        "appeal_form": forms.AppealForm(),
    }


@require_GET
@open_to(READERS | {Role.SEAT})
def sample(request: HttpRequest, pk: int) -> HttpResponse:
    """One talk: its words and sound beside the sheet, the score, the appeal, the review."""
    return render(request, "quality/sample.html", sample_context(request, pk))


@require_POST
@open_to(SCORERS)
def score(request: HttpRequest, pk: int) -> HttpResponse:
    """Score the talk."""
    context, staff = sample_context(request, pk), staff_of(request)
    form = forms.ScoreForm(request.POST, items=context["score_form"].items)

    def verb() -> Sample:
        comment = form.cleaned_data["comment"]
        return actions.score_sample(
            sample=context["sample"], staff=staff, points=form.points(), violated=form.violated(), comment=comment
        )

    made = attempt(form, verb)
    if made is None:
        status = 400 if context["may_score"] else 409
        return render(request, "quality/sample.html", context | {"score_form": form}, status=status)
    tell(request, messages.SUCCESS, what=_("Scored: %(score)d %%.") % {"score": made.score}, then=_("The seat sees it."))
    return redirect("quality:sample", pk)


@require_POST
@open_to(READERS | {Role.SEAT})
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """The seat appeals, once."""
    context, staff, form = sample_context(request, pk), staff_of(request), forms.AppealForm(request.POST)
    made = attempt(form, lambda: actions.appeal_sample(sample=context["sample"], staff=staff, **form.cleaned_data))
    if made is None:
        status = 400 if context["may_appeal"] else 409
        return render(request, "quality/sample.html", context | {"appeal_form": form}, status=status)
    tell(request, messages.SUCCESS, what=_("The appeal waits for another inspector."))
    return redirect("quality:sample", pk)


@require_POST
@open_to(REVIEWERS)
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Another inspector decides on the appeal."""
    context, staff = sample_context(request, pk), staff_of(request)
    form = forms.ReviewForm(request.POST, items=context["review_form"].items)

    def verb() -> Sample:
        points = None if form.cleaned_data["keep"] else form.points()
        text = form.cleaned_data["text"]
        return actions.review_sample(sample=context["sample"], staff=staff, text=text, points=points, violated=form.violated())

    if attempt(form, verb) is None:
        status = 400 if context["may_review"] else 409
        return render(request, "quality/sample.html", context | {"review_form": form}, status=status)
    tell(request, messages.SUCCESS, what=_("The review is kept; the seat sees it."))
    return redirect("quality:sample", pk)


@require_GET
@open_to(READERS | {Role.SEAT})
def recording(request: HttpRequest, pk: int, recording: int) -> HttpResponseBase:
    """The sound of a talk that the person may see."""
    shown = get_object_or_404(selectors.visible_samples(staff_of(request)), pk=pk)
    kept = get_object_or_404(selectors.recordings(shown.conversation), pk=recording)
    path = (settings.RECORDINGS_DIR / kept.path).resolve()
    if settings.RECORDINGS_DIR.resolve() not in path.parents or not path.is_file():
        raise Http404
    response = FileResponse(path.open("rb"), content_type="audio/wav")
    response["Cache-Control"] = "private, no-store"
    return response
