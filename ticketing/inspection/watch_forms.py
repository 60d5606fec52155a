"""The forms of the watch."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ticketing.inspection.forms import ByName, words
from ticketing.inspection.watch_models import AlertRule
from ticketing.orders.models import Card, WorkOrder
from ticketing.orders.selectors import visible_orders
from ticketing.organisation.models import Staff, Unit


class RuleForm(forms.Form):
    """One alert rule."""

    name = forms.CharField(label=_("Name of the rule"), max_length=80)
    kind = forms.ChoiceField(label=_("What it watches"), choices=AlertRule.Kind)
    threshold = forms.IntegerField(label=_("From"), min_value=1, max_value=9999, help_text=_("Working hours, times or per cent."))
    days = forms.IntegerField(
        label=_("Days looked back"), min_value=1, max_value=366, initial=30, help_text=_("Only for the share of a unit.")
    )
    minimum = forms.IntegerField(
        label=_("Least number of answers"), min_value=1, max_value=9999, initial=10, help_text=_("Only for the share of a unit.")
    )
    is_active = forms.BooleanField(label=_("The rule is in use"), required=False, initial=True)


class NoteForm(forms.Form):
    note = words(_("What was made of it"), most=500)


class CardForm(forms.Form):
    """A card of the watch: against the unit of an order, or against a unit by name."""

    colour = forms.ChoiceField(label=_("Card"), choices=Card.Colour, widget=forms.RadioSelect)
    order = forms.CharField(label=_("Order number"), max_length=20, required=False, help_text=_("Empty: not about one order."))
    unit = ByName(
        rows=lambda: Unit.objects.filter(is_active=True),
        label=_("Unit"),
        help_text=_("Code or name; empty: the unit that has the order."),
    )
    reason = words(_("Reason"), rows=4, most=1000)

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.staff = staff

    def clean_order(self) -> WorkOrder | None:
        """The order of that number, if the person may see it."""
        number = "".join(self.cleaned_data["order"].split())
        if not number:
            return None
        found = visible_orders(self.staff).filter(number=number).first()
        if found is None:
            raise forms.ValidationError(_("There is no such order. Look at the number again."))
        return found


class AppealForm(forms.Form):
    text = words(_("Why the card is not just"), rows=5)


class DecisionForm(forms.Form):
    """Upheld or revoked, with the reason."""

    upheld = forms.TypedChoiceField(
        label=_("Decision"),
        choices=(("yes", _("Uphold")), ("no", _("Revoke"))),
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    text = words(_("Reason"), rows=4)
