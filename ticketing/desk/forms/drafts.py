"""The form of a draft: everything but the type may still be empty."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ticketing.citizens.actions import Contact
from ticketing.desk.forms.base import NamedField, OrderForm, text_field
from ticketing.desk.forms.oversight import active_units
from ticketing.orders.actions import Draft
from ticketing.orders.models import Secrecy, WorkOrder
from ticketing.organisation.models import DutyItem, OrderType, Staff, Urgency


def active_items() -> Any:
    """Duty items that are in force."""
    return DutyItem.objects.filter(is_active=True).order_by("code")


class DraftForm(OrderForm):
    """What the citizen says, as far as it is known."""

    order_type = forms.ModelChoiceField(label=_("Type"), queryset=OrderType.objects.all(), empty_label=None, to_field_name="code")
    content = text_field(_("What the citizen says"), rows=6, most=5000, required=False)
    title = forms.CharField(label=_("Title"), max_length=120, required=False)
    wish = text_field(_("Wish"), rows=2, required=False)
    place_text = forms.CharField(label=_("Place"), max_length=200, required=False)
    incident_time = forms.CharField(label=_("When"), max_length=80, required=False)
    duty_item = NamedField(
        label=_("Duty item"), rows=active_items, required=False, help_text=_("Code or name; may be left open.")
    )
    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency, required=False, initial=Urgency.NORMAL)
    secrecy = forms.ChoiceField(label=_("Secrecy"), choices=Secrecy, required=False, initial=Secrecy.OPEN)
    about_unit = NamedField(label=_("Complaint about the unit"), rows=active_units, required=False)
    name = forms.CharField(label=_("Name"), max_length=60, required=False)
    phone = forms.CharField(
        label=_("Telephone"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=_("Left empty it stays as it is."),
    )

    def __init__(self, *args: Any, order: WorkOrder, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, order=order, staff=staff, **kwargs)
        if not self.is_bound and order.pk:
            for name in ("content", "title", "wish", "place_text", "incident_time", "urgency", "secrecy"):
                self.initial.setdefault(name, getattr(order, name))
            self.initial.setdefault("order_type", order.order_type.code)
            self.initial.setdefault("about_unit", order.about_unit.code if order.about_unit else "")
            self.initial.setdefault("duty_item", order.duty_item.code if order.duty_item else "")

    def values(self) -> dict[str, Any]:
        """The draft as the verb takes it."""
        data = super().values()
        version = data.pop("version", None)
        data["contact"] = Contact(name=data.pop("name"), phone=data.pop("phone"))
        return {"draft": Draft(**data), "version": version}
