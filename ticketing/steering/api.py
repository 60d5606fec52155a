"""The rules of dispatch for programs: those in force, a draft put whole, a look at what a condition meets, publish, roll back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ticketing.dispatch import accuracy, actions, selectors, trust
from ticketing.dispatch.actions import EDITORS, PUBLISHERS, ReleaseError, ReleaseForbidden
from ticketing.dispatch.models import Alert, Rehearsal, RehearsedOrder, Release
from ticketing.dispatch.neighbours import neighbours
from ticketing.dispatch.preview import preview
from ticketing.dispatch.rules import BadRule, read_condition
from ticketing.orders.errors import OrderNotFound
from ticketing.orders.selectors import get_order, visible_orders
from ticketing.organisation.models import Staff
from ticketing.steering.accuracy_views import GROUPS, asked
from ticketing.steering.people import NOTERS, READERS, actor_of
from ticketing.steering.rehearsal_views import rehearsed_orders


class ReadsSteering(BasePermission):
    """Signed in, with a role that looks at how orders are dispatched."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Staff) and request.user.has_role(*READERS)


class SteeringView(APIView):
    """Refusals of the verbs as answers: 400 with field and position, 403 for the role, 409 for what cannot be done now."""

    permission_classes = [ReadsSteering]

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, BadRule):
            return Response({"error": str(exc), "field": exc.field, "position": exc.position}, status=400)
        if isinstance(exc, ReleaseForbidden):
            exc = PermissionDenied(str(exc))
        elif isinstance(exc, ReleaseError):
            return Response({"error": str(exc)}, status=409)
        return super().handle_exception(exc)


class ReleaseOut(serializers.ModelSerializer):
    replaced: serializers.Field = serializers.SlugRelatedField(slug_field="number", read_only=True)

    class Meta:
        model = Release
        fields = ("kind", "number", "state", "created_by", "created_at", "published_at", "replaced", "content")


class StepIn(serializers.Serializer):
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class ConditionIn(serializers.Serializer):
    when = serializers.CharField(max_length=4000)


class RulesIn(serializers.Serializer):
    rules = serializers.ListField(child=serializers.DictField())


