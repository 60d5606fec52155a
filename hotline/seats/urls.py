"""Addresses of the seat's desk, included at /desk/seat/."""

from __future__ import annotations

from django.urls import path

from hotline.seats import views

app_name = "seats"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("queue/", views.queue, name="queue"),
    path("state/", views.state, name="state"),
    path("places/", views.places, name="places"),
    path("<uuid:pk>/", views.desk, name="talk"),
    path("<uuid:pk>/take/", views.take, name="take"),
    path("<uuid:pk>/pass/", views.pass_on, name="pass"),
    path("<uuid:pk>/say/", views.say, name="say"),
    path("<uuid:pk>/release/", views.release, name="release"),
    path("<uuid:pk>/hold/", views.hold, name="hold"),
    path("<uuid:pk>/unhold/", views.unhold, name="unhold"),
    path("<uuid:pk>/transfer/", views.transfer, name="transfer"),
    path("<uuid:pk>/end/", views.end, name="end"),
    path("<uuid:pk>/form/", views.form, name="form"),
    path("<uuid:pk>/filled/", views.filled, name="filled"),
    path("<uuid:pk>/assist/", views.assist, name="assist"),
    path("<uuid:pk>/order/", views.order, name="order"),
]
