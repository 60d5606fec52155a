"""Taking in an order through the API: the fields of the form, checked, handed to the one verb."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from ticketing.citizens.actions import Contact
from ticketing.orders.actions import Created, Draft, create_order, start_draft
from ticketing.orders.models import Secrecy
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import Place, Region, Urgency
from ticketing.organisation.selectors import duty_item, order_type


class KeptField(serializers.Field[Any, str, str, Any]):
    """A row of content by its code, from what the process keeps."""

    default_error_messages = {"unknown": _("“%(code)s” is not a code in use.")}

    def __init__(self, find: Callable[[str], Any], **options: Any) -> None:
        super().__init__(**options)
        self._find = find

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """An empty word stands for none, as forms send it."""
        return super().validate_empty_values(None if data == "" and self.allow_null else data)

    def to_internal_value(self, data: str) -> Any:
        """The row. Raises ValidationError where none has the code."""
        found = self._find(data) if isinstance(data, str) and data else None
        if found is None:
            raise serializers.ValidationError(self.error_messages["unknown"] % {"code": str(data)[:60]}, code="unknown")
        return found

    def to_representation(self, value: Any) -> str:
        """Its code."""
        return str(value.code)


class IntakeSerializer(serializers.Serializer[Any]):
    """A new order. `idempotency_key` makes a repeated request harmless: the first order comes back."""

    order_type = KeptField(order_type)
    content = serializers.CharField(max_length=5000)
    title = serializers.CharField(max_length=120, required=False, default="")
    wish = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    duty_item = KeptField(duty_item, required=False, allow_null=True, default=None)
    place = serializers.SlugRelatedField(
        "code", queryset=Place.objects.select_related("region"), required=False, allow_null=True, default=None
    )
    place_text = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    region = serializers.SlugRelatedField("code", queryset=Region.objects.all(), required=False, allow_null=True, default=None)
    incident_time = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    urgency = serializers.ChoiceField(Urgency.choices, required=False, default="")
    secrecy = serializers.ChoiceField(Secrecy.choices, required=False, default="")
    name = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    phone = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)
    answers = serializers.DictField(child=serializers.CharField(max_length=200), required=False, default=dict)
    idempotency_key = serializers.CharField(max_length=64, required=False, default="")
    draft = serializers.BooleanField(required=False, default=False, help_text="true: keep it as a draft of the caller")


INTAKE = IntakeSerializer()  # built once: its fields hold no state, and copying them costs as much as writing the order


def take_in(*, values: dict[str, Any], actor: Actor) -> Created:
    """Make the order. Raises what `create_order` raises."""
    fields = dict(values)
    contact = Contact(name=fields.pop("name"), phone=fields.pop("phone"))
    if fields.pop("draft"):
        known = {name: fields[name] for name in Draft.__dataclass_fields__ if name in fields}
        return Created(start_draft(actor=actor, draft=Draft(**known, contact=contact), channel="api"), "")
    return create_order(actor=actor, channel="api", contact=contact, **fields)
