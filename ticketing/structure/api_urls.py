"""Addresses under /api/units/."""

from django.urls import path

from ticketing.structure import api

app_name = "units-api"
urlpatterns = [
    path("", api.UnitsView.as_view(), name="units"),
    path("<str:code>/", api.UnitView.as_view(), name="unit"),
    path("<str:code>/<slug:key>/", api.DoingView.as_view(), name="do"),
]
