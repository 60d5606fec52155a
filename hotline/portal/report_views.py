"""Reporting in three steps: the matter, its questions, the check. Each is a plain page; htmx only saves steps."""

from __future__ import annotations

import io
from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hotline.conversations import limits
from hotline.conversations.city import duty_items_for, places_named_like
from hotline.conversations.errors import TooFast
from hotline.portal import actions, selectors
from hotline.portal.forms import ANONYMOUS, ItemForm, ReportForm
from hotline.portal.models import ReportDraft
from ticketing.orders import numbers
from ticketing.orders.errors import InvalidOrder
from ticketing.orders.models import Secrecy
from ticketing.organisation.models import DutyItem, OrderType, Place
from ticketing.ui.messages import tell

FIELDS = ("content", "place_text", "wish", "secrecy", "name", "phone")


@never_cache
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Step one of a new report."""
    return _first_step(request, None)


@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """Step one again, with what was typed."""
    return _first_step(request, _draft(key))


@require_GET
def items(request: HttpRequest) -> HttpResponse:
    """What the typed text may be about, while typing."""
    found = duty_items_for(request.GET.get("content", "")[:500], limit=3)
    return render(request, "portal/report_items.html", {"items": found})


@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """Places whose name fits what was typed so far."""
    return render(request, "portal/report_places.html", {"places": places_named_like(request.GET.get("place_text", ""))})


@never_cache
@require_http_methods(["GET", "POST"])
def item(request: HttpRequest, key: str) -> HttpResponse:
    """Step two: which duty item, and its questions. `show` re-asks for another item's questions without a script."""
    draft = _draft(key)
    data = selectors.draft_data(draft)
    suggested = duty_items_for(data["content"])
    kept = selectors.duty_item(data.get("duty_item", ""))
    if kept is not None and kept not in suggested:
        suggested.insert(0, kept)
    sent = request.POST if request.method == "POST" else request.GET
    code = sent.get("duty_item", data.get("duty_item", suggested[0].code if suggested else ""))
    chosen = next((found for found in suggested if found.code == code), None)
    initial = {"duty_item": chosen.code if chosen else "", **{f"answer_{k}": v for k, v in data.get("answers", {}).items()}}
    if request.method == "POST" and "show" not in request.POST and not request.htmx:  # type: ignore[attr-defined]
        form = ItemForm(request.POST, items=suggested, item=chosen)
        if form.is_valid():
            fields = {"duty_item": chosen.code if chosen else "", "answers": form.answers()}
            actions.save_draft(draft=draft, fields=fields, language=draft.language, uploads=[])
            return redirect("portal:report-check", key=draft.key)
    else:
        form = ItemForm(initial=initial, items=suggested, item=chosen)
    context = {"draft": draft, "form": form, "items": suggested, "chosen": chosen, "questions": _question_fields(form)}
    template = "portal/report_questions.html" if request.htmx else "portal/report_item.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, key: str) -> HttpResponse:
    """Step three: everything read back; sending it makes the order, once."""
    draft = _draft(key, sent_too=True)
    if draft.order_number:
        return redirect("portal:receipt", key=key)
    if request.method == "POST":
        try:
            limits.spend(purpose="report", key=limits.address_of(request), limit=settings.REPORTS_PER_HOUR, seconds=3600)
            actions.submit(draft=draft, request_id=request.request_id)  # type: ignore[attr-defined]
        except TooFast as error:
            tell(request, messages.ERROR, what=error.message, kept=_("Your report is kept on this page."))
            return render(request, "portal/report_check.html", _read_back(draft), status=429)
        except InvalidOrder as error:
            tell(request, messages.ERROR, what=_("The report could not be taken: %(why)s") % {"why": error})
            return redirect("portal:report-edit", key=key)
        return redirect("portal:receipt", key=key)
    return render(request, "portal/report_check.html", _read_back(draft))


