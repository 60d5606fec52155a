"""Addresses of the wall, included at /desk/wall/."""

from __future__ import annotations

from django.urls import path

from hotline.insight import views

app_name = "insight"
urlpatterns = [
    path("", views.wall, name="wall"),
    path("data/", views.data, name="data"),
]
