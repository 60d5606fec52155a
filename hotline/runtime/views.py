"""The health page, for people, programs and load balancers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hotline.runtime.health import DOWN, report


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """Each part in words; JSON for who asks for it. 503 when the platform cannot take orders."""
    if request.GET.get("format") == "json" or not request.accepts("text/html"):
        return health_json(request)
    found = report()
    return render(request, "runtime/health.html", {"report": found}, status=503 if found.state == DOWN else 200)


@require_safe
@never_cache
def health_json(request: HttpRequest) -> JsonResponse:
    """The same as JSON."""
    found = report()
    return JsonResponse(found.as_json(), status=503 if found.state == DOWN else 200, json_dumps_params={"ensure_ascii": False})


@require_safe
@never_cache
def alive(request: HttpRequest) -> JsonResponse:
    """For load balancers: this process answers. Asks no other part."""
    return JsonResponse({"state": "ok"})
