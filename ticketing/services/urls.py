"""Addresses under /services/."""

from django.urls import path

from ticketing.services import views

app_name = "services"
urlpatterns = [
    path("", views.items, name="items"),
    path("<str:code>/", views.item, name="item"),
]
