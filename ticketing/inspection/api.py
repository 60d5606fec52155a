"""Inspection rounds for programs: the same lists, verbs and refusals as the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError, PermissionDenied
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ticketing.inspection import actions, forms, selectors
from ticketing.inspection.models import READERS, Finding, InspectionRound, RoundPlace
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import Staff


class ReadsRounds(BasePermission):
    """Signed in, with a role that reads inspection rounds."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Staff) and request.user.has_role(*READERS)


class RoundOut(serializers.ModelSerializer):
    inspectors: serializers.Field = serializers.SlugRelatedField(slug_field="username", many=True, read_only=True)
    phase = serializers.SerializerMethodField()

    class Meta:
        model = InspectionRound
        fields = (
            "id", "title", "topic", "kind", "starts_on", "ends_on", "inspectors", "planned_by", "phase", "summary", "ended_at",
        )  # fmt: skip

    def get_phase(self, shown: InspectionRound) -> str:
        """planned, running, late or ended."""
        return str(shown.phase(timezone.localdate()))


class PlaceOut(serializers.ModelSerializer):
    unit = serializers.CharField(source="unit.code", default=None)
    place = serializers.CharField(source="place.code", default=None)

    class Meta:
        model = RoundPlace
        fields = ("id", "name", "address", "place", "unit", "visited_at", "visited_by", "note")


class FindingOut(serializers.ModelSerializer):
    round = serializers.IntegerField(source="place.round_id")
    place = serializers.CharField(source="place.name")
    order = serializers.CharField(source="order.number", default=None)
    outcome = serializers.SerializerMethodField()
    put_right_by = serializers.SerializerMethodField()
    put_right_at = serializers.SerializerMethodField()

    class Meta:
        model = Finding
        fields = (
            "id", "round", "place", "text", "found_by", "found_at", "order", "outcome", "put_right_by", "put_right_at",
        )  # fmt: skip

    def get_outcome(self, shown: Finding) -> str:
        """open, ordered, right or not_right."""
        return selectors.outcome_of(shown).kind

    def get_put_right_by(self, shown: Finding) -> str | None:
        """Name of the unit that put it right."""
        outcome = selectors.outcome_of(shown)
        return outcome.unit if outcome.kind == "right" else None

    def get_put_right_at(self, shown: Finding) -> Any:
        """When it was put right."""
        return selectors.outcome_of(shown).at


def _actor(request: Request) -> Actor:
    assert isinstance(request.user, Staff)
    actor = selectors.actor_of(request.user, channel="api", request_id=str(getattr(request, "request_id", ""))[:40])
    if actor is None:
        raise PermissionDenied
    return actor


def body_of(request: Request) -> dict[str, Any]:
    """The fields that were sent. Raises ParseError where something else than an object came."""
    if not isinstance(request.data, Mapping):
        raise ParseError("Send an object with the fields.")
    return cast(dict[str, Any], request.data)


def run(form: Any, verb: Callable[..., Any], out: Callable[[Any], Any]) -> Response:
    """Check the fields as the page does, then call the verb; its refusals become 400, 403 and 409."""
    if not form.is_valid():
        return Response({"code": "invalid", "detail": "Please change these fields.", "fields": form.errors}, status=400)
    return Response(out(verb(**form.cleaned_data)), status=201)


def _found(model: Any, pk: int) -> Any:
    found = model.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


