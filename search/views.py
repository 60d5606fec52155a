"""The public pages: search with answers while typing, an article with its sources, telling us what is missing."""

from __future__ import annotations

import hashlib

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from search import actions, selectors
from search.answers import sources_of
from search.workflow import State
from ticketing.ui.messages import tell

TYPED_LIMIT = 5
RELATED_LIMIT = 6
UNSURE_LIMIT = 3  # beside a question without an answer a long list only hides that there is none
QUESTION_CHARS = 200


def audience_of(request: HttpRequest) -> str:
    """Staff read internal articles too; everyone else reads what is open to citizens."""
    return "staff" if request.user.is_authenticated else "citizen"


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The search box; with ?q= the answer and what else fits."""
    text, audience = request.GET.get("q", "").strip()[:QUESTION_CHARS], audience_of(request)
    results = selectors.find(text=text, audience=audience) if text else None
    best = results.items[0] if results and results.items and results.items[0].sure else None
    context = {
        "query": text,
        "results": results,
        "best": best,
        "most": RELATED_LIMIT if best else UNSURE_LIMIT,
        "categories": selectors.categories(audience=audience),
    }
    return render(request, "search/home.html", context)


@require_GET
def typed(request: HttpRequest) -> HttpResponse:
    """What fits so far, for the list under a search box. Nothing is kept of what was typed."""
    text = request.GET.get("q", "").strip()[:QUESTION_CHARS]
    found = selectors.suggest(text=text, limit=TYPED_LIMIT, audience=audience_of(request)) if len(text) > 1 else []
    return render(request, "search/typed.html", {"query": text, "found": found})


@require_GET
def category(request: HttpRequest, name: str) -> HttpResponse:
    """The articles of a category."""
    versions = selectors.in_category(category=name, audience=audience_of(request))
    if not versions:
        raise Http404
    return render(request, "search/category.html", {"name": name, "versions": versions})


@require_GET
def article(request: HttpRequest, code: str) -> HttpResponse:
    """An article in force, or (?version=) one version as it was cited."""
    audience, wanted = audience_of(request), request.GET.get("version", "")
    current = selectors.article(code=code, audience=audience)
    shown = current
    if wanted.isdecimal() and len(wanted) < 9 and (current is None or current.number != int(wanted)):
        shown = selectors.version_of(code=code, number=int(wanted), audience=audience)
        if shown is None:
            raise Http404
    if shown is None:
        return _gone(request, code, audience)
    context = {
        "version": shown,
        "current": current,
        "old": current is None or shown.pk != current.pk,
        "sources": sources_of(shown),
        "facts": shown.facts.all(),
        "trail": selectors.trail(version=shown) if audience == "staff" else None,
    }
    return render(request, "search/article.html", context)


def _gone(request: HttpRequest, code: str, audience: str) -> HttpResponse:
    """410 for what was public once and is not in force; 404 for what this reader may not know of."""
    row = selectors.article_row(code=code)
    if row is None or (row.published is not None and not row.published.public and audience != "staff"):
        raise Http404
    last = row.published or row.versions.filter(state__in=[State.WITHDRAWN, State.SUPERSEDED], public=True).first()
    if last is None:
        raise Http404
    return render(request, "search/gone.html", {"title": last.title, "last": last}, status=410)


@require_POST
def missing(request: HttpRequest) -> HttpResponse:
    """A citizen tells that the search found nothing of use: the question is filed for the editors."""
    text = request.POST.get("question", "").strip()[:QUESTION_CHARS]
    if text and actions.file_gap(question=text, conversation_ref=_visit(request)):
        tell(
            request,
            messages.SUCCESS,
            what=_("Thank you. The editors see this question now."),
            then=_("If it cannot wait, call 12345 or ask us to act."),
        )
    return redirect("search:home")


@require_POST
def opinion(request: HttpRequest, code: str) -> HttpResponse:
    """Whether an article helped; a remark becomes a correction for the editors. Counted once a visit."""
    version = selectors.article(code=code, audience=audience_of(request))
    if version is None:
        raise Http404
    said = request.session.setdefault("search_opinions", [])
    if code not in said:
        actions.rate_article(code=code, helpful=request.POST.get("helpful") == "yes")
        request.session["search_opinions"] = [*said, code][-50:]
    remark = request.POST.get("remark", "").strip()[:QUESTION_CHARS]
    if remark:
        actions.file_gap(question=remark, article=version.article, conversation_ref=_visit(request))
    tell(request, messages.SUCCESS, what=_("Thank you. Your opinion helps to keep this article right."))
    return redirect(reverse("search:article", args=[code]))


def _visit(request: HttpRequest) -> str:
    """A name for this visit that leads back to nobody: the same visitor counts once a question."""
    if not request.session.session_key:
        request.session.create()
    return "web:" + hashlib.sha256(str(request.session.session_key).encode()).hexdigest()[:24]
