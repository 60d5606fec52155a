"""Addresses of the health pages, included at /health/."""

from django.urls import path

from hotline.runtime import views

app_name = "runtime"
urlpatterns = [
    path("", views.health, name="health"),
    path("json/", views.health_json, name="health-json"),
    path("live/", views.alive, name="alive"),
]
