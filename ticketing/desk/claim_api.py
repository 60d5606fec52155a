"""Claims over the API: take a waiting order, the next one, give it back."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ticketing.dispatch import actions
from ticketing.dispatch.models import Claim
from ticketing.orders import selectors as orders
from ticketing.orders.errors import OrderNotFound
from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import Staff


class ClaimSerializer(serializers.Serializer[Claim]):
    """A claim: the order, who holds it, until when."""

    number = serializers.CharField()
    title = serializers.CharField()
    held_by = serializers.CharField()
    until = serializers.DateTimeField()


def as_json(claim: Claim) -> dict[str, Any]:
    """A claim as the API gives it."""
    return {
        "number": claim.order.number,
        "title": claim.order.title,
        "held_by": claim.staff.display_name,
        "until": timezone.localtime(claim.until).isoformat(timespec="seconds"),
    }


@extend_schema(tags=["orders"])
class ClaimView(APIView):
    """POST takes one order into one's hands; DELETE gives it back."""

    @extend_schema(
        request=None,
        responses={200: ClaimSerializer, 409: OpenApiResponse(description="`claimed`: somebody else works on it")},
        description="Claim a waiting order for ten minutes. `take_over` (shift leaders, supervisors) takes it from another.",
    )
    def post(self, request: Request, number: str) -> Response:
        """POST /api/orders/<number>/claim/"""
        staff, order = _staff(request), _order(request, number)
        given = request.data.get("take_over") if isinstance(request.data, dict) else None
        return Response(as_json(actions.claim_order(order=order, staff=staff, take_over=given in (True, "true", "1"))))

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, number: str) -> Response:
        """DELETE /api/orders/<number>/claim/"""
        actions.release_claim(order=_order(request, number), staff=_staff(request))
        return Response(status=204)


@extend_schema(tags=["orders"])
class ClaimNextView(APIView):
    """POST takes the first waiting order that nobody works on."""

    @extend_schema(request=None, responses={200: ClaimSerializer, 204: OpenApiResponse(description="nothing waits")})
    def post(self, request: Request) -> Response:
        """POST /api/orders/claim_next/"""
        claim = actions.claim_next(staff=_staff(request))
        return Response(as_json(claim)) if claim else Response(status=204)


def _staff(request: Request) -> Staff:
    staff: Staff = request.user  # type: ignore[assignment]
    return staff


def _order(request: Request, number: str) -> WorkOrder:
    try:
        return orders.get_order(_staff(request), number)
    except OrderNotFound:
        raise NotFound from None
