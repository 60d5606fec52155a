"""Taking in an order through the API: the fields of the form, checked, handed to the one verb."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ticketing.citizens.actions import Contact
from ticketing.orders.actions import Created, create_order
from ticketing.orders.models import Secrecy
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import DutyItem, OrderType, Place, Region, Urgency


class IntakeSerializer(serializers.Serializer[Any]):
    """A new order. `idempotency_key` makes a repeated request harmless: the first order comes back."""

    order_type = serializers.SlugRelatedField("code", queryset=OrderType.objects.all())
    content = serializers.CharField(max_length=5000)
    title = serializers.CharField(max_length=120, required=False, default="")
    wish = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    duty_item = serializers.SlugRelatedField(
        "code", queryset=DutyItem.objects.select_related("owner"), required=False, allow_null=True, default=None
    )
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


def take_in(*, values: dict[str, Any], actor: Actor) -> Created:
    """Make the order. Raises what `create_order` raises."""
    fields = dict(values)
    contact = Contact(name=fields.pop("name"), phone=fields.pop("phone"))
    return create_order(actor=actor, channel="api", contact=contact, **fields)
