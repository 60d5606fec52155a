"""Plans for programs: read them, write them down, switch them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ticketing.clocks import actions, plans
from ticketing.clocks.actions.plans import SWITCHERS, WRITERS
from ticketing.clocks.errors import PlanConflict, PlanError, PlanForbidden
from ticketing.clocks.models import Plan
from ticketing.clocks.views import READERS, actor_in
from ticketing.organisation.models import Staff


class ReadsPlans(BasePermission):
    """Signed in, with a role at the desks."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Staff) and request.user.has_role(*READERS)


class SwitchIn(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


def plan_out(plan: Plan) -> dict[str, Any]:
    """A plan as the API tells it: its definition, and since when it is on."""
    on = next(iter(plan.open_switch), None)  # type: ignore[attr-defined]
    return {**plans.definition_of(plan), "on": on is not None, "on_since": on.on_at if on else None}


def _plan(code: str) -> Plan:
    found = plans.get_plan(code)
    if found is None:
        raise NotFound
    return found


def refused(error: PlanError) -> Response:
    """A refusal of the verbs as an answer. Raises PermissionDenied or ValidationError, which become one."""
    if isinstance(error, PlanForbidden):
        raise PermissionDenied(str(error)) from error
    if isinstance(error, PlanConflict):
        return Response({"detail": str(error)}, status=409)
    raise ValidationError({error.field or "detail": str(error)}) from error


class PlansView(APIView):
    permission_classes = [ReadsPlans]

    @extend_schema(operation_id="plans", responses={200: dict})
    def get(self, request: Request) -> Response:
        """All plans by precedence."""
        pages = LimitOffsetPagination()
        page = pages.paginate_queryset(plans.all_plans(), request, view=self)
        return pages.get_paginated_response([plan_out(plan) for plan in page or []])


class PlanView(APIView):
    permission_classes = [ReadsPlans]

    @extend_schema(operation_id="plan", responses={200: dict})
    def get(self, request: Request, code: str) -> Response:
        """One plan with its history of switches."""
        plan = _plan(code)
        return Response({**plan_out(plan), "history": [plans.switch_as_json(row) for row in plan.switches.all()[:100]]})

    @extend_schema(operation_id="plan_save", request=dict, responses={200: dict})
    def put(self, request: Request, code: str) -> Response:
        """Write a plan down, or change one that is off; what is left out stays as it was."""
        assert isinstance(request.user, Staff)
        if not isinstance(request.data, dict):
            raise ValidationError({"detail": "an object is expected"})
        try:
            actions.save_plan(
                code=code, values=request.data, actor=actor_in(request.user, WRITERS, request=request._request, channel="api")
            )
        except PlanError as error:
            return refused(error)
        except (TypeError, ValueError) as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response(plan_out(_plan(code)))


class SwitchView(APIView):
    permission_classes = [ReadsPlans]

    @extend_schema(operation_id="plan_switch", request=SwitchIn, responses={200: dict})
    def post(self, request: Request, code: str, way: str) -> Response:
        """Switch a plan on or off; `reason` stays in its history."""
        assert isinstance(request.user, Staff)
        plan, given = _plan(code), SwitchIn(data=request.data)
        given.is_valid(raise_exception=True)
        verb = actions.switch_on if way == "on" else actions.switch_off
        actor = actor_in(request.user, SWITCHERS, request=request._request, channel="api")
        try:
            done = verb(plan=plan, actor=actor, reason=given.validated_data["reason"])
        except PlanError as error:
            return refused(error)
        return Response(plans.switch_as_json(done))
