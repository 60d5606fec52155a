"""Addresses under /desk/steering/."""

from __future__ import annotations

from django.urls import path

from ticketing.steering import accuracy_views, rehearsal_views, rule_views

app_name = "steering"
urlpatterns = [
    path("", rule_views.rules, name="rules"),
    path("rule/", rule_views.edit_rule, name="rule"),
    path("rehearsals/", rehearsal_views.rehearsals, name="rehearsals"),
    path("rehearsals/<int:pk>/", rehearsal_views.rehearsal, name="rehearsal"),
    path("first-right/", accuracy_views.first_right, name="accuracy"),
    path("do/<slug:kind>/<slug:verb>/", rule_views.step, name="step"),
]
