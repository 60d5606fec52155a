"""The knowledge desk: what could not be answered, what waits for the next step, what must be checked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from search import actions, selectors
from search.errors import KnowledgeError
from search.forms import DraftForm, FactFormSet, facts_of, initial_of
from search.models import ArticleVersion, KnowledgeGap
from search.workflow import BY_VERB, EDITORS, READERS_OF_GAPS, STEPS, State
from ticketing.organisation.actor import Actor, staff_actor
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role
from ticketing.ui.messages import tell

PAGE_SIZE = 30
View = Callable[..., HttpResponse]


def for_editors(view: View) -> View:
    """Signed in, and with a role of the knowledge base; else the sign-in page or 403."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not cast(Staff, request.user).has_role(*READERS_OF_GAPS):
            raise PermissionDenied(_("This desk is for knowledge editors, reviewers and publishers."))
        return view(request, *args, **kwargs)

    return guarded


def actor_of(request: HttpRequest, roles: Iterable[Role]) -> Actor:
    """The signed-in person in the first of `roles` that they hold; PermissionDenied when they hold none."""
    staff = cast(Staff, request.user)
    for role in sorted(roles):
        if staff.has_role(role):
            return staff_actor(staff, role=role, request_id=getattr(request, "request_id", ""))
    raise PermissionDenied(_("Your role may not do this."))


@require_GET
@for_editors
def desk(request: HttpRequest) -> HttpResponse:
    """Three lists: gaps (by status), versions on their way, articles to check again."""
    tab = request.GET.get("tab", "gaps")
    status = request.GET.get("status", KnowledgeGap.Status.OPEN)
    rows: Any
    match tab:
        case "waiting":
            rows = selectors.waiting_versions()
        case "due":
            rows = selectors.due_for_check()
        case _:
            tab = "gaps"
            rows = selectors.gaps(status=status if status in KnowledgeGap.Status.values else KnowledgeGap.Status.OPEN)
    context = {
        "tab": tab,
        "status": status,
        "statuses": [(value, label, selectors.gap_counts()[value]) for value, label in KnowledgeGap.Status.choices],
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "waiting_count": selectors.waiting_versions().count(),
        "due_count": selectors.due_for_check().count(),
        "may_write": cast(Staff, request.user).has_role(*EDITORS),
    }
    return render(request, "search/desk.html", context)


@require_POST
@for_editors
def close_gap(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a gap by an article's code or with a remark; can be taken back."""
    gap = get_object_or_404(KnowledgeGap, pk=pk)
    code, note = request.POST.get("article", "").strip(), request.POST.get("note", "")
    article = selectors.article_row(code=code) if code else None
    if code and article is None:
        messages.error(request, _("There is no article with the code %(code)s.") % {"code": code})
        return redirect("search:desk")
    try:
        actions.close_gap(gap=gap, actor=actor_of(request, READERS_OF_GAPS), article=article, note=note)
    except KnowledgeError as error:
        messages.error(request, str(error))
    else:
        tell(
            request,
            messages.SUCCESS,
            what=_("Closed: “%(question)s”.") % {"question": gap.question},
            undo_url=reverse("search:reopen_gap", args=[gap.pk]),
        )
    return redirect("search:desk")


@require_POST
@for_editors
def reopen_gap(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a closing back."""
    gap = get_object_or_404(KnowledgeGap, pk=pk)
    actions.reopen_gap(gap=gap, actor=actor_of(request, READERS_OF_GAPS))
    messages.info(request, _("Open again: “%(question)s”.") % {"question": gap.question})
    return redirect("search:desk")


@require_http_methods(["GET", "POST"])
@for_editors
def draft(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Write a draft: a new article (?gap= takes a question along), the next version of one (?article=), or change one."""
    version = get_object_or_404(ArticleVersion.objects.select_related("article"), pk=pk) if pk else None
    if version is not None and version.state != State.DRAFT:
        return redirect("search:version", pk=version.pk)
    actor = actor_of(request, EDITORS)
    code = request.GET.get("article", "")
    initial, facts = _initial(request, version, code)
    form = DraftForm(request.POST or None, initial=initial)
    formset = FactFormSet(request.POST or None, initial=facts, prefix="facts")
    if request.method == "POST" and form.is_valid() and formset.is_valid():
        try:
            kept = actions.save_draft(content=form.content(facts_of(formset)), actor=actor, code=code, version=version)
        except KnowledgeError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The draft is kept. Hand it in for review when it is ready."))
            return redirect("search:version", pk=kept.pk)
    context = {"form": form, "formset": formset, "version": version, "code": code}
    return render(request, "search/draft.html", context, status=400 if request.method == "POST" else 200)


def _initial(request: HttpRequest, version: ArticleVersion | None, code: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if version is not None:
        return initial_of(version)
    if code:
        row = selectors.article_row(code=code)
        if row is None:
            raise Http404
        last = row.published or row.versions.order_by("-number").first()
        return initial_of(last) if last else ({}, [])
    gap = KnowledgeGap.objects.filter(pk=request.GET.get("gap") or 0).first() if request.GET.get("gap", "0").isdecimal() else None
    return ({"questions": gap.question, "title": gap.question[:128]} if gap else {}), []


@require_GET
@for_editors
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """A version whatever its state, with its trail and the steps that this person may take."""
    shown = get_object_or_404(ArticleVersion.objects.select_related("article", "article__published"), pk=pk)
    staff = cast(Staff, request.user)
    steps = [
        step
        for step in STEPS
        if State(shown.state) in step.sources
        and staff.has_role(*step.roles)
        and not (step.second_person and shown.author_staff_id == staff.pk)
    ]
    context = {
        "version": shown,
        "facts": shown.facts.all(),
        "trail": selectors.trail(version=shown),
        "steps": steps,
        "own_work": shown.author_staff_id == staff.pk and shown.state in (State.SUBMITTED, State.REVIEWED),
        "may_write": staff.has_role(*EDITORS),
    }
    return render(request, "search/version.html", context)


@require_POST
@for_editors
def step(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Take one step of the three with a version."""
    if verb not in BY_VERB:
        raise Http404
    shown = get_object_or_404(ArticleVersion.objects.select_related("article"), pk=pk)
    note = request.POST.get("note", "")
    try:
        actor = actor_of(request, BY_VERB[verb].roles)
        getattr(actions, verb)(version=shown, actor=actor, note=note)
    except KnowledgeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{BY_VERB[verb].label} · {shown.title}")
    return redirect("search:version", pk=pk)
