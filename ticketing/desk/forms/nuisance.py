"""Forms of malicious repeated callers."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ticketing.desk.forms.base import text_field
from ticketing.orders.models import NuisanceCase


class NuisanceForm(forms.Form):
    """What was done and how."""

    kind = forms.ChoiceField(label=_("What the caller does"), choices=NuisanceCase.Kind, widget=forms.RadioSelect)
    note = text_field(
        _("What happened, when and how often"), rows=5, most=1000, help_text=_("Facts only; the reviewer and the police read it.")
    )


class NuisanceReviewForm(forms.Form):
    """Confirmed or not, and why."""

    confirmed = forms.TypedChoiceField(
        label=_("Decision"),
        choices=(("yes", _("Malicious: confirm")), ("no", _("Not malicious: dismiss"))),
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    reason = text_field(_("Reason"), most=500)


class PoliceForm(forms.Form):
    """Where it went."""

    station = forms.CharField(label=_("Police station"), max_length=80)
    receipt = forms.CharField(label=_("Number of their receipt"), max_length=60)
