"""Forms of a unit's page. One of them for each verb; the API takes the same fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ticketing.organisation.models import Staff, Unit, WorkCalendar
from ticketing.organisation.roles import DELEGABLE_ROLES, UNIT_ROLES, Role
from ticketing.organisation.selectors import units_below


class CodeField(forms.CharField):
    """A unit, calendar or person by its exact code or name; cleans to the row or None."""

    def __init__(self, *, model: Any, key: str = "code", name: str = "name", **kwargs: Any) -> None:
        super().__init__(max_length=80, **kwargs)
        self.model, self.key, self.shown = model, key, name

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        rows = self.model.objects.all()
        found = rows.filter(**{self.key: text}).first()
        named = list(rows.filter(**{self.shown: text})[:2]) if found is None else []
        if found is None and len(named) == 1:
            found = named[0]
        if found is None:
            raise forms.ValidationError(
                _("More than one is called so: write the code.")
                if named
                else _("Nothing has this code or name. Look it up and write it exactly.")
            )
        return found


class PersonField(forms.ModelChoiceField):
    """A person of the unit or below it; the API names them by their user name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Staff.objects.none(), to_field_name="username", empty_label=_("Choose a person"), **kwargs)


def moment_field(label: Any) -> forms.DateTimeField:
    """A local date and time as browsers' pickers write it."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(
        label=label, widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%z"]
    )


def reason_field() -> forms.CharField:
    return forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class UnitForm(forms.Form):
    """Base: choices of people are those of the unit and below it."""

    PEOPLE = 500

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            if isinstance(field, PersonField):
                people = Staff.objects.filter(unit_id__in=units_below(unit.pk), is_active=True)
                field.queryset = people.order_by("display_name")
        self.unit = unit


class MoveForm(UnitForm):
    parent = CodeField(label=_("Under which unit"), model=Unit, help_text=_("Code or exact name."))
    reason = reason_field()


class MergeForm(UnitForm):
    into = CodeField(label=_("Into which unit"), model=Unit, help_text=_("Code or exact name."))
    reason = reason_field()


class HoursForm(UnitForm):
    calendar = forms.ModelChoiceField(
        label=_("Working calendar"),
        queryset=WorkCalendar.objects.order_by("code"),
        to_field_name="code",
        required=False,
        empty_label=_("that of the unit above"),
    )


class PersonForm(UnitForm):
    username = forms.CharField(label=_("User name"), max_length=150)
    name = forms.CharField(label=_("Name"), max_length=60)
    employee_number = forms.CharField(label=_("Employee number"), max_length=20, required=False)
    roles = forms.MultipleChoiceField(
        label=_("Roles in this unit"),
        choices=[(r.value, r.label) for r in Role if r in DELEGABLE_ROLES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    active = forms.BooleanField(label=_("The account is open"), required=False, initial=True)


class PostForm(UnitForm):
    name = forms.CharField(label=_("Name of the post"), max_length=60)
    holder = PersonField(label=_("Holder (A)"))
    substitute = PersonField(label=_("Substitute (B)"), required=False)
    is_head = forms.BooleanField(label=_("The post of the head"), required=False)


class AbsenceForm(UnitForm):
    staff = PersonField(label=_("Who is away"))
    starts_at = moment_field(_("From"))
    ends_at = moment_field(_("Until"))
    reason = reason_field()


class ActingForm(AbsenceForm):
    staff = PersonField(label=_("Acting head"))


class ShiftForm(UnitForm):
    staff = PersonField(label=_("On duty"))
    role = forms.ChoiceField(label=_("Role on duty"), choices=[(r.value, r.label) for r in Role if r in UNIT_ROLES])
    starts_at = moment_field(_("From"))
    ends_at = moment_field(_("Until"))
    text = forms.CharField(label=_("Note"), max_length=100, required=False)
