"""Home and privacy."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """One question: what would you like to do? Four ways, and answers while typing."""
    try:
        call_url = reverse("voice:call")
    except NoReverseMatch:  # a centre without web calls
        call_url = ""
    return render(request, "portal/home.html", {"call_url": call_url})


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept, for how long, who sees it, and what a citizen may ask for."""
    return render(request, "portal/privacy.html")
