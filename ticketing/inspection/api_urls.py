"""Addresses below /api/inspection/."""

from django.urls import path

from ticketing.inspection import api

app_name = "inspection-api"
urlpatterns = [
    path("rounds/", api.RoundsView.as_view(), name="rounds"),
    path("rounds/<int:pk>/", api.RoundView.as_view(), name="round"),
    path("rounds/<int:pk>/places/", api.PlacesView.as_view(), name="places"),
    path("places/<int:pk>/findings/", api.NewFindingView.as_view(), name="new_finding"),
    path("findings/", api.FindingsView.as_view(), name="findings"),
    path("findings/<int:pk>/order/", api.FindingOrderView.as_view(), name="open_order"),
]
