"""Surveys for programs: which were sent and how they were answered; sending one."""

from __future__ import annotations

from django.utils.dateparse import parse_date
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ticketing.notices import surveys
from ticketing.notices.daily import READERS
from ticketing.notices.models import DailyNotice, Survey
from ticketing.orders.errors import OrderNotFound
from ticketing.orders.selectors import get_order, visible_orders
from ticketing.organisation.actor import staff_actor
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role

SENDERS = (Role.CALLBACK, Role.SHIFT_LEADER)


class SendsSurveys(BasePermission):
    """Signed in, with a role that calls back."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Staff) and request.user.has_role(*SENDERS)


class SurveyIn(serializers.Serializer):
    number = serializers.RegexField(r"^[0-9]{12}$")


class SurveyOut(serializers.ModelSerializer):
    number = serializers.CharField(source="order.number")

    class Meta:
        model = Survey
        fields = ("id", "number", "asked_by", "last_try", "sent_at", "open_until", "score", "answered_at", "ended_at")


class SurveysView(APIView):
    permission_classes = [SendsSurveys]

    @extend_schema(operation_id="surveys", parameters=[OpenApiParameter("number", str)], responses=SurveyOut(many=True))
    def get(self, request: Request) -> Response:
        """Surveys of visible orders, newest first; `number` for one order."""
        assert isinstance(request.user, Staff)
        found = Survey.objects.filter(order__in=visible_orders(request.user).values("pk").order_by()).select_related("order")
        if number := request.query_params.get("number"):
            found = found.filter(order__number=number)
        pages = LimitOffsetPagination()
        page = pages.paginate_queryset(found.order_by("-sent_at", "-pk"), request, view=self)
        return pages.get_paginated_response(SurveyOut(page, many=True).data)

    @extend_schema(operation_id="survey_send", request=SurveyIn, responses={201: SurveyOut})
    def post(self, request: Request) -> Response:
        """Send the survey of an order that waits for its call-back."""
        staff = request.user
        assert isinstance(staff, Staff)
        given = SurveyIn(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            order = get_order(staff, given.validated_data["number"])
        except OrderNotFound:
            raise NotFound from None
        role = next(role for role in SENDERS if staff.has_role(role))
        made = surveys.ask_survey(order=order, actor=staff_actor(staff, role=role, channel="api"))
        return Response(SurveyOut(made).data, status=201)


class ReadsDaily(BasePermission):
    """Signed in, with a role that reads the daily notice."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Staff) and request.user.has_role(*READERS)


class DailyOut(serializers.ModelSerializer):
    totals = serializers.DictField(child=serializers.IntegerField(), read_only=True)

    class Meta:
        model = DailyNotice
        fields = ("day", "made_at", "made_by", "totals", "rows")


class DailyView(APIView):
    permission_classes = [ReadsDaily]

    @extend_schema(operation_id="daily_notice", responses=DailyOut)
    def get(self, request: Request, day: str) -> Response:
        """The notice of a day (YYYY-MM-DD): figures by unit."""
        try:
            found = DailyNotice.objects.filter(day__in=[parse_date(day)]).first()
        except ValueError:
            found = None
        if found is None:
            raise NotFound
        return Response(DailyOut(found).data)
