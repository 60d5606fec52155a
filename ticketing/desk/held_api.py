"""Cards and accountability records for programs, to read: they are issued and decided by the verbs on their order."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets

from ticketing.desk import selectors
from ticketing.orders.models import Accountability, Card
from ticketing.organisation.models import Staff

FIELDS = ["id", "order", "unit", "unit_name", "reason", "status", "issued_by", "issued_at", "appeal", "ruling", "decided_at"]
FILTERS = [OpenApiParameter(name, OpenApiTypes.STR) for name in ("q", "status")]


class CardSerializer(serializers.ModelSerializer[Card]):
    """A card with its appeal and ruling."""

    order = serializers.CharField(source="order.number")
    unit = serializers.CharField(source="unit.code")
    unit_name = serializers.CharField(source="unit.name")

    class Meta:
        model = Card
        fields = [*FIELDS, "colour"]
        read_only_fields = fields


class FindingSerializer(CardSerializer):
    """An accountability record with its appeal and ruling."""

    class Meta:
        model = Accountability
        fields = [*FIELDS, "cause"]
        read_only_fields = fields


class HeldViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]):
    """What this person may see of them; `q` searches number, unit and words, `status` filters."""

    kind = "cards"
    queryset: Any = Card.objects.none()
    lookup_value_regex = "[0-9]+"
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Any]:
        """Only what this person may see."""
        staff, given = self.request.user, self.request.GET
        if not isinstance(staff, Staff):
            return self.queryset.none()
        return selectors.held_list(staff, self.kind, words=given.get("q", "")[:80], status=given.get("status", ""))


@extend_schema(tags=["orders"], parameters=FILTERS)
class CardViewSet(HeldViewSet):
    """Yellow and red cards."""

    serializer_class = CardSerializer


@extend_schema(tags=["orders"], parameters=FILTERS)
class FindingViewSet(HeldViewSet):
    """Accountability records."""

    kind = "findings"
    queryset = Accountability.objects.none()
    serializer_class = FindingSerializer
