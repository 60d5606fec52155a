"""Addresses of the design system, included at /ui/."""

from __future__ import annotations

from django.urls import path

from ticketing.ui import views

app_name = "ui"
urlpatterns = [path("look/", views.set_look, name="look")]
