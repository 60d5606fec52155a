"""Addresses of the API, below /api/."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import DefaultRouter

from ticketing.desk.api import OrderViewSet
from ticketing.desk.claim_api import ClaimNextView, ClaimView
from ticketing.desk.held_api import CardViewSet, FindingViewSet
from ticketing.desk.nuisance_api import NuisanceViewSet

router = DefaultRouter()
router.register("orders", OrderViewSet, basename="order")
router.register("nuisance", NuisanceViewSet, basename="nuisance")
router.register("cards", CardViewSet, basename="card")
router.register("findings", FindingViewSet, basename="finding")
urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("orders/claim_next/", ClaimNextView.as_view(), name="claim-next"),
    path("orders/<str:number>/claim/", ClaimView.as_view(), name="claim"),
    path("", include(router.urls)),
]