def _checked(kind: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    given = kind(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class RulesView(SteeringView):
    @extend_schema(operation_id="dispatch_rules", responses={200: dict})
    def get(self, request: Request) -> Response:
        """The rules in force in the order in which they are asked, and the number of the draft, if there is one."""
        draft = selectors.release(Release.Kind.RULES, Release.State.DRAFT)
        return Response({"rules": actions.live_rules(), "draft": draft.number if draft else None})

    @extend_schema(operation_id="dispatch_rules_put", request=RulesIn, responses=ReleaseOut)
    def put(self, request: Request) -> Response:
        """Replace all rules of the draft, which is begun where there is none; rows as in dispatch_rules.yml."""
        rows, actor = _checked(RulesIn, request)["rules"], actor_of(request, EDITORS, channel="api")
        if selectors.release(Release.Kind.RULES, Release.State.DRAFT) is None:
            actions.open_rules(actor=actor)
        return Response(ReleaseOut(actions.put_rules(actor=actor, rows=rows)).data)


class PreviewView(SteeringView):
    @extend_schema(operation_id="dispatch_rules_preview", request=ConditionIn, responses={200: dict})
    def post(self, request: Request) -> Response:
        """What a condition would have met among the orders of the last 30 days: count and examples."""
        assert isinstance(request.user, Staff)
        found = preview(read_condition(_checked(ConditionIn, request)["when"]), staff=request.user)
        examples = [{"number": e.number, "title": e.title, "unit": e.unit} for e in found.examples]
        units = [{"unit": unit, "count": count} for unit, count in found.units]
        return Response({"read": found.read, "count": found.count, "cut": found.cut, "units": units, "examples": examples})


class ReleasesView(SteeringView):
    @extend_schema(
        operation_id="dispatch_releases", parameters=[OpenApiParameter("kind", str, enum=Release.Kind.values)],
        responses=ReleaseOut(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Versions of the rules, or of ?kind=, newest first."""
        kind = request.query_params.get("kind", Release.Kind.RULES)
        if kind not in Release.Kind.values:
            raise ValidationError({"kind": Release.Kind.values})
        return Response(ReleaseOut(Release.objects.filter(kind=kind).select_related("replaced")[:100], many=True).data)


class StepView(SteeringView):
    @extend_schema(operation_id="dispatch_release_step", request=StepIn, responses=ReleaseOut)
    def post(self, request: Request, kind: str, verb: str) -> Response:
        """Publish or throw away the draft of a kind, or roll back; each with the reason."""
        if kind not in Release.Kind.values:
            raise NotFound
        chosen, reason = Release.Kind(kind), _checked(StepIn, request)["reason"]
        match verb:
            case "publish":
                made = actions.publish(kind=chosen, actor=actor_of(request, PUBLISHERS, channel="api"), reason=reason)
            case "roll-back":
                made = actions.roll_back(kind=chosen, actor=actor_of(request, PUBLISHERS, channel="api"), reason=reason)
            case "discard":
                made = actions.discard_draft(kind=chosen, actor=actor_of(request, EDITORS, channel="api"), reason=reason)
            case _:
                raise NotFound
        return Response(ReleaseOut(made).data)


class OwnersIn(serializers.Serializer):
    items = serializers.ListField(child=serializers.DictField())


class OwnersView(SteeringView):
    @extend_schema(operation_id="dispatch_owners_draft", request=OwnersIn, responses=ReleaseOut)
    def put(self, request: Request) -> Response:
        """Draft other owners of duty items: {code, owner, acts_at}; replaces such a draft."""
        rows = _checked(OwnersIn, request)["items"]
        return Response(ReleaseOut(actions.draft_owners(actor=actor_of(request, EDITORS, channel="api"), rows=rows)).data)


class RehearsalIn(serializers.Serializer):
    kind = serializers.ChoiceField(choices=Release.Kind.values)
    number = serializers.IntegerField(required=False, min_value=1, help_text="a version; the draft where none is named")
    days = serializers.IntegerField(min_value=1, max_value=365, default=90)


class RehearsalOut(serializers.ModelSerializer):
    kind = serializers.CharField(source="release.kind", read_only=True)
    number = serializers.IntegerField(source="release.number", read_only=True)

    class Meta:
        model = Rehearsal
        fields = ("id", "kind", "number", "days", "state", "done", "total", "outcome", "error", "asked_by", "asked_at")


class RehearsedOut(serializers.ModelSerializer):
    order = serializers.CharField(source="order.number", read_only=True)

    class Meta:
        model = RehearsedOrder
        exclude = ("id", "rehearsal")


class RehearsalsView(SteeringView):
    @extend_schema(operation_id="dispatch_rehearsals", responses=RehearsalOut(many=True))
    def get(self, request: Request) -> Response:
        """The rehearsals so far, newest first."""
        return Response(RehearsalOut(Rehearsal.objects.select_related("release")[:100], many=True).data)

    @extend_schema(operation_id="dispatch_rehearse", request=RehearsalIn, responses={202: RehearsalOut})
    def post(self, request: Request) -> Response:
        """Have a draft, or an earlier version, replayed over past orders; ask for it again to see how far it is."""
        given = _checked(RehearsalIn, request)
        named = {"number": given["number"]} if "number" in given else {"state": Release.State.DRAFT}
        release = Release.objects.filter(kind=given["kind"], **named).first()
        if release is None:
            raise NotFound
        actor = actor_of(request, EDITORS | PUBLISHERS, channel="api")
        return Response(RehearsalOut(actions.ask_rehearsal(release=release, days=given["days"], actor=actor)).data, status=202)


class RehearsalView(SteeringView):
    @extend_schema(
        operation_id="dispatch_rehearsal",
        parameters=[
            OpenApiParameter("effect", str, enum=["saved", "caused"]),
            OpenApiParameter("limit", int),
            OpenApiParameter("offset", int),
        ],
        responses={200: dict},
    )
    def get(self, request: Request, pk: int) -> Response:
        """How far a rehearsal is, its figures, and the orders that would have gone elsewhere, with both reasons."""
        shown = Rehearsal.objects.select_related("release").filter(pk=pk).first()
        if shown is None:
            raise NotFound
        pages = LimitOffsetPagination()
        found = rehearsed_orders(request.user, shown, request.query_params.get("effect", ""))
        orders = RehearsedOut(pages.paginate_queryset(found, request, view=self), many=True).data
        return Response({**RehearsalOut(shown).data, "orders": orders, "count": pages.count})


class AccuracyView(SteeringView):
    @extend_schema(
        operation_id="dispatch_first_right",
        parameters=[OpenApiParameter("by", str, enum=list(GROUPS)), OpenApiParameter("month", str)],
        responses={200: dict},
    )
    def get(self, request: Request) -> Response:
        """The share first dispatched right by category, unit or month, and the classifier's record by category."""
        found = accuracy.known()
        group, month = asked(request.query_params, found)
        rows = [asdict(row) | {"share": row.share} for row in found.by(group, month=month)]
        records = [asdict(r) | {"bound": r.bound, "may_dispatch_alone": r.is_enough} for r in trust.records().values()]
        return Response({"by": group, "month": month, "counted_at": found.counted_at, "rows": rows, "classifier": records})


class NoteIn(serializers.Serializer):
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


def alert_as_json(alert: Alert, staff: Staff) -> dict[str, Any]:
    """An alert with the numbers of those of its orders that the person may see."""
    orders = visible_orders(staff).filter(alerts=alert).order_by("created_at").values_list("number", flat=True)[:200]
    told = {"id": alert.pk, "kind": alert.kind, "title": alert.title, "data": alert.data, "orders": list(orders)}
    return told | {"at": alert.at, "noted_at": alert.noted_at, "noted_by": alert.noted_by, "note": alert.note}


class AlertsView(SteeringView):
    @extend_schema(operation_id="dispatch_alerts", responses={200: dict})
    def get(self, request: Request) -> Response:
        """Open alerts, newest first: groups on one matter with their orders, rules that were switched off."""
        assert isinstance(request.user, Staff)
        return Response([alert_as_json(alert, request.user) for alert in selectors.open_alerts()[:50]])


class NoteAlertView(SteeringView):
    @extend_schema(operation_id="dispatch_alert_note", request=NoteIn, responses={200: dict})
    def post(self, request: Request, pk: int) -> Response:
        """Note an alert: it leaves the desks."""
        assert isinstance(request.user, Staff)
        shown = Alert.objects.filter(pk=pk).first()
        if shown is None:
            raise NotFound
        actor = actor_of(request, NOTERS, channel="api")
        noted = actions.note_alert(alert=shown, actor=actor, note=_checked(NoteIn, request)["note"])
        return Response(alert_as_json(noted, request.user))


class NeighboursView(SteeringView):
    @extend_schema(operation_id="dispatch_neighbours", responses={200: dict})
    def get(self, request: Request, number: str) -> Response:
        """Open orders on the same matter as an order, with what speaks for it."""
        assert isinstance(request.user, Staff)
        try:
            order = get_order(request.user, number)
        except OrderNotFound:
            raise NotFound from None
        rows = [
            {"number": n.order.number, "likeness": round(n.likeness, 3), "place": n.place, "same_person": n.same_person}
            for n in neighbours(order)
        ]
        return Response(rows)
