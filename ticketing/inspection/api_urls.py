"""Addresses below /api/inspection/."""

from django.urls import path, re_path

from ticketing.inspection import api, watch_api

app_name = "inspection-api"
urlpatterns = [
    path("rounds/", api.RoundsView.as_view(), name="rounds"),
    path("rounds/<int:pk>/", api.RoundView.as_view(), name="round"),
    path("rounds/<int:pk>/places/", api.PlacesView.as_view(), name="places"),
    path("places/<int:pk>/findings/", api.NewFindingView.as_view(), name="new_finding"),
    path("findings/", api.FindingsView.as_view(), name="findings"),
    path("findings/<int:pk>/order/", api.FindingOrderView.as_view(), name="open_order"),
    path("alerts/", watch_api.AlertsView.as_view(), name="alerts"),
    path("alerts/<int:pk>/acknowledge/", watch_api.AcknowledgeView.as_view(), name="acknowledge"),
    path("rules/", watch_api.RulesView.as_view(), name="rules"),
    path("cards/", watch_api.CardsView.as_view(), name="cards"),
    re_path(r"^cards/(?P<pk>\d+)/(?P<verb>appeal|decide)/$", watch_api.CardStepView.as_view(), name="card_step"),
]
