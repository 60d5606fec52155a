"""The seat's desk: queue and own talks, the conversation, the form that fills itself. Everything also works as plain forms."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from hotline.conversations import actions as conversations
from hotline.conversations import selectors as talks
from hotline.conversations.city import places_named_like
from hotline.conversations.errors import CannotTransfer, ConversationError, UnknownConversation
from hotline.conversations.models import Conversation
from hotline.seats import actions, selectors
from hotline.seats.forms import TalkForm, label_of
from hotline.seats.models import Presence
from hotline.seats.selectors import SEATS
from ticketing.citizens.selectors import mask
from ticketing.orders.errors import OrderError
from ticketing.orders.sealed import may_follow_conversation
from ticketing.organisation.models import DutyItem, Staff
from ticketing.outbox.selectors import last_numbers
from ticketing.ui.messages import tell

View = Callable[..., HttpResponse]


def seats_only(view: View) -> View:
    """Signed in, and a seat or a shift leader."""

    @login_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not _staff(request).has_role(*SEATS):
            raise PermissionDenied(_("This desk is for seat agents. Your own desks are in the bar above."))
        return view(request, *args, **kwargs)

    return wrapped


@seats_only
@never_cache
@require_GET
def desk(request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
    """The whole desk, with one conversation open (the given one, else the first that the seat holds)."""
    staff = _staff(request)
    presence = actions.arrive(staff=staff)
    context = _queue_context(staff)
    context["presence"] = presence
    talk = _talk(pk, _staff(request)) if pk else next((row.talk for row in context["mine"]), None)
    if talk is not None:
        context |= _talk_context(talk, staff)
    return render(request, "seats/desk.html", context)


@seats_only
@never_cache
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The left column anew."""
    context = _queue_context(_staff(request))
    context["open_pk"] = request.GET.get("open", "")
    return render(request, "seats/_queue.html", context)


@seats_only
@require_POST
def state(request: HttpRequest) -> HttpResponse:
    """Change one's presence."""
    try:
        actions.set_state(staff=_staff(request), state=request.POST.get("state", ""))
    except actions.UnknownState:
        tell(request, messages.ERROR, what=_("There is no such state."))
    target = request.POST.get("talk", "")
    return redirect("seats:talk", pk=target) if target else redirect("seats:desk")


@seats_only
@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """Places for the form's list, as options."""
    return render(request, "seats/_places.html", {"places": places_named_like(request.GET.get("place_text", ""))})


