"""Forms of supervision, flags, copies, cards and accountability."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ticketing.desk.forms.base import MomentField, NamedField, OrderForm, text_field, unit_field
from ticketing.orders.models import Accountability, Card, Flag, Supervision, WorkOrder
from ticketing.organisation.models import Staff, Unit


def active_units() -> Any:
    """Units that exist, whether they take orders or not."""
    return Unit.objects.filter(is_active=True).order_by("code")


class SuperviseForm(OrderForm):
    note = text_field(_("Note"))
    level = forms.ChoiceField(label=_("Level"), choices=Supervision.Level, required=False, initial=Supervision.Level.GENERAL)
    due = MomentField(label=_("The unit reports until"), required=False)

    def clean_level(self) -> str:
        """General where nothing was chosen."""
        return self.cleaned_data["level"] or str(Supervision.Level.GENERAL)


class WordsForm(OrderForm):
    text = text_field(_("In words"), rows=5, most=2000)


class FlagForm(OrderForm):
    """The flags that are to be on the order from now on."""

    flags = forms.MultipleChoiceField(label=_("Flags"), choices=Flag, required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, order: WorkOrder, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, order=order, staff=staff, **kwargs)
        self.initial.setdefault("flags", order.flags)


class CopyForm(OrderForm):
    unit = unit_field(_("To unit"))
    note = text_field(_("Note"), required=False)


class SubjectForm(OrderForm):
    """Whom the complaint is about: a unit, a person by employee number or user name, or nobody."""

    unit = NamedField(
        label=_("About the unit"), rows=active_units, required=False, help_text=_("Code or name; empty: about none.")
    )
    staff = forms.CharField(  # type: ignore[assignment]  # a field of the form is no attribute of its class
        label=_("About the person"),
        max_length=80,
        required=False,
        help_text=_("Employee number or user name; empty: about nobody."),
    )

    def clean_staff(self) -> Staff | None:
        """The person behind the number or the name."""
        text = self.cleaned_data["staff"].strip()
        if not text:
            return None
        found = Staff.objects.filter(username=text).first() or Staff.objects.filter(employee_number=text).first()
        if found is None:
            raise forms.ValidationError(_("Nobody has this employee number or user name."))
        return found


class CardForm(OrderForm):
    colour = forms.ChoiceField(label=_("Card"), choices=Card.Colour, widget=forms.RadioSelect)
    reason = text_field(_("Reason"), rows=4, most=1000)


class FindingForm(OrderForm):
    cause = forms.ChoiceField(label=_("Cause"), choices=Accountability.Cause, widget=forms.RadioSelect)
    reason = text_field(_("Finding"), rows=4, most=1000)


class DecisionForm(OrderForm):
    """Upheld or revoked, with the reason."""

    upheld = forms.TypedChoiceField(
        label=_("Decision"),
        choices=(("yes", _("Uphold")), ("no", _("Revoke"))),
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    text = text_field(_("Reason"), rows=4, most=2000)
