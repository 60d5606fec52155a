"""The forms of the inspection pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from ticketing.inspection import selectors
from ticketing.inspection.models import InspectionRound
from ticketing.organisation.models import DutyItem, OrderType, Place, Staff, Unit


def words(label: Any, *, rows: int = 3, most: int = 2000, **more: Any) -> forms.CharField:
    """A text of several lines."""
    return forms.CharField(label=label, max_length=most, widget=forms.Textarea(attrs={"rows": rows}), **more)


class ByName(forms.CharField):
    """A row found by its code or name, for lists too long to choose from; cleans to the row or None."""

    def __init__(self, *, rows: Any, **kwargs: Any) -> None:
        super().__init__(max_length=80, required=False, **kwargs)
        self.rows = rows

    def clean(self, value: Any) -> Model | None:
        """The row of that code or name."""
        text = super().clean(value).strip()
        if not text:
            return None
        rows: QuerySet[Any] = self.rows()
        found: Any = rows.filter(code=text).first() or rows.filter(name=text).first()
        if found is None:
            raise forms.ValidationError(_("Nothing has this code or name. Look it up and write it exactly."))
        return found


class Several(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Any number of photos; cleans to a list. On a telephone the camera opens."""

    widget = Several(attrs={"accept": "image/*,application/pdf"})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Every file that was sent."""
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(PhotosField, self).clean(file, initial) for file in files]


class DayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


class RoundForm(forms.Form):
    """The plan of a round."""

    title = forms.CharField(label=_("Title"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=InspectionRound.Kind, widget=forms.RadioSelect)
    topic = words(_("What to look at"), rows=4)
    starts_on = DayField(label=_("From"))
    ends_on = DayField(label=_("Until"))
    inspectors = forms.ModelMultipleChoiceField(
        label=_("Inspectors"), queryset=Staff.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["inspectors"].queryset = selectors.inspectors()  # type: ignore[attr-defined]
        self.initial.setdefault("kind", InspectionRound.Kind.COVERT)


class PlaceForm(forms.Form):
    """One more place of a round."""

    name = forms.CharField(label=_("Place"), max_length=80, help_text=_("Such as a hall, a window, a road or a market."))
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    place = ByName(
        rows=Place.objects.all, label=_("Place on the map"), help_text=_("Code or name; it gives the order its district.")
    )
    unit = ByName(rows=lambda: Unit.objects.filter(is_active=True), label=_("Unit that is visited"), help_text=_("Code or name."))


class VisitForm(forms.Form):
    note = words(_("How it was"), most=500, required=False)


class FindingForm(forms.Form):
    """What was found, as it is written on the spot."""

    text = words(_("What was found"), rows=5, most=5000)
    photos = PhotosField(label=_("Photos"), required=False, help_text=_("JPEG, PNG, WebP, GIF or PDF."))
    duty_item = ByName(
        rows=lambda: DutyItem.objects.filter(is_active=True),
        label=_("Duty item"),
        help_text=_("Code or name, where it is clear."),
    )


class OrderForm(forms.Form):
    """What the order needs besides the finding."""

    order_type = forms.ModelChoiceField(label=_("Type of order"), queryset=OrderType.objects.none(), empty_label=None)
    duty_item = ByName(
        rows=lambda: DutyItem.objects.filter(is_active=True),
        label=_("Duty item"),
        help_text=_("Code or name; it tells which unit acts."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["order_type"].queryset = OrderType.objects.filter(sealed_by_default=False)  # type: ignore[attr-defined]


class EndForm(forms.Form):
    summary = words(_("What the round came to"), rows=5)
