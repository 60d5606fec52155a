"""One order: its page, what can be done with it, its files, and the look at a sealed contact."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ticketing.citizens.actions import reveal
from ticketing.desk import doings, forms, places, selectors
from ticketing.desk.doings import CALLBACK, DOINGS, Doing
from ticketing.desk.views import callback_detail, staff_of
from ticketing.dispatch.actions import Claimed
from ticketing.orders import actions
from ticketing.orders import selectors as orders
from ticketing.orders.actions import stream_of
from ticketing.orders.errors import IllegalTransition, InvalidOrder, NotAllowed, OrderNotFound, StaleOrder
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import Action
from ticketing.organisation.models import Staff
from ticketing.outbox.selectors import last_numbers
from ticketing.ui.messages import tell

TEMPLATED = ("submit_reply", "stage_reply")
BAR_BUTTONS = 3  # besides the primary ones; the rest is behind "More"


def find(staff: Staff, number: str) -> WorkOrder:
    """The order, or 404 for one that does not exist or may not be seen: the two are not told apart."""
    try:
        return orders.get_order(staff, "".join(number.split()))
    except OrderNotFound:
        raise Http404 from None


def request_id_of(request: HttpRequest) -> str:
    """The id under which logs and history know this request."""
    return str(getattr(request, "request_id", ""))[:40]


def next_of(request: HttpRequest, fallback: str) -> str:
    """Where to go afterwards: `next` when it is an address of this site."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return target if safe else fallback


def order_url(order: WorkOrder) -> str:
    """Address of the order's page."""
    return reverse("desk:order", kwargs={"number": order.number})


def order_context(request: HttpRequest, order: WorkOrder) -> dict[str, Any]:
    """What the order's page shows."""
    staff = staff_of(request)
    stream = stream_of(order)
    possible = doings.possible(staff, order)
    primary = [d for d in possible if d.kind == "primary"][:2]
    others = [d for d in possible if d not in primary]
    return {
        **selectors.order_detail(order, staff),
        "doings": possible,
        "primary": primary,
        "others": others[:BAR_BUTTONS],
        "more": others[BAR_BUTTONS:],
        "keys": {d.key for d in possible},
        "may_record": order.citizen_id is not None and staff.has_role(*places.NUISANCE.roles),
        "reveal_form": forms.RevealForm(order=order, staff=staff),
        "feed_after": last_numbers(streams=[stream]),
        "stream": stream,
    }


@login_required
@require_GET
def order_page(request: HttpRequest, number: str) -> HttpResponse:
    """Number, state, clock with its working, text, timeline, people, files, and what can be done."""
    order = find(staff_of(request), number)
    return render(request, "desk/order.html", order_context(request, order))


@login_required
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """The form of one action (GET) and doing it (POST). A form that grew stale comes back with its text and the changes."""
    doing = DOINGS.get(key)
    if doing is None:
        raise Http404
    staff = staff_of(request)
    order = find(staff, number)
    if request.method == "GET":
        if doing not in doings.possible(staff, order):
            return not_possible(request, order, doing)
        return render_form(request, order, doing, begun_form(request, order, doing))
    form = doing.form(request.POST, request.FILES, order=order, staff=staff)
    if not form.is_valid():
        return render_form(request, order, doing, form, status=400)
    try:
        done = doings.do(doing=doing, order=order, staff=staff, values=form.values(), request_id=request_id_of(request))
    except StaleOrder:
        return render_stale(request, order, doing, form)
    except IllegalTransition:
        return not_possible(request, find(staff, number), doing)
    except InvalidOrder as error:
        field = "photos" if error.field == "file" else error.field
        form.add_error(field if field in form.fields else None, refusal(error))
        return render_form(request, order, doing, form, status=400)
    except NotAllowed:
        return not_allowed(request, order, doing)
    actions.forget_typed(order=order, staff=staff, key=doing.key)
    tell_done(request, doing, done)
    return HttpResponseRedirect(next_of(request, order_url(done)))


def begun_form(request: HttpRequest, order: WorkOrder, doing: Doing) -> forms.OrderForm:
    """The empty form, or what the person typed into it before, or the words of the chosen template."""
    staff = staff_of(request)
    before = None if doing.is_immediate else selectors.typed_before(order, staff, doing.key)
    initial: dict[str, Any] = dict(before.data) if before else {}
    if doing.key in TEMPLATED and (chosen := request.GET.get("template", "")).isdigit():
        template = selectors.reply_templates(staff).filter(pk=int(chosen)).first()
        if template is not None:
            initial["public_text"] = selectors.filled_in(template, order)
    form = doing.form(order=order, staff=staff, initial=initial)
    form.typed_at = before.at if before and "template" not in request.GET else None  # type: ignore[attr-defined]
    return form


