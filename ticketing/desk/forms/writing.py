"""The form of a reply template."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ticketing.desk.forms.base import text_field
from ticketing.organisation.models import Staff, Unit
from ticketing.organisation.roles import UNIT_ROLES


class TemplateForm(forms.Form):
    """A name, the words, and whether the unit's people share it."""

    name = forms.CharField(label=_("Name of the template"), max_length=40)
    text = text_field(_("Words"), rows=6, most=3000, help_text=_("{number}, {title} and {unit} are filled in from the order."))
    unit = forms.ModelChoiceField(
        label=_("Shared with"), queryset=Unit.objects.none(), required=False, empty_label=_("only for me")
    )

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = [a.unit_id for a in staff.appointments_now() if a.role in UNIT_ROLES]
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=units)  # type: ignore[attr-defined]
