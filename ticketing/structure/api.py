"""Units for programs: search, branches, and the verbs of a unit's page with the same fields."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ticketing.organisation.errors import StructureError, StructureForbidden
from ticketing.organisation.models import Staff, Unit
from ticketing.organisation.selectors import chain_of, find_units
from ticketing.structure.doings import DOINGS, actor_for, perform, possible
from ticketing.structure.selectors import unit_by_code, unit_out
from ticketing.structure.views import READERS


class ReadsUnits(BasePermission):
    """Signed in, with a role at the desks or in a unit."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Staff) and request.user.has_role(*READERS)


def _unit(code: str) -> Unit:
    unit = unit_by_code(code)
    if unit is None:
        raise NotFound
    return unit


class UnitsView(APIView):
    permission_classes = [ReadsUnits]

    @extend_schema(
        operation_id="units",
        parameters=[
            OpenApiParameter("q", str),
            OpenApiParameter("parent", str),
            OpenApiParameter("limit", int),
            OpenApiParameter("offset", int),
        ],
        responses={200: dict},
    )
    def get(self, request: Request) -> Response:
        """Units by words, or right below `parent`."""
        found = find_units(request.query_params.get("q", "").strip()[:60])
        parent = request.query_params.get("parent", "")
        if parent:
            found = found.filter(parent=_unit(parent))
        pages = LimitOffsetPagination()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response([unit_out(unit) for unit in page or []])


class UnitView(APIView):
    permission_classes = [ReadsUnits]

    @extend_schema(operation_id="unit", responses={200: dict})
    def get(self, request: Request, code: str) -> Response:
        """One unit, the units above it, and what the caller may do with it."""
        unit = _unit(code)
        assert isinstance(request.user, Staff)
        above = [other.code for other in chain_of(unit)]
        return Response({**unit_out(unit), "above": above, "possible": [doing.key for doing in possible(request.user, unit)]})


class DoingView(APIView):
    permission_classes = [ReadsUnits]

    @extend_schema(operation_id="unit_do", request=dict, responses={200: dict})
    def post(self, request: Request, code: str, key: str) -> Response:
        """Do one of: person, post, absence, acting, shift, hours, move, merge. People are named by their user names."""
        unit, doing, staff = _unit(code), DOINGS.get(key), request.user
        assert isinstance(staff, Staff)
        if doing is None:
            raise NotFound
        if doing not in possible(staff, unit):
            raise PermissionDenied
        data: dict[str, Any] = request.data if isinstance(request.data, dict) else {}
        form = doing.form(data, unit=unit)
        if not form.is_valid():
            raise ValidationError({name: [str(text) for text in texts] for name, texts in form.errors.items()})
        try:
            done = perform(doing, unit=unit, actor=actor_for(staff, unit, channel="api"), values=form.cleaned_data)
        except StructureForbidden as error:
            raise PermissionDenied(str(error)) from error
        except StructureError as error:
            raise ValidationError({error.field or "detail": str(error)}) from error
        return Response({"done": key, "result": done if isinstance(done, dict) else None, "unit": unit_out(_unit(code))})
