"""Addresses of the chat, included at /chat/."""

from __future__ import annotations

from django.urls import path

from hotline.chat import api, sms, views

app_name = "chat"
urlpatterns = [
    path("", views.room, name="room"),
    path("start/", views.start, name="start"),
    path("say/", views.say, name="say"),
    path("end/", views.end, name="end"),
    path("api/start", api.start, name="api-start"),
    path("api/<str:token>/say", api.say, name="api-say"),
    path("api/<str:token>/key", api.key, name="api-key"),
    path("api/<str:token>/turns", api.turns, name="api-turns"),
    path("api/<str:token>/end", api.end, name="api-end"),
    path("sms/", sms.incoming, name="sms"),
]
