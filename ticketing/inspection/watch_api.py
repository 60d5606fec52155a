"""The watch for programs: alerts, rules and cards, with the same rights as the pages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ticketing.inspection import actions, watch_forms
from ticketing.inspection import watch_selectors as selectors
from ticketing.inspection.api import body_of, run
from ticketing.inspection.watch_models import CARD_READERS, WATCHERS, Alert, AlertRule, WatchCard
from ticketing.orders.models import Contestable
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import Staff


class Watches(BasePermission):
    """Signed in as an inspector of the watch."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Staff) and request.user.has_role(*WATCHERS)


class ReadsCards(BasePermission):
    """Signed in, with a role that sees cards of the watch."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Staff) and request.user.has_role(*CARD_READERS)


class AlertOut(serializers.ModelSerializer):
    rule = serializers.CharField(source="rule.name")
    kind = serializers.CharField(source="rule.kind")
    order = serializers.CharField(source="order.number", default=None)
    unit = serializers.CharField(source="unit.code", default=None)

    class Meta:
        model = Alert
        fields = ("id", "rule", "kind", "order", "unit", "figure", "raised_at", "acknowledged_at", "acknowledged_by", "note")


class RuleOut(serializers.ModelSerializer):
    class Meta:
        model = AlertRule
        fields = ("id", "name", "kind", "threshold", "days", "minimum", "is_active", "changed_by", "changed_at")


class WatchCardOut(serializers.ModelSerializer):
    order = serializers.CharField(source="order.number", default=None)
    unit = serializers.CharField(source="unit.code")

    class Meta:
        model = WatchCard
        fields = (
            "id", "colour", "status", "unit", "order", "reason", "issued_by", "issued_at", "appeal", "appealed_by",
            "ruling", "decided_by", "decided_at",
        )  # fmt: skip


def _staff(request: Request) -> Staff:
    assert isinstance(request.user, Staff)
    return request.user


def _watcher(request: Request) -> Actor:
    request_id = str(getattr(request, "request_id", ""))[:40]
    actor = selectors.watcher_of(_staff(request), channel="api", request_id=request_id)
    if actor is None:
        raise PermissionDenied("Only an inspector of the watch may do this.")
    return actor


def _paged(view: APIView, request: Request, found: Any, out: Any) -> Response:
    pages = LimitOffsetPagination()
    return pages.get_paginated_response(out(pages.paginate_queryset(found, request, view=view), many=True).data)


class AlertsView(APIView):
    permission_classes = [Watches]

    @extend_schema(
        operation_id="watch_alerts",
        parameters=[OpenApiParameter("q", str), OpenApiParameter("state", str, enum=["open", "done"])],
        responses=AlertOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Alerts by words and state, newest first."""
        given = request.query_params
        return _paged(self, request, selectors.find_alerts(words=given.get("q", "")[:60], state=given.get("state", "")), AlertOut)


class AcknowledgeView(APIView):
    permission_classes = [Watches]

    @extend_schema(operation_id="watch_acknowledge", request=dict, responses={201: AlertOut})
    def post(self, request: Request, pk: int) -> Response:
        """Acknowledge an alert; `note` says what was made of it."""
        alert, actor = Alert.objects.filter(pk=pk).first(), _watcher(request)
        if alert is None:
            raise NotFound
        form = watch_forms.NoteForm(body_of(request))
        return run(form, lambda **v: actions.acknowledge(alert=alert, actor=actor, **v), lambda made: AlertOut(made).data)


class RulesView(APIView):
    permission_classes = [Watches]

    @extend_schema(operation_id="watch_rules", responses=RuleOut(many=True))
    def get(self, request: Request) -> Response:
        """All rules."""
        return _paged(self, request, selectors.rules(), RuleOut)

    @extend_schema(operation_id="watch_save_rule", request=dict, responses={201: RuleOut})
    def post(self, request: Request) -> Response:
        """Make a rule, or change the one of that name: name, kind, threshold, days, minimum, is_active."""
        actor, data = _watcher(request), {"days": 30, "minimum": 10, "is_active": True, **body_of(request)}
        kept = AlertRule.objects.filter(name=str(data.get("name", "")).strip()).first()
        form = watch_forms.RuleForm(data)
        return run(form, lambda **v: actions.save_rule(actor=actor, rule=kept, **v), lambda made: RuleOut(made).data)


class CardsView(APIView):
    permission_classes = [ReadsCards]

    @extend_schema(
        operation_id="watch_cards",
        parameters=[OpenApiParameter("q", str), OpenApiParameter("status", str, enum=Contestable.Status.values)],
        responses=WatchCardOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Cards that this person may see, newest first."""
        given = request.query_params
        found = selectors.find_cards(_staff(request), words=given.get("q", "")[:60], status=given.get("status", ""))
        return _paged(self, request, found, WatchCardOut)

    @extend_schema(operation_id="watch_issue_card", request=dict, responses={201: WatchCardOut})
    def post(self, request: Request) -> Response:
        """Issue a card: colour, reason, order (number) or unit (code or name)."""
        actor = _watcher(request)
        form = watch_forms.CardForm(body_of(request), staff=_staff(request))
        return run(form, lambda **v: actions.issue_watch_card(actor=actor, **v), lambda made: WatchCardOut(made).data)


class CardStepView(APIView):
    permission_classes = [ReadsCards]

    @extend_schema(operation_id="watch_card_step", request=dict, responses={201: WatchCardOut})
    def post(self, request: Request, pk: int, verb: str) -> Response:
        """appeal (text, by the unit) or decide (upheld: yes or no, text, by the watch)."""
        staff = _staff(request)
        card = selectors.visible_cards(staff).filter(pk=pk).first()
        if card is None:
            raise NotFound
        if verb == "decide":
            watcher, decision = _watcher(request), watch_forms.DecisionForm(body_of(request))
            return run(
                decision,
                lambda **v: actions.decide_watch_card(card=card, actor=watcher, **v),
                lambda made: WatchCardOut(made).data,
            )
        unit = selectors.appellant_of(staff, card, channel="api")
        if unit is None:
            raise PermissionDenied("Only the unit itself may appeal.")
        form = watch_forms.AppealForm(body_of(request))
        return run(form, lambda **v: actions.appeal_watch_card(card=card, actor=unit, **v), lambda made: WatchCardOut(made).data)
