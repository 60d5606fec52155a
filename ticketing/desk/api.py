"""Orders for programs: the same lists, the same verbs, the same refusals as the pages.

409 names the allowed actions, 403 says that no role fits, 400 says which field to change, 404 hides what may not be seen.
Personal data is masked here as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ParseError, PermissionDenied
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ticketing.clocks.selectors import as_json, panels_of
from ticketing.desk import doings, many, selectors
from ticketing.desk.doings import DOINGS
from ticketing.desk.intake import INTAKE, IntakeSerializer, take_in
from ticketing.dispatch.selectors import latest_decision
from ticketing.orders import sealed
from ticketing.orders import selectors as orders
from ticketing.orders.errors import IllegalTransition, OrderNotFound
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import State
from ticketing.organisation.actor import staff_actor
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role


class OrderSerializer(serializers.ModelSerializer[WorkOrder]):
    """One order in a list."""

    state_label = serializers.CharField(source="get_state_display", read_only=True)
    order_type = serializers.CharField(source="order_type.code", read_only=True)
    duty_item = serializers.CharField(source="duty_item.code", read_only=True, default=None)
    unit = serializers.CharField(source="unit.code", read_only=True, default=None)
    unit_name = serializers.CharField(source="unit.name", read_only=True, default=None)
    region = serializers.CharField(source="region.code", read_only=True, default=None)

    class Meta:
        model = WorkOrder
        fields = [
            "number", "title", "state", "state_label", "version", "order_type", "duty_item", "urgency", "secrecy",
            "unit", "unit_name",
            "region", "place_text", "channel", "created_at", "dispatched_at", "signed_at", "replied_at",
            "closed_at", "due_at", "warn_at",
            "return_count", "redo_count", "urge_count", "supervised",
        ]  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: WorkOrder) -> dict[str, Any]:
        """The fields above, read straight from the row: a list and every new order come through here.

        Building a model serializer's fields takes longer than all else that the answer to a new order needs.
        """
        order = instance
        row: dict[str, Any] = {
            "number": order.number,
            "title": order.title,
            "state": order.state,
            "state_label": str(order.get_state_display()),
            "version": order.version,
            "order_type": order.order_type.code,
            "duty_item": order.duty_item.code if order.duty_item else None,
            "urgency": order.urgency,
            "secrecy": order.secrecy,
            "unit": order.unit.code if order.unit else None,
            "unit_name": order.unit.name if order.unit else None,
            "region": order.region.code if order.region else None,
            "place_text": order.place_text,
            "channel": order.channel,
        }
        for name in ("created_at", "dispatched_at", "signed_at", "replied_at", "closed_at", "due_at", "warn_at"):
            at = getattr(order, name)
            row[name] = timezone.localtime(at).isoformat() if at else None
        for name in ("return_count", "redo_count", "urge_count", "supervised"):
            row[name] = getattr(order, name)
        return row


class EventSerializer(serializers.Serializer[Any]):
    """One event of the history, in the reader's language."""

    title = serializers.CharField()
    who = serializers.CharField()
    at = serializers.DateTimeField()
    text = serializers.CharField()


class OrderDetailSerializer(OrderSerializer):
    """One order with its text, masked contact, history, clocks, the last dispatch decision and what can be done now."""

    contact = serializers.SerializerMethodField()
    allowed = serializers.SerializerMethodField()
    events = serializers.SerializerMethodField()
    clocks = serializers.SerializerMethodField()
    candidates = serializers.SerializerMethodField()

    class Meta(OrderSerializer.Meta):
        fields = [*OrderSerializer.Meta.fields, "content", "wish", "incident_time", "answers", "latitude", "longitude",
                  "contact", "allowed", "events", "clocks", "candidates"]  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: WorkOrder) -> dict[str, Any]:
        """The row of the list, and what only a whole order shows."""
        row = super().to_representation(instance)
        row |= {
            name: getattr(instance, name) for name in ("content", "wish", "incident_time", "answers", "latitude", "longitude")
        }
        row |= {name: getattr(self, f"get_{name}")(instance) for name in ("contact", "allowed", "events", "clocks", "candidates")}
        return row

    @property
    def staff(self) -> Staff:
        """The person who asks."""
        staff: Staff = self.context["request"].user
        return staff

    def get_contact(self, order: WorkOrder) -> dict[str, str]:
        """Name and telephone, masked."""
        return orders.contact_of(order, self.staff)

    def get_allowed(self, order: WorkOrder) -> list[str]:
        """Names of the actions that this person may take now."""
        return [doing.key for doing in doings.possible(self.staff, order)]

    @extend_schema_field(EventSerializer(many=True))
    def get_events(self, order: WorkOrder) -> list[dict[str, Any]]:
        """The history, oldest first."""
        return [dict(row) for row in EventSerializer(selectors.happenings(order, self.staff), many=True).data]

    def get_clocks(self, order: WorkOrder) -> list[dict[str, Any]]:
        """Each clock with its working."""
        return [as_json(panel) for panel in panels_of(order.ref)]

    def get_candidates(self, order: WorkOrder) -> list[dict[str, Any]]:
        """The candidates of the last dispatch decision with their reasons, best first; not for an assisting unit."""
        if not orders.sees_whole(self.staff, order):
            return []
        decision = latest_decision(order)
        return list(decision.candidates) if decision else []