def refusal(error: InvalidOrder) -> str:
    """The room's refusal in the words of the page."""
    known = {
        ("unit", "already has the order; choose another unit"): _("This unit already has the order. Choose another one."),
        ("unit", "does not take work orders; choose another unit"): _("This unit does not take work orders. Choose another one."),
        ("into", "is this very order; choose another one"): _("This is the order itself. Give the number of another one."),
        ("into", "is no longer open; choose an open order"): _("That order is no longer open. Give the number of an open one."),
        ("return", "was accepted too often; refer the order to a dispute ruling"): _(
            "It was returned too often already. Refer the order to a dispute ruling."
        ),
        ("unit", "is the lead unit itself; choose another unit"): _("This is the lead unit itself. Choose another one."),
        ("unit", "was asked already and has not replied yet"): _("This unit was asked already and has not replied yet."),
        ("return", "was ruled out: this unit was named by a ruling and must act"): _(
            "A ruling named this unit: it must act and cannot return the order."
        ),
        ("review_at", "lies in the past"): _("This lies in the past. Choose a later time."),
        ("review_at", "must be given, so that the order can resume by itself"): _("Say when the order should resume."),
        ("unit", "is the one the complaint is about; choose another unit"): _(
            "The complaint is about this unit. Choose another one, such as its superior."
        ),
        ("unit", "has the order already; choose another unit"): _("This unit has the order already. Choose another one."),
        ("reply", "is not signed by a person with the unit's written authority"): _(
            "Nobody with the unit's written authority has signed this reply. Send it back to be signed."
        ),
        ("unit", "is no section of this unit; choose one below it"): _("This is no section of the unit. Choose one below it."),
        ("staff", "does not work in this unit; choose one of its people"): _(
            "This person does not work in the unit. Choose another one."
        ),
        ("due", "lies in the past"): _("This lies in the past. Choose a later time."),
        ("assist", "not every assisting unit has replied yet; wait, or call the assistance off"): _(
            "Not every assisting unit has replied yet. Wait for it, or call its assistance off."
        ),
        ("unit", "has nobody named to handle sealed reports; have someone named, or choose another unit"): _(
            "Nobody of this unit is named for sealed reports. Have somebody named, or choose another unit."
        ),
        ("into", "a sealed report stays on its own"): _("A sealed report stays on its own and cannot be merged."),
        ("reply", "there is none under review"): _("There is no reply under review."),
    }
    if isinstance(error, Claimed):
        return error.hint
    if error.field == "file":
        return _("The file cannot be taken: it must be a JPEG, PNG, WebP, GIF or PDF within the size limit.")
    return known.get((error.field, error.hint)) or _("Please check this entry: %(hint)s") % {"hint": error.hint}


def draft_key(order: WorkOrder, doing: Doing) -> str:
    """Under which name the browser keeps what was typed into this form."""
    return "" if doing.is_immediate else f"{order.number}-{doing.key}"


def tell_done(request: HttpRequest, doing: Doing, order: WorkOrder) -> None:
    """Say what was done and what follows; a dispatch can be undone for half a minute."""
    what = str(doing.done) % {"unit": order.unit.name if order.unit else ""} if "%(unit)s" in str(doing.done) else str(doing.done)
    undo = reverse("desk:undo", kwargs={"number": order.number}) if doing.action == Action.DISPATCH else ""
    then = _("Order %(number)s: %(title)s") % {"number": order.number, "title": order.title}
    tell(
        request,
        messages.SUCCESS,
        what=what,
        then=then,
        undo_url=undo,
        undo_seconds=doings.UNDO_SECONDS,
        draft=draft_key(order, doing),
    )


def render_form(
    request: HttpRequest, order: WorkOrder, doing: Doing, form: forms.OrderForm, *, status: int = 200, changes: Any = ()
) -> HttpResponse:
    """The form of an action: inside the page's dialog for htmx, as a page of its own otherwise."""
    staff = staff_of(request)
    context: dict[str, Any] = {
        "order": order,
        "doing": doing,
        "form": form,
        "changes": changes,
        "next": next_of(request, order_url(order)),
        "draft": draft_key(order, doing),
    }
    if doing.key in TEMPLATED:
        context["templates"] = list(selectors.reply_templates(staff)[:12])
    if doing.key == "dispatch":
        context["proposals"] = selectors.proposals(order)
    if doing.key == CALLBACK:
        context |= callback_detail(order, staff, form if isinstance(form, forms.CallbackForm) else None)
    if doing.action in (Action.APPROVE_REPLY, Action.REJECT_REPLY, Action.ENDORSE_REPLY):
        context["reply"] = selectors.pending_reply(order)
    if doing.key == "submit_reply":
        context["parts"] = [a for a in order.assists.select_related("unit") if a.text]
    partial = bool(request.htmx) and request.headers.get("HX-Target") == "doing-body"  # type: ignore[attr-defined]
    return render(request, "desk/_doing.html" if partial else "desk/doing.html", context, status=status)


