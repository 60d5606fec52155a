"""Malicious repeated callers for programs: the list, and the three verbs."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from ticketing.citizens.selectors import masked_contact
from ticketing.desk import forms, places, selectors
from ticketing.desk.api import body_of
from ticketing.orders.actions import hand_to_police, record_nuisance, review_nuisance
from ticketing.orders.errors import OrderNotFound
from ticketing.orders.models import NuisanceCase
from ticketing.orders.selectors import get_order
from ticketing.organisation.models import Staff


class NuisanceSerializer(serializers.ModelSerializer[NuisanceCase]):
    """A record; the caller is masked as everywhere."""

    order = serializers.CharField(source="order.number", default=None)
    phone = serializers.SerializerMethodField()
    recorded_by = serializers.CharField(source="recorded_by.display_name")

    class Meta:
        model = NuisanceCase
        fields = ["id", "order", "phone", "kind", "note", "contacts", "status", "recorded_by", "recorded_at", "reviewed_by",
                  "reviewed_at", "review", "police_station", "police_receipt", "handed_over_by", "handed_over_at"]  # fmt: skip
        read_only_fields = fields

    def get_phone(self, case: NuisanceCase) -> str:
        """The telephone, masked."""
        return masked_contact(case.citizen)["phone"]


@extend_schema(tags=["orders"])
class NuisanceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[NuisanceCase]):
    """Records of malicious callers; `q` is a telephone or an order number, `status` filters."""

    queryset = NuisanceCase.objects.none()
    serializer_class = NuisanceSerializer
    lookup_value_regex = "[0-9]+"
    filter_backends: list[Any] = []

    @property
    def staff(self) -> Staff:
        """The person who asks, if the page is open to that person."""
        staff = self.request.user
        if not isinstance(staff, Staff) or not staff.has_role(*places.NUISANCE.roles):
            raise PermissionDenied("Only the hotline's own people work with these records.")
        return staff

    def get_queryset(self) -> QuerySet[NuisanceCase]:
        """All records, for those who may see them."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        given = self.request.GET
        return (
            selectors.nuisance_list(words=given.get("q", "")[:40], status=given.get("status", ""))
            if self.staff
            else self.queryset
        )

    @extend_schema(request=OpenApiTypes.OBJECT, responses={201: NuisanceSerializer}, description="`order`, `kind` and `note`.")
    def create(self, request: Request) -> Response:
        """POST /api/nuisance/"""
        staff, form = self.staff, forms.NuisanceForm(body_of(request))
        if not form.is_valid():
            return _wrong(form)
        try:
            order = get_order(staff, str(body_of(request).get("order", "")))
        except OrderNotFound:
            raise NotFound("There is no such order that you may see.") from None
        made = record_nuisance(staff=staff, order=order, **form.cleaned_data)
        return Response(self.get_serializer(made).data, status=201)

    @extend_schema(request=OpenApiTypes.OBJECT, responses=NuisanceSerializer, description="`confirmed` (yes, no) and `reason`.")
    @action(detail=True, methods=["post"])
    def review(self, request: Request, pk: str) -> Response:
        """POST /api/nuisance/<id>/review/"""
        form = forms.NuisanceReviewForm(body_of(request))
        if not form.is_valid():
            return _wrong(form)
        return Response(self.get_serializer(review_nuisance(staff=self.staff, case=self.get_object(), **form.cleaned_data)).data)

    @extend_schema(request=OpenApiTypes.OBJECT, responses=NuisanceSerializer, description="`station` and `receipt`.")
    @action(detail=True, methods=["post"])
    def police(self, request: Request, pk: str) -> Response:
        """POST /api/nuisance/<id>/police/"""
        form = forms.PoliceForm(body_of(request))
        if not form.is_valid():
            return _wrong(form)
        return Response(self.get_serializer(hand_to_police(staff=self.staff, case=self.get_object(), **form.cleaned_data)).data)


def _wrong(form: django_forms.Form) -> Response:
    return Response({"code": "invalid", "detail": "Please change these fields.", "fields": form.errors}, status=400)
