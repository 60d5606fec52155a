"""The catalogue for programs: entries of a version, versions, differences, publishing and rolling back."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ticketing.organisation.actor import Actor, staff_actor
from ticketing.organisation.models import Level, Staff
from ticketing.organisation.roles import Role
from ticketing.services import actions
from ticketing.services import catalogue_selectors as selectors
from ticketing.services.catalogue_models import CONTENT, CatalogueEntry, CatalogueVersion, Listing
from ticketing.services.catalogue_views import READERS
from ticketing.services.errors import BadCatalogue, CatalogueError, CatalogueForbidden
from ticketing.services.models import PUBLISHERS


class ReadsCatalogue(BasePermission):
    """Signed in, with a role that reads the catalogue."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Staff) and request.user.has_role(*READERS)


class EntryOut(serializers.ModelSerializer):
    class Meta:
        model = CatalogueEntry
        fields = ("listing", "code", *CONTENT)


class VersionOut(serializers.ModelSerializer):
    replaced: serializers.Field = serializers.SlugRelatedField(slug_field="number", read_only=True)

    class Meta:
        model = CatalogueVersion
        fields = ("number", "state", "note", "entry_count", "created_at", "created_by", "published_at", "replaced")


class StepIn(serializers.Serializer):
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


def _version(number: int) -> CatalogueVersion:
    found = selectors.version(number)
    if found is None:
        raise NotFound
    return found


def _publisher(request: Request) -> Actor:
    staff = request.user
    assert isinstance(staff, Staff)
    role = next((role for role in sorted(PUBLISHERS) if staff.has_role(role)), None)
    if role is None:
        raise PermissionDenied
    return staff_actor(staff, role=Role(role), channel="api")


class EntriesView(APIView):
    permission_classes = [ReadsCatalogue]

    @extend_schema(
        operation_id="catalogue_entries",
        parameters=[
            OpenApiParameter("version", int),
            OpenApiParameter("list", str, enum=Listing.values),
            OpenApiParameter("level", str, enum=Level.values),
            OpenApiParameter("q", str),
            OpenApiParameter("limit", int),
            OpenApiParameter("offset", int),
        ],
        responses=EntryOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Entries of the version in force, or of another one, by list, level and words."""
        number = request.query_params.get("version", "")
        shown = _version(int(number)) if number.isdecimal() and len(number) < 9 else selectors.published()
        if shown is None:
            raise NotFound
        given = request.query_params
        found = selectors.find_entries(
            shown, words=given.get("q", "")[:60], listing=given.get("list", ""), level=given.get("level", "")
        )
        pages = LimitOffsetPagination()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(EntryOut(page, many=True).data)


class VersionsView(APIView):
    permission_classes = [ReadsCatalogue]

    @extend_schema(operation_id="catalogue_versions", responses=VersionOut(many=True))
    def get(self, request: Request) -> Response:
        """All versions, newest first."""
        return Response(VersionOut(CatalogueVersion.objects.select_related("replaced")[:200], many=True).data)


class DiffView(APIView):
    permission_classes = [ReadsCatalogue]

    @extend_schema(operation_id="catalogue_diff", parameters=[OpenApiParameter("with", int)], responses={200: dict})
    def get(self, request: Request, number: int) -> Response:
        """What a version changes against the one it replaced (a draft: against the one in force), or against ?with=."""
        after, other = _version(number), request.query_params.get("with", "")
        if other.isdecimal() and len(other) < 9:
            before: CatalogueVersion | None = _version(int(other))
        else:
            before = selectors.published() if after.state == "draft" else after.replaced
        found = selectors.diff(before, after)
        rows: list[dict[str, Any]] = [
            {
                "kind": row.kind,
                "list": row.listing,
                "code": row.code,
                "name": row.name,
                "fields": [{"name": name, "before": old, "after": new} for name, old, new in row.fields],
            }
            for row in found.rows
        ]
        return Response(
            {"before": before.number if before else None, "after": after.number, "counts": found.counts, "rows": rows}
        )


class StepView(APIView):
    permission_classes = [ReadsCatalogue]

    @extend_schema(operation_id="catalogue_step", request=StepIn, responses=VersionOut)
    def post(self, request: Request, verb: str) -> Response:
        """Publish the draft, or roll the catalogue back; `note` says what is new or why."""
        given = StepIn(data=request.data)
        given.is_valid(raise_exception=True)
        note, actor = given.validated_data["note"], _publisher(request)
        try:
            if verb == "publish":
                made = actions.publish(actor=actor, note=note)
            else:
                made = actions.roll_back(actor=actor, reason=note)
        except CatalogueForbidden as error:
            raise PermissionDenied(str(error)) from error
        except BadCatalogue as error:
            raise ValidationError({"detail": str(error), "faults": error.faults}) from error
        except CatalogueError as error:
            return Response({"detail": str(error)}, status=409)
        return Response(VersionOut(made).data)