@never_cache
@require_GET
def file(request: HttpRequest, key: str, pk: int) -> FileResponse:
    """A file of a draft, for the one who sent it."""
    kept = _draft(key).files.filter(pk=pk).first()
    if kept is None:
        raise Http404
    return FileResponse(kept.file.open("rb"), content_type=kept.content_type)


@require_POST
def remove_file(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Take a file out again."""
    actions.remove_file(draft=_draft(key), file_id=pk)
    return redirect("portal:report-check", key=key)


@never_cache
@require_GET
def receipt(request: HttpRequest, key: str) -> HttpResponse:
    """The receipt: number, query code, QR, printable."""
    draft = _draft(key, sent_too=True)
    if not draft.order_number:
        return redirect("portal:report-check", key=key)
    order = selectors.order_of(draft)
    base = settings.PUBLIC_BASE_URL or f"{request.scheme}://{request.get_host()}"
    # The code stands behind "#", so that no server on the way writes it into its log.
    address = f"{base}{reverse('portal:track')}?number={order.number}#{order.query_code}"
    context = {"order": order, "grouped": numbers.grouped(order.number), "qr": _qr(address), "base": base}
    return render(request, "portal/receipt.html", context)


def _first_step(request: HttpRequest, draft: ReportDraft | None) -> HttpResponse:
    data = selectors.draft_data(draft) if draft else {}
    if request.method == "POST":
        form = ReportForm(request.POST, {"photos": request.FILES.getlist("photos")})
        if form.is_valid():
            cleaned = form.cleaned_data
            fields: dict[str, Any] = {name: cleaned.get(name, "") for name in FIELDS}
            fields["order_type"] = cleaned["order_type"].code
            fields["place"] = cleaned["place"].code if cleaned["place"] else ""
            chosen = request.POST.get("duty_item", "")
            if chosen and selectors.duty_item(chosen):
                fields["duty_item"] = chosen
            language = translation.get_language() or "zh-hans"
            draft = actions.save_draft(draft=draft, fields=fields, language=language, uploads=cleaned["photos"])
            return redirect("portal:report-item", key=draft.key)
    else:
        initial = {**data, "content": data.get("content") or request.GET.get("content", "")[:500]}
        if kind := request.GET.get("type"):
            initial["order_type"] = kind
        form = ReportForm(initial=initial)
    context = {"form": form, "draft": draft, "files": draft.files.all() if draft else []}
    return render(request, "portal/report.html", context, status=422 if form.errors else 200)


def _draft(key: str, *, sent_too: bool = False) -> ReportDraft:
    draft = selectors.draft(key)
    if draft is None or (draft.order_number and not sent_too):
        raise Http404
    return draft


def _question_fields(form: ItemForm) -> list[Any]:
    return [field for field in form if field.name.startswith("answer_")]


def _read_back(draft: ReportDraft) -> dict[str, Any]:
    data = selectors.draft_data(draft)
    chosen: DutyItem | None = selectors.duty_item(data.get("duty_item", ""))
    answers = data.get("answers", {})
    asked = [
        (selectors.prompt_of(question), dict(selectors.choices_of(question)).get(answers[question.slot], answers[question.slot]))
        for question in selectors.questions_of(chosen)
        if question.slot in answers
    ]
    secrecy = {
        ANONYMOUS: _("Nobody; you stay anonymous"),
        Secrecy.CONFIDENTIAL: _("Only the hotline"),
        Secrecy.OPEN: _("The hotline and the body that deals with it"),
    }
    order_type = OrderType.objects.get(code=data["order_type"])
    return {
        "draft": draft,
        "data": data,
        "order_type": order_type,
        "item": chosen,
        "place": Place.objects.filter(code=data["place"]).select_related("region").first() if data.get("place") else None,
        "asked": asked,
        "files": draft.files.all(),
        "who_sees": _("Only a few sworn staff; it is sealed from those it is about")
        if order_type.sealed_by_default
        else secrecy[data["secrecy"]],
    }


def _qr(address: str) -> str:
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=5, border=2, xmldecl=False, svgns=True, omitsize=False)
    return mark_safe(out.getvalue().decode())  # drawn by segno from our own address