@seats_only
@require_POST
def take(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a conversation; who comes second is told who was faster."""
    try:
        actions.take(conversation=_talk(pk, _staff(request)), staff=_staff(request))
    except ConversationError as error:
        tell(request, messages.WARNING, what=error.message)
        return redirect("seats:desk")
    return redirect("seats:talk", pk=pk)


@seats_only
@require_POST
def pass_on(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a ringing conversation go to the next seat."""
    actions.refuse(conversation=_talk(pk, _staff(request)), staff=_staff(request))
    tell(request, messages.INFO, what=_("Passed on. You are busy until you choose another state."))
    return redirect("seats:desk")


@seats_only
@require_POST
def say(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say something without a script."""
    return _carry_out(
        request,
        pk,
        lambda talk, staff: conversations.seat_says(
            conversation=talk, seat=staff, text=request.POST.get("text", ""), client_ref=request.POST.get("client_ref", "")
        ),
    )


@seats_only
@require_POST
def release(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give it back to the queue."""
    return _carry_out(request, pk, lambda talk, staff: actions.release(conversation=talk, staff=staff), to_desk=True)


@seats_only
@require_POST
def hold(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask the citizen to wait."""
    return _carry_out(request, pk, lambda talk, staff: conversations.hold(conversation=talk, seat=staff))


@seats_only
@require_POST
def unhold(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Go on with who was asked to wait."""
    return _carry_out(request, pk, lambda talk, staff: conversations.unhold(conversation=talk, seat=staff))


@seats_only
@require_POST
def transfer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Pass it on: `to` is "queue", "seat:<id>" or "skill:<name>"."""
    kind, _colon, target = request.POST.get("to", "").partition(":")
    seat = Staff.objects.filter(pk=int(target)).first() if kind == "seat" and target.isdecimal() and len(target) < 9 else None
    if kind not in ("queue", "seat", "skill") or (kind == "seat" and seat is None) or (kind == "skill" and not target):
        tell(request, messages.ERROR, what=CannotTransfer().message)
        return redirect("seats:talk", pk=pk)
    return _carry_out(
        request,
        pk,
        lambda talk, staff: actions.transfer(
            conversation=talk,
            staff=staff,
            to=seat,
            skill=target if kind == "skill" else "",
            note=request.POST.get("note", ""),
        ),
        to_desk=True,
        done=_("The conversation was passed on."),
    )


@seats_only
@require_POST
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End the conversation."""
    return _carry_out(request, pk, lambda talk, staff: actions.end(conversation=talk, staff=staff), to_desk=True)


@seats_only
@never_cache
@require_GET
def form(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form anew, for another duty item's questions; what was typed is kept."""
    talk = _talk(pk, _staff(request))
    return render(request, "seats/_form.html", _form_context(talk, request.GET.dict()))


@seats_only
@never_cache
@require_GET
def filled(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was understood so far, for fields that nobody has touched."""
    found = selectors.filled_form(_talk(pk, _staff(request)))
    return JsonResponse(
        {
            name: {**asdict(value), "value": "", "label": "", "placeholder": mask(name, value.value)}
            if name in ("phone", "name")
            else {**asdict(value), "value": label_of(value) if name == "duty_item" else value.value}
            for name, value in found.items()
            if name != "place"
        }
    )


@seats_only
@never_cache
@require_GET
def assist(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answers, earlier orders, duplicates, alerts."""
    talk = _talk(pk, _staff(request))
    return render(request, "seats/_assist.html", {"talk": talk, "assist": selectors.assist(talk, _staff(request))})


@seats_only
@require_POST
def order(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make the order of this conversation, or answer it on the spot (`direct`)."""
    talk, staff = _talk(pk, _staff(request)), _staff(request)
    context = _form_context(talk, None, request.POST)
    bound: TalkForm = context["form"]
    answer = request.POST.get("answer", "").strip() if "direct" in request.POST else ""
    if "direct" in request.POST and not answer:
        bound.add_error(None, _("Write the answer that you gave, or choose one beside."))
    if bound.is_valid():
        version = request.POST.get("article_version", "")
        try:
            created = actions.create_order(
                conversation=talk,
                staff=staff,
                fields=bound.fields_of_order(),
                key=bound.cleaned_data["key"],
                answer=answer,
                article=request.POST.get("article", "")[:40],
                article_version=int(version) if version.isdecimal() and len(version) < 9 else None,
                request_id=request.request_id,  # type: ignore[attr-defined]
            )
        except (OrderError, ConversationError) as error:
            bound.add_error(None, str(error))
        else:
            words = _("Order %(number)s was answered directly.") if answer else _("Order %(number)s was created.")
            tell(
                request,
                messages.SUCCESS,
                what=words % {"number": created.order.number},
                then=_("The citizen was told number and code."),
            )
            return redirect("seats:talk", pk=pk)
    page = {
        **_queue_context(staff),
        "presence": selectors.presence_of(staff),
        **_talk_context(talk, staff),
        **context,
        "answer": answer,
    }
    return render(request, "seats/desk.html", page, status=422)


def _staff(request: HttpRequest) -> Staff:
    assert isinstance(request.user, Staff)
    return request.user


def _talk(pk: UUID, staff: Staff) -> Conversation:
    """The conversation; one that is over and of which a sealed report came is there only for those named for it."""
    try:
        talk = talks.by_id(str(pk))
    except UnknownConversation:
        raise Http404 from None
    if talk.status == Conversation.Status.ENDED and not may_follow_conversation(staff, str(pk)):
        raise Http404
    return talk


def _carry_out(
    request: HttpRequest, pk: UUID, verb: Callable[[Conversation, Staff], Any], *, to_desk: bool = False, done: str = ""
) -> HttpResponse:
    try:
        verb(_talk(pk, _staff(request)), _staff(request))
    except ConversationError as error:
        tell(request, messages.ERROR, what=error.message)
        return redirect("seats:talk", pk=pk)
    if done:
        tell(request, messages.SUCCESS, what=done)
    return redirect("seats:desk") if to_desk else redirect("seats:talk", pk=pk)


def _queue_context(staff: Staff) -> dict[str, Any]:
    return {
        "waiting": selectors.rows(list(talks.waiting()[:30])),
        "mine": selectors.rows(list(talks.held_by(staff)[:20])),
        "ring": selectors.ringing_for(staff),
        "missed": selectors.missed_lately(staff),
        "presence": selectors.presence_of(staff),
        "states": [(str(value), label) for value, label in Presence.State.choices if value in actions.CHOSEN],
        "after": last_numbers(streams=["queue", f"seat:{staff.pk}"]),
        "staff": staff,
    }


def _talk_context(talk: Conversation, staff: Staff) -> dict[str, Any]:
    turns = talks.transcript(talk)
    holds = talk.owner == Conversation.Owner.SEAT and talk.seat_id == staff.pk and talk.status != Conversation.Status.ENDED
    return {
        "talk": talk,
        "open_pk": str(talk.pk),
        "row": selectors.rows([talk])[0],
        "holds": holds,
        "turns": turns,
        "last_seq": max((turn.seq for turn in turns), default=0),  # of the turns shown here: more may be said meanwhile
        "events": talk.events.order_by("id"),
        "free_seats": [found.staff for found in selectors.free_seats() if found.staff_id != staff.pk] if holds else [],
        "skills": selectors.skills() if holds else [],
        "assist": selectors.assist(talk, staff),
        "client_ref": secrets.token_hex(12),
        **_form_context(talk, None),
    }


def _form_context(talk: Conversation, typed: dict[str, str] | None, sent: Any = None) -> dict[str, Any]:
    found = selectors.filled_form(talk)
    code = (
        str((sent or typed or {}).get("duty_item", found["duty_item"].value if "duty_item" in found else ""))
        .split(" · ")[0]
        .strip()
    )
    item = DutyItem.objects.filter(code=code).prefetch_related("questions").first() if code else None
    initial = {"key": secrets.token_hex(8)}
    if sent is not None:
        bound = TalkForm(sent, filled=found, item=item, initial=initial)
    else:
        bound = TalkForm(filled=found, item=item, initial={**initial, **(typed or {})})
    return {"form": bound, "talk": talk, **selectors.form_choices()}