def render_stale(request: HttpRequest, order: WorkOrder, doing: Doing, form: forms.OrderForm) -> HttpResponse:
    """The typed text, what changed meanwhile, and a form that knows the new version."""
    staff = staff_of(request)
    fresh = find(staff, order.number)
    seen = form.cleaned_data.get("version") or 0
    changes = selectors.changes_since(fresh, seen)
    if doing not in doings.possible(staff, fresh):
        return not_possible(request, fresh, doing, changes=changes)
    data = request.POST.copy()
    data["version"] = str(fresh.version)
    again = doing.form(data, order=fresh, staff=staff)
    again.is_valid()
    return render_form(request, fresh, doing, again, status=409, changes=changes)


def not_possible(request: HttpRequest, order: WorkOrder, doing: Doing, *, changes: Any = ()) -> HttpResponse:
    """The order's page with a note: this is not possible (any more), and what is. Typed text is shown again to copy."""
    may = order_context(request, order)
    typed = [
        value for name, value in request.POST.items() if name in doing.form.base_fields and name != "version" and len(value) > 3
    ]
    blocked = {"doing": doing, "changes": changes, "typed": typed, "names": "、".join(str(d.label) for d in may["doings"])}
    return render(request, "desk/order.html", {**may, "blocked": blocked}, status=409)


def not_allowed(request: HttpRequest, order: WorkOrder, doing: Doing) -> HttpResponse:
    """None of the person's roles may do this to this order."""
    blocked = {"doing": doing, "forbidden": True}
    return render(request, "desk/order.html", {**order_context(request, order), "blocked": blocked}, status=403)


@login_required
@require_POST
def undo(request: HttpRequest, number: str) -> HttpResponse:
    """Take back one's own dispatch within half a minute."""
    staff = staff_of(request)
    order = find(staff, number)
    target = next_of(request, order_url(order))
    try:
        actor = orders.actor_for(staff, order, Action.UNDO_DISPATCH, request_id=request_id_of(request))
        actions.undo_dispatch(order=order, actor=actor)
    except (IllegalTransition, NotAllowed):
        tell(
            request,
            messages.WARNING,
            what=_("The dispatch cannot be undone any more."),
            kept=_("The order stays with the unit."),
            then=_("Use “Reassign” on the order's page if another unit should act."),
        )
        return HttpResponseRedirect(target)
    tell(request, messages.SUCCESS, what=_("Undone. The order waits for dispatch again."), then=f"{order.number} {order.title}")
    return HttpResponseRedirect(target)


@login_required
@require_POST
def reveal_contact(request: HttpRequest, number: str) -> HttpResponse:
    """Show one field of the contact in clear, for a reason, with the look recorded."""
    staff = staff_of(request)
    order = find(staff, number)
    form = forms.RevealForm(request.POST, order=order, staff=staff)
    if not orders.may_reveal(order, staff) or order.citizen is None:
        return not_allowed_to_look(request, order)
    if not form.is_valid():
        return render(request, "desk/_reveal.html", {"order": order, "reveal_form": form, "may_reveal": True}, status=400)
    field = form.cleaned_data["field"]
    value = reveal(
        staff=staff,
        citizen=order.citizen,
        field=field,
        reason=form.cleaned_data["reason"],
        order_number=order.ref,
        request_id=request_id_of(request),
    )
    shown = {"label": dict(forms.RevealForm.FIELDS)[field], "value": value, "field": field}
    context = {"order": order, "shown": shown, "reveal_form": forms.RevealForm(order=order, staff=staff), "may_reveal": True}
    partial = bool(request.htmx)  # type: ignore[attr-defined]
    response = render(request, "desk/_reveal.html" if partial else "desk/reveal.html", context)
    response["Cache-Control"] = "no-store"
    return response


def not_allowed_to_look(request: HttpRequest, order: WorkOrder) -> HttpResponse:
    """The contact of this order is closed to the person."""
    context = {"order": order, "shown": None, "reveal_form": None, "may_reveal": False}
    return render(request, "desk/_reveal.html" if request.htmx else "desk/reveal.html", context, status=403)  # type: ignore[attr-defined]


@login_required
@require_GET
def download(request: HttpRequest, number: str, pk: int) -> HttpResponse | FileResponse:
    """A file of an order that the person may see."""
    order = find(staff_of(request), number)
    attachment = get_object_or_404(order.attachments, pk=pk)
    if attachment.purpose != "report" and not orders.sees_whole(staff_of(request), order):
        raise Http404
    inline = attachment.content_type.startswith("image/")
    response = FileResponse(
        BytesIO(attachment.read()), content_type=attachment.content_type, as_attachment=not inline, filename=attachment.name
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response
