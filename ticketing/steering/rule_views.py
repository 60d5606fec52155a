"""The rules of dispatch: those in force, the draft, one rule with what it would have met, versions and who did what."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ticketing.dispatch import actions, selectors
from ticketing.dispatch.actions import EDITORS, PUBLISHERS, ReleaseError
from ticketing.dispatch.models import Release
from ticketing.dispatch.preview import Preview, preview
from ticketing.dispatch.rules import BadRule, read_condition
from ticketing.steering.people import actor_of, for_readers, staff_of
from ticketing.ui.messages import tell

ROWS, VERSIONS, STEPS = 50, 20, 30
BACK = {"rules": "steering:rules", "owners": "steering:rehearsals", "model": "steering:rehearsals"}


@require_GET
@for_readers
def rules(request: HttpRequest) -> HttpResponse:
    """The rules in force, or ?version=: those of the draft or of an earlier version."""
    number, words = request.GET.get("version", ""), request.GET.get("q", "").strip()[:60]
    draft = selectors.release(Release.Kind.RULES, Release.State.DRAFT)
    shown = None
    if number:
        if not number.isdecimal() or len(number) > 8:
            raise Http404
        shown = get_object_or_404(Release, kind=Release.Kind.RULES, number=int(number))
    rows = shown.content if shown else actions.live_rules()
    found = [row for row in rows if words in row["name"] or words in row["when"] or words in str(row["then"])]
    staff = staff_of(request)
    versions = Release.objects.filter(kind=Release.Kind.RULES).select_related("replaced")[:VERSIONS]
    context = {
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "shown": shown,
        "draft": draft,
        "editable": bool(draft and shown == draft and staff.has_role(*EDITORS)),
        "changes": selectors.rule_changes(draft) if draft else [],
        "versions": versions,
        "published": next((v for v in versions if v.state == Release.State.PUBLISHED), None),
        "steps": selectors.release_steps(Release.Kind.RULES)[:STEPS],
        "names": selectors.target_names(found),
        "q": words,
        "may_edit": staff.has_role(*EDITORS),
        "may_publish": staff.has_role(*PUBLISHERS),
    }
    return render(request, "steering/rules.html", context)


@require_http_methods(["GET", "POST"])
@for_readers
def edit_rule(request: HttpRequest) -> HttpResponse:
    """One rule of the draft, or a new one; “look” shows what it would have met and keeps nothing."""
    actor = actor_of(request, EDITORS)
    draft = selectors.release(Release.Kind.RULES, Release.State.DRAFT)
    if draft is None:
        tell(request, messages.INFO, what=_("There is no draft; begin one first."))
        return redirect("steering:rules")
    name = request.GET.get("name", "")
    known = next((row for row in draft.content if row["name"] == name), None)
    if name and known is None:
        raise Http404
    last = max((row["position"] for row in draft.content), default=0)
    row: dict[str, Any] = known or {"name": "", "position": last + 10, "when": "", "then": {}, "active": True}
    error: BadRule | ReleaseError | None = None
    looked: Preview | None = None
    if request.method == "POST":
        row = posted_row(request)
        try:
            if "remove" in request.POST:
                actions.remove_rule(actor=actor, name=name)
            elif "look" in request.POST:
                looked = preview(read_condition(row["when"] or '""'), staff=staff_of(request))
            else:
                actions.save_rule(actor=actor, row=row, instead_of=name)
        except (BadRule, ReleaseError) as refused:
            error = refused
        else:
            if looked is None:
                tell(request, messages.SUCCESS, what=_("Kept in draft %(draft)s.") % {"draft": draft})
                return redirect(f"{reverse('steering:rules')}?version={draft.number}")
    position = getattr(error, "position", 0)
    context = {
        "draft": draft,
        "known": known,
        "row": row,
        "error": error,
        "field": getattr(error, "field", ""),
        "before": row["when"][: position - 1] if position else "",
        "after": row["when"][position - 1 :] if position else "",
        "position": position,
        "looked": looked,
    }
    return render(request, "steering/rule.html", context, status=400 if error else 200)


def posted_row(request: HttpRequest) -> dict[str, Any]:
    """A rule's row as the form sends it."""
    given = {name: request.POST.get(name, "").strip() for name in ("name", "position", "when", "unit", "duty_item")}
    return {
        "name": given["name"],
        "position": given["position"],
        "when": given["when"],
        "then": {"unit": given["unit"], "duty_item": given["duty_item"]},
        "active": "active" in request.POST,
    }


@require_POST
@for_readers
def step(request: HttpRequest, kind: str, verb: str) -> HttpResponse:
    """Begin, throw away or publish a draft, or roll back, of rules, owners or the model."""
    if kind not in Release.Kind.values:
        raise Http404
    chosen, reason = Release.Kind(kind), request.POST.get("reason", "")
    try:
        match verb:
            case "open" if chosen == Release.Kind.RULES:
                made = actions.open_rules(actor=actor_of(request, EDITORS))
                tell(request, messages.SUCCESS, what=_("Draft %(version)s is open.") % {"version": made})
                return redirect(f"{reverse('steering:rules')}?version={made.number}")
            case "discard":
                made = actions.discard_draft(kind=chosen, actor=actor_of(request, EDITORS), reason=reason)
                tell(request, messages.SUCCESS, what=_("Draft %(version)s was thrown away.") % {"version": made})
            case "publish":
                made = actions.publish(kind=chosen, actor=actor_of(request, PUBLISHERS), reason=reason)
                tell(request, messages.SUCCESS, what=_("%(version)s is in force from now on.") % {"version": made})
            case "roll-back":
                made = actions.roll_back(kind=chosen, actor=actor_of(request, PUBLISHERS), reason=reason)
                tell(request, messages.SUCCESS, what=_("%(version)s is back in force.") % {"version": made})
            case _:
                raise Http404
    except (ReleaseError, BadRule) as refused:
        tell(request, messages.ERROR, what=str(refused))
    return redirect(BACK[kind])
