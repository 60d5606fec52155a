"""Naming a person for something, found by user name or employee number."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ticketing.desk.forms.base import NamedField
from ticketing.desk.forms.oversight import active_units
from ticketing.organisation.models import Staff


class StaffField(forms.CharField):
    """A person by user name or employee number; cleans to the person."""

    default_error_messages = {"unknown": _("Nobody has this employee number or user name.")}

    def clean(self, value: Any) -> Any:
        """The person, or None where nothing was typed and nothing must be."""
        text = super().clean(value).strip()
        if not text:
            return None
        active = Staff.objects.filter(is_active=True)
        found = active.filter(username=text).first() or active.filter(employee_number=text).first()
        if found is None:
            raise forms.ValidationError(self.error_messages["unknown"], code="unknown")
        return found


class HandlerForm(forms.Form):
    """Whom to name for sealed reports, for which unit, and the document that says so."""

    staff = StaffField(label=_("Person"), max_length=80, help_text=_("Employee number or user name."))
    unit = NamedField(
        label=_("Only those with the unit"),
        rows=active_units,
        required=False,
        help_text=_("Code or name; empty: all sealed reports."),
    )
    document = forms.CharField(label=_("Document"), max_length=120, help_text=_("The written appointment, by its number."))
