"""Following a matter with its number and query code. The page shows no personal data."""

from __future__ import annotations

from io import BytesIO

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hotline.conversations import limits
from hotline.conversations.errors import TooFast
from hotline.portal import actions, selectors
from hotline.portal.forms import PhotosField, TrackForm
from ticketing.orders.errors import IllegalTransition, InvalidOrder, NotAllowed, OrderError, OrderNotFound
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import track
from ticketing.ui.messages import tell

COOKIE = "matter"
COOKIE_SALT = "hotline.portal.track"
COOKIE_SECONDS = 12 * 3600
WINDOW_SECONDS = 600


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Ask for number and code. Wrong pairs are counted and slowed down; the two wrongs are not told apart."""
    form = TrackForm(request.POST if request.method == "POST" else None, initial={"number": request.GET.get("number", "")[:24]})
    status = 200
    if request.method == "POST":
        status = 422
        try:
            limits.spend(
                purpose="track",
                key=limits.address_of(request),
                limit=settings.TRACK_TRIES_PER_10_MINUTES,
                seconds=WINDOW_SECONDS,
            )
            if form.is_valid():
                number, code = form.cleaned_data["number"], form.cleaned_data["code"]
                limits.spend(
                    purpose="track-number", key=number, limit=settings.TRACK_TRIES_PER_10_MINUTES, seconds=WINDOW_SECONDS
                )
                order = track(number, code)
                response = redirect("portal:order", number=order.number)
                response.set_signed_cookie(
                    COOKIE,
                    f"{order.number}:{order.query_code_index}",
                    salt=COOKIE_SALT,
                    max_age=COOKIE_SECONDS,
                    httponly=True,
                    samesite="Lax",
                    secure=request.is_secure(),
                    path="/track/",
                )
                return response
        except OrderNotFound:
            form.add_error(
                None, _("Number and query code do not fit together. Please compare both with your receipt, or call 12345.")
            )
            status = 404
        except TooFast as error:
            form.add_error(
                None,
                _("Too many tries. For safety please wait %(minutes)d minutes, or call 12345.")
                % {"minutes": error.seconds // 60 + 1},
            )
            status = 429
    return render(request, "portal/track.html", {"form": form}, status=status)


@never_cache
@require_GET
def order(request: HttpRequest, number: str) -> HttpResponse:
    """The state of a matter in a sentence, its way, its answer, and what one can do now."""
    found = _mine(request, number)
    if found is None:
        return redirect("portal:track")
    return render(request, "portal/order.html", {"matter": selectors.tracked(found), "scores": _scores()})


@require_POST
def act(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """Rate, urge, add facts, withdraw or reopen; refused ones say why, and what was typed stays on the page."""
    found = _mine(request, number)
    if found is None:
        return redirect("portal:track")
    text, request_id = request.POST.get("text", "").strip(), request.request_id  # type: ignore[attr-defined]
    try:
        match verb:
            case "rate":
                score = request.POST.get("score", "")
                solved = {"yes": True, "no": False}.get(request.POST.get("solved", ""))
                if score not in {"1", "2", "3", "4", "5"}:
                    raise InvalidOrder("score", _("choose one of the five"))
                actions.rate(order=found, score=int(score), solved=solved, note=text, request_id=request_id)
                tell(request, messages.SUCCESS, what=_("Thank you. Your rating is kept with the matter."))
            case "urge":
                actions.urge(order=found, note=text, request_id=request_id)
                tell(request, messages.SUCCESS, what=_("The responsible body was told that you are waiting."))
            case "add":
                uploads = PhotosField(required=False).clean(request.FILES.getlist("photos"))
                actions.add_facts(order=found, text=text, uploads=uploads, request_id=request_id)
                tell(request, messages.SUCCESS, what=_("What you added was passed on with the matter."))
            case "withdraw":
                actions.withdraw(order=found, reason=text, request_id=request_id)
                tell(request, messages.SUCCESS, what=_("The matter was withdrawn."))
            case "reopen":
                actions.reopen(order=found, reason=text, request_id=request_id)
                tell(request, messages.SUCCESS, what=_("The matter is open again."), then=_("We find out who has to act."))
            case _:
                raise Http404
    except (IllegalTransition, NotAllowed):
        tell(
            request,
            messages.ERROR,
            what=_("That is no longer possible, because the matter has moved on. Below is how it stands now."),
        )
    except ValidationError as error:
        tell(request, messages.ERROR, what=" ".join(error.messages), kept=_("Nothing was added."))
    except OrderError as error:
        hint = error.hint if isinstance(error, InvalidOrder) else str(error)
        tell(request, messages.ERROR, what=_("That could not be done: %(why)s") % {"why": hint})
    return redirect("portal:order", number=number)


@never_cache
@require_GET
def photo(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """A photo that the unit opened to the citizen."""
    found = _mine(request, number)
    kept = found.attachments.filter(pk=pk, public=True).first() if found else None
    if kept is None:
        raise Http404
    return FileResponse(BytesIO(kept.read()), content_type=kept.content_type)


def _mine(request: HttpRequest, number: str) -> WorkOrder | None:
    """The order that this browser has shown the code of."""
    value = request.get_signed_cookie(COOKIE, default="", salt=COOKIE_SALT, max_age=COOKIE_SECONDS) or ""
    kept, _separator, index = value.partition(":")
    if not index or kept != number:
        return None
    return (
        WorkOrder.objects.select_related("unit", "duty_item", "order_type", "region", "place")
        .filter(number=number, query_code_index=index)
        .first()
    )


def _scores() -> list[tuple[int, str]]:
    return [
        (5, _("Very satisfied")),
        (4, _("Satisfied")),
        (3, _("Mostly satisfied")),
        (2, _("Dissatisfied")),
        (1, _("Very dissatisfied")),
    ]
