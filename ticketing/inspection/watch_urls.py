"""Addresses of the watch, below /desk/watch/."""

from django.urls import path

from ticketing.inspection import watch_views as views

app_name = "watch"
urlpatterns = [
    path("", views.home, name="home"),
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/<int:pk>/", views.acknowledge, name="acknowledge"),
    path("rules/", views.rules, name="rules"),
    path("rules/new/", views.rule, name="new_rule"),
    path("rules/<int:pk>/", views.rule, name="rule"),
    path("cards/", views.cards, name="cards"),
    path("cards/new/", views.new_card, name="new_card"),
    path("cards/<int:pk>/", views.card, name="card"),
    path("cards/<int:pk>/appeal/", views.appeal, name="appeal"),
    path("cards/<int:pk>/decide/", views.decide, name="decide"),
]
