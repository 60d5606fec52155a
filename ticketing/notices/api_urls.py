"""Addresses below /api/surveys/."""

from django.urls import path

from ticketing.notices import api

app_name = "surveys-api"
urlpatterns = [
    path("", api.SurveysView.as_view(), name="surveys"),
    path("daily/<str:day>/", api.DailyView.as_view(), name="daily"),
]