class OrderFilter(django_filters.FilterSet):
    """Filters of the list: `state` (several), `unit`, `urgency`, `supervised`, due before, created after, `q` for words."""

    state = django_filters.MultipleChoiceFilter(choices=State.choices, distinct=False)
    unit = django_filters.CharFilter(field_name="unit__code")
    due_before = django_filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lte")
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    q = django_filters.CharFilter(method="by_words")

    class Meta:
        model = WorkOrder
        fields = ["state", "unit", "urgency", "supervised"]

    def by_words(self, queryset: QuerySet[WorkOrder], name: str, value: str) -> QuerySet[WorkOrder]:
        """By number or words, as the search field of the desks."""
        return queryset.filter(pk__in=selectors.find_orders(self.request.user, words=value).values("pk").order_by())


@extend_schema(tags=["orders"])
class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[WorkOrder]):
    """Work orders that the signed-in person may see, and the verbs on them."""

    queryset = WorkOrder.objects.none()
    lookup_field = "number"
    lookup_value_regex = "[0-9]{12}"
    filterset_class = OrderFilter
    parser_classes = [JSONParser, FormParser, MultiPartParser]

    def get_queryset(self) -> QuerySet[WorkOrder]:
        """Only what this person may see."""
        if not isinstance(self.request.user, Staff):
            return WorkOrder.objects.none()
        found = orders.visible_orders(self.request.user).defer("query_code")
        return found.order_by("-created_at")

    def get_object(self) -> WorkOrder:
        """One order that this person may see, a draft of one's own among them; else 404."""
        staff = self.request.user
        try:
            if not isinstance(staff, Staff):
                raise OrderNotFound
            return orders.get_order(staff, self.kwargs["number"])
        except OrderNotFound:
            raise NotFound from None

    def get_serializer_class(self) -> type[OrderSerializer]:
        return OrderDetailSerializer if self.action in ("retrieve", "do") else OrderSerializer

    @extend_schema(
        request=IntakeSerializer,
        responses={201: OrderSerializer, 400: OpenApiResponse(description="what to change, by field")},
        description="Take in an order (seats, shift leaders). The answer holds the query code; a repeated key gives the first order.",
    )
    def create(self, request: Request) -> Response:
        """POST /api/orders/"""
        staff: Staff = request.user  # type: ignore[assignment]
        if not staff.has_role(Role.SEAT, Role.SHIFT_LEADER):
            raise PermissionDenied("Only a seat agent or a shift leader takes in orders.")
        role = Role.SEAT if staff.has_role(Role.SEAT) else Role.SHIFT_LEADER
        values = INTAKE.run_validation(request.data)
        request_id = str(getattr(request, "request_id", ""))[:40]
        made = take_in(values=values, actor=staff_actor(staff, role=role, request_id=request_id, channel="api"))
        return Response(
            {**OrderSerializer().to_representation(made.order), "query_code": made.query_code},
            status=200 if made.repeated else 201,
        )

    @extend_schema(
        operation_id="orders_sealed",
        responses={200: OrderSerializer(many=True), 403: OpenApiResponse(description="you are not named for sealed reports")},
        description="Sealed reports, for those who are named for them one by one; `state` (several) filters.",
    )
    @action(detail=False, methods=["get"], url_path="sealed", url_name="sealed", filterset_class=None)
    def sealed(self, request: Request) -> Response:
        """GET /api/orders/sealed/"""
        staff: Staff = request.user  # type: ignore[assignment]
        if not sealed.handles_sealed(staff):
            raise PermissionDenied("You are not named for sealed reports.")
        found = sealed.sealed_orders(staff).defer("query_code").order_by("-created_at")
        if states := [state for state in request.query_params.getlist("state") if state in State.values]:
            found = found.filter(state__in=states)
        page = self.paginate_queryset(found)
        rows = [OrderSerializer().to_representation(order) for order in (page if page is not None else found)]
        return self.get_paginated_response(rows) if page is not None else Response(rows)

    @extend_schema(
        operation_id="orders_many",
        request=OpenApiTypes.OBJECT,
        responses={200: OpenApiTypes.OBJECT, 400: OpenApiResponse(description="the action or the numbers are missing")},
        description="One action on many orders: `action`, `numbers` and the fields of the action's form; each order reports its own result.",
    )
    @action(detail=False, methods=["post"], url_path="many", url_name="many")
    def many(self, request: Request) -> Response:
        """POST /api/orders/many/"""
        staff: Staff = request.user  # type: ignore[assignment]
        body = body_of(request)
        doing = next((d for d in many.choices_for(staff) if d.key == body.get("action")), None)
        numbers = body.get("numbers")
        if doing is None or not isinstance(numbers, list) or not numbers:
            known = ", ".join(d.key for d in many.choices_for(staff))
            detail = f"Give `numbers` (a list) and an `action` that you may take on many orders: {known or 'none'}."
            return Response({"code": "invalid", "detail": detail}, status=400)
        data = {name: value for name, value in body.items() if name not in ("action", "numbers")}
        request_id = str(getattr(request, "request_id", ""))[:40]
        outcomes = many.do_many(doing=doing, numbers=numbers, staff=staff, data=data, request_id=request_id, channel="api")
        return Response({"done": sum(o.done for o in outcomes), "results": [asdict(o) for o in outcomes]})

    @extend_schema(
        operation_id="orders_do",
        parameters=[OpenApiParameter("act", OpenApiTypes.STR, OpenApiParameter.PATH, enum=sorted(DOINGS))],
        request=OpenApiTypes.OBJECT,
        responses={
            200: OrderDetailSerializer,
            400: OpenApiResponse(description="`fields` says what to change"),
            403: OpenApiResponse(description="none of your roles may do this"),
            409: OpenApiResponse(description="the state does not allow it (`allowed`) or the order changed (`version`)"),
        },
        description="Take an action. The body holds the fields of its form; `version` (optional) refuses what grew stale.",
    )
    @action(detail=True, methods=["post"], url_path="(?P<act>[a-z_]+)", url_name="do")
    def do(self, request: Request, number: str, act: str) -> Response:
        """POST /api/orders/<number>/<action>/"""
        order = self.get_object()
        doing = DOINGS.get(act)
        if doing is None:
            raise NotFound(f"There is no action {act!r}. Known: {', '.join(sorted(DOINGS))}.")
        staff: Staff = request.user  # type: ignore[assignment]
        if doing not in doings.possible(staff, order):
            # Ask the verb's own judge first, so that 403 and 409 are told apart as everywhere.
            orders.actor_for(staff, order, doing.action)
            raise IllegalTransition(doing.action, order.state, tuple(d.action for d in doings.possible(staff, order)))
        form = doing.form(body_of(request), request.FILES, order=order, staff=staff)
        if not form.is_valid():
            return Response({"code": "invalid", "detail": "Please change these fields.", "fields": form.errors}, status=400)
        done = doings.do(
            doing=doing, order=order, staff=staff, values=form.values(),
            request_id=str(getattr(request, "request_id", ""))[:40], channel="api",
        )  # fmt: skip
        try:
            return Response(self.get_serializer(orders.get_order(staff, done.number)).data)
        except OrderNotFound:  # an order that left the person's sight, such as one that was given back
            return Response({"number": done.number, "state": done.state, "version": done.version})


def body_of(request: Request) -> dict[str, Any]:
    """The fields that were sent. Raises ParseError where something else than an object came."""
    if not isinstance(request.data, Mapping):
        raise ParseError("Send an object with the fields of the action.")
    return cast(dict[str, Any], request.data)
