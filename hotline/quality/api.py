"""Quality inspection for programs: samples, scores, draws, results by seat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hotline.quality import actions, forms, selectors
from hotline.quality.models import READERS, Draw, Sample, SamplingPlan
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role


class ReadsQuality(BasePermission):
    """Signed in, with a role that reads quality inspection, or a seat (its own talks)."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Staff) and request.user.has_role(*READERS, Role.SEAT)


class ReadsResults(BasePermission):
    """Signed in, with a role that reads the results of all seats."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Staff) and request.user.has_role(*READERS)


class SampleOut(serializers.ModelSerializer):
    seat = serializers.CharField(source="seat.username")
    plan = serializers.CharField(source="draw.plan.name")
    channel = serializers.CharField(source="conversation.channel")

    class Meta:
        model = Sample
        fields = (
            "id", "plan", "conversation", "channel", "seat", "state", "score", "passed", "fatal", "comment", "scored_at",
            "first_score", "appeal", "review", "reviewed_at",
        )  # fmt: skip


class DrawOut(serializers.ModelSerializer):
    samples = serializers.SerializerMethodField()

    class Meta:
        model = Draw
        fields = ("id", "from_day", "until_day", "seed", "amount", "measure", "pool_size", "pool_sha256", "drawn_by", "samples")

    def get_samples(self, draw: Draw) -> list[int]:
        """Keys of the drawn samples."""
        return list(draw.samples.order_by("pk").values_list("pk", flat=True))


def _staff(request: Request) -> Staff:
    assert isinstance(request.user, Staff)
    return request.user


def _body(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, Mapping):
        raise ParseError("Send an object with the fields.")
    return dict(request.data.items())


def _wrong(form: Any) -> Response:
    return Response({"code": "invalid", "detail": "Please change these fields.", "fields": form.errors}, status=400)


class SamplesView(APIView):
    permission_classes = [ReadsQuality]

    @extend_schema(
        operation_id="quality_samples",
        parameters=[OpenApiParameter("q", str), OpenApiParameter("state", str, enum=Sample.State.values)],
        responses=SampleOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Samples that this person may see."""
        given, pages = request.query_params, LimitOffsetPagination()
        found = selectors.find_samples(_staff(request), words=given.get("q", "")[:60], state=given.get("state", ""))
        return pages.get_paginated_response(SampleOut(pages.paginate_queryset(found, request, view=self), many=True).data)


class DrawView(APIView):
    permission_classes = [ReadsResults]

    @extend_schema(operation_id="quality_draw", request=dict, responses={201: DrawOut})
    def post(self, request: Request, pk: int) -> Response:
        """Draw a plan for a period that is over: from_day, until_day, seed."""
        plan, form = SamplingPlan.objects.filter(pk=pk).first(), forms.DrawForm(_body(request))
        if plan is None:
            raise NotFound
        if not form.is_valid():
            return _wrong(form)
        made = actions.draw_samples(plan=plan, staff=_staff(request), **form.cleaned_data)
        return Response(DrawOut(made).data, status=201)


class StepView(APIView):
    permission_classes = [ReadsQuality]

    @extend_schema(operation_id="quality_step", request=dict, responses=SampleOut)
    def post(self, request: Request, pk: int, verb: str) -> Response:
        """score (item_<code>, comment), appeal (text) or review (keep: yes or no, text, item_<code>)."""
        staff, body = _staff(request), _body(request)
        sample = selectors.visible_samples(staff).filter(pk=pk).first()
        if sample is None:
            raise NotFound
        if verb == "appeal":
            appeal = forms.AppealForm(body)
            if not appeal.is_valid():
                return _wrong(appeal)
            return Response(SampleOut(actions.appeal_sample(sample=sample, staff=staff, **appeal.cleaned_data)).data)
        items = selectors.items(sample)
        defaults = {f"item_{item.code}": "no" if item.fatal else item.points for item in items}
        form = (forms.ScoreForm if verb == "score" else forms.ReviewForm)(defaults | body, items=items)
        if not form.is_valid():
            return _wrong(form)
        if verb == "score":
            comment = form.cleaned_data["comment"]
            made = actions.score_sample(
                sample=sample, staff=staff, points=form.points(), violated=form.violated(), comment=comment
            )
        else:
            points = None if form.cleaned_data["keep"] else form.points()
            text = form.cleaned_data["text"]
            made = actions.review_sample(sample=sample, staff=staff, text=text, points=points, violated=form.violated())
        return Response(SampleOut(made).data)


class SeatsView(APIView):
    permission_classes = [ReadsResults]

    @extend_schema(operation_id="quality_seats", responses={200: dict})
    def get(self, request: Request) -> Response:
        """Results by seat, lowest average first."""
        return Response(selectors.seat_results())
