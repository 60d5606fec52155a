"""Addresses under /api/steering/."""

from __future__ import annotations

from django.urls import path

from ticketing.steering import api

app_name = "steering-api"
urlpatterns = [
    path("rules/", api.RulesView.as_view(), name="rules"),
    path("rules/preview/", api.PreviewView.as_view(), name="preview"),
    path("first-right/", api.AccuracyView.as_view(), name="accuracy"),
    path("alerts/", api.AlertsView.as_view(), name="alerts"),
    path("alerts/<int:pk>/note/", api.NoteAlertView.as_view(), name="note_alert"),
    path("neighbours/<str:number>/", api.NeighboursView.as_view(), name="neighbours"),
    path("owners/", api.OwnersView.as_view(), name="owners"),
    path("rehearsals/", api.RehearsalsView.as_view(), name="rehearsals"),
    path("rehearsals/<int:pk>/", api.RehearsalView.as_view(), name="rehearsal"),
    path("releases/", api.ReleasesView.as_view(), name="releases"),
    path("releases/<slug:kind>/<slug:verb>/", api.StepView.as_view(), name="step"),
]