class RoundsView(APIView):
    permission_classes = [ReadsRounds]

    @extend_schema(
        operation_id="inspection_rounds",
        parameters=[
            OpenApiParameter("q", str),
            OpenApiParameter("phase", str, enum=InspectionRound.Phase.values),
            OpenApiParameter("limit", int),
            OpenApiParameter("offset", int),
        ],
        responses=RoundOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Rounds by words and phase, newest first."""
        given, today = request.query_params, timezone.localdate()
        found = selectors.find_rounds(words=given.get("q", "")[:60], phase=given.get("phase", ""), today=today)
        pages = LimitOffsetPagination()
        page = pages.paginate_queryset(found.prefetch_related("inspectors"), request, view=self)
        return pages.get_paginated_response(RoundOut(page, many=True).data)

    @extend_schema(operation_id="inspection_plan", request=dict, responses={201: RoundOut})
    def post(self, request: Request) -> Response:
        """Plan a round: title, kind, topic, starts_on, ends_on, inspectors (user names)."""
        actor, data = _actor(request), dict(body_of(request))
        names = data.get("inspectors") or []
        data["inspectors"] = list(Staff.objects.filter(username__in=names).values_list("pk", flat=True))
        return run(forms.RoundForm(data), lambda **v: actions.plan_round(actor=actor, **v), lambda made: RoundOut(made).data)


class RoundView(APIView):
    permission_classes = [ReadsRounds]

    @extend_schema(operation_id="inspection_round", responses=RoundOut)
    def get(self, request: Request, pk: int) -> Response:
        """One round with its places."""
        shown = _found(InspectionRound, pk)
        places = PlaceOut(shown.places.select_related("unit", "place"), many=True).data
        return Response({**RoundOut(shown).data, "places": places})

    @extend_schema(operation_id="inspection_end", request=dict, responses={201: RoundOut})
    def post(self, request: Request, pk: int) -> Response:
        """End the round; `summary` says what it came to."""
        actor, shown = _actor(request), _found(InspectionRound, pk)
        form = forms.EndForm(body_of(request))
        return run(form, lambda **v: actions.end_round(round=shown, actor=actor, **v), lambda made: RoundOut(made).data)


class PlacesView(APIView):
    permission_classes = [ReadsRounds]

    @extend_schema(operation_id="inspection_add_place", request=dict, responses={201: PlaceOut})
    def post(self, request: Request, pk: int) -> Response:
        """Add a place: name, address, place and unit (codes or names)."""
        actor, shown = _actor(request), _found(InspectionRound, pk)
        form = forms.PlaceForm(body_of(request))
        return run(form, lambda **v: actions.add_place(round=shown, actor=actor, **v), lambda made: PlaceOut(made).data)


class FindingsView(APIView):
    permission_classes = [ReadsRounds]

    @extend_schema(
        operation_id="inspection_findings",
        parameters=[
            OpenApiParameter("q", str),
            OpenApiParameter("outcome", str, enum=list(selectors.OUTCOMES)),
            OpenApiParameter("round", int),
            OpenApiParameter("limit", int),
            OpenApiParameter("offset", int),
        ],
        responses=FindingOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Findings by words, outcome and round, newest first."""
        given = request.query_params
        number = given.get("round", "")
        found = selectors.find_findings(
            words=given.get("q", "")[:60],
            outcome=given.get("outcome", ""),
            round=int(number) if number.isdecimal() and len(number) < 9 else None,
        )
        pages = LimitOffsetPagination()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(FindingOut(page, many=True).data)


class NewFindingView(APIView):
    permission_classes = [ReadsRounds]
    parser_classes = [JSONParser, FormParser, MultiPartParser]

    @extend_schema(operation_id="inspection_record_finding", request=dict, responses={201: FindingOut})
    def post(self, request: Request, pk: int) -> Response:
        """Record a finding at a place: text, photos (files), duty_item (code or name)."""
        actor, place = _actor(request), _found(RoundPlace, pk)
        form = forms.FindingForm(body_of(request), request.FILES)
        return run(form, lambda **v: actions.record_finding(place=place, actor=actor, **v), lambda made: FindingOut(made).data)


class FindingOrderView(APIView):
    permission_classes = [ReadsRounds]

    @extend_schema(operation_id="inspection_open_order", request=dict, responses={201: FindingOut})
    def post(self, request: Request, pk: int) -> Response:
        """Open the order of a finding: order_type (code), duty_item (code or name)."""
        actor, finding = _actor(request), _found(Finding, pk)
        form = forms.OrderForm(body_of(request))
        form.fields["order_type"].to_field_name = "code"  # type: ignore[attr-defined]

        def verb(**values: Any) -> Finding:
            actions.open_order(finding=finding, actor=actor, **values)
            return selectors.findings().get(pk=pk)

        return run(form, verb, lambda made: FindingOut(made).data)
