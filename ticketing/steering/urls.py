"""Addresses under /desk/steering/."""

from __future__ import annotations

from django.urls import path

from ticketing.steering import accuracy_views, alert_views, rehearsal_views, rule_views

app_name = "steering"
urlpatterns = [
    path("", rule_views.rules, name="rules"),
    path("rule/", rule_views.edit_rule, name="rule"),
    path("rehearsals/", rehearsal_views.rehearsals, name="rehearsals"),
    path("rehearsals/<int:pk>/", rehearsal_views.rehearsal, name="rehearsal"),
    path("first-right/", accuracy_views.first_right, name="accuracy"),
    path("alerts/", alert_views.alerts, name="alerts"),
    path("alerts/<int:pk>/", alert_views.alert, name="alert"),
    path("do/<slug:kind>/<slug:verb>/", rule_views.step, name="step"),
]
