"""The page on which one action is taken on many orders."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from ticketing.desk import many, places
from ticketing.desk.places import works_at
from ticketing.desk.views import staff_of
from ticketing.orders import selectors as orders


@works_at(places.ORDERS)
@require_http_methods(["GET", "POST"])
def many_orders(request: HttpRequest) -> HttpResponse:
    """The form of the action with the chosen orders (GET); doing it, and what became of each (POST)."""
    staff = staff_of(request)
    given = request.POST if request.method == "POST" else request.GET
    doing = next((d for d in many.choices_for(staff) if d.key == given.get("act")), None)
    if doing is None:
        raise Http404
    numbers = many.clean_numbers(given.getlist("number"))
    chosen = list(orders.visible_orders(staff).filter(number__in=numbers).order_by("created_at"))
    context = {"doing": doing, "chosen": chosen, "form": None}
    if not chosen:
        return render(request, "desk/many.html", context, status=400 if request.method == "POST" else 200)
    if request.method == "GET":
        return render(request, "desk/many.html", {**context, "form": doing.form(order=chosen[0], staff=staff)})
    form = doing.form(request.POST, order=chosen[0], staff=staff)
    if not form.is_valid():
        return render(request, "desk/many.html", {**context, "form": form}, status=400)
    data = {name: value if len(value) > 1 else value[0] for name, value in request.POST.lists()}
    request_id = str(getattr(request, "request_id", ""))[:40]
    outcomes = many.do_many(doing=doing, numbers=numbers, staff=staff, data=data, request_id=request_id)
    done = sum(outcome.done for outcome in outcomes)
    return render(request, "desk/many.html", {**context, "outcomes": outcomes, "done": done, "left": len(outcomes) - done})
