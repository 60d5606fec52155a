"""What every form of the desks is made of: the version check, and fields for texts, units, moments and files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import Staff, Unit


class Several(forms.ClearableFileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; cleans to a list."""

    widget = Several

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(FilesField, self).clean(file, initial) for file in files]


class OrderForm(forms.Form):
    """Base: `version` is the order's version the person looked at; a form that grew stale is refused by it."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, order: WorkOrder, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order, self.staff = order, staff
        self.label_suffix = ""
        if not self.is_bound:
            self.initial.setdefault("version", order.version)

    def values(self) -> dict[str, Any]:
        """Cleaned values as the verb takes them."""
        return dict(self.cleaned_data)


def text_field(label: Any, *, rows: int = 3, most: int = 300, required: bool = True, help_text: Any = "") -> forms.CharField:
    """A text of several lines with a limit that the browser knows too."""
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=most, required=required, widget=widget, help_text=help_text)


def open_units() -> QuerySet[Unit]:
    """Units that take orders, by code."""
    return Unit.objects.filter(is_active=True, accepts_orders=True).order_by("code")


def unit_field(label: Any, *, required: bool = True) -> forms.ModelChoiceField:
    """A choice among the units that take orders."""
    return forms.ModelChoiceField(label=label, queryset=open_units(), required=required, empty_label=_("Choose a unit"))


class MomentField(forms.DateTimeField):
    """A local date and time as browsers' pickers write it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%z"], **kwargs)


class NamedField(forms.CharField):
    """A row of content found by its code or its name, for lists too long to choose from; cleans to the row or None."""

    def __init__(self, *, rows: Any, **kwargs: Any) -> None:
        super().__init__(max_length=80, **kwargs)
        self.rows = rows

    def clean(self, value: Any) -> Model | None:
        """The row by code, by name, or by a part of the name that only one has."""
        text = super().clean(value).strip()
        if not text:
            return None
        rows: QuerySet[Any] = self.rows()
        found: Any = rows.filter(code=text).first() or rows.filter(name=text).first()
        near = list(rows.filter(name__contains=text)[:6]) if found is None else []
        if found is None and len(near) == 1:
            found = near[0]
        if found is None:
            names = "、".join(str(row) for row in near[:5])
            raise forms.ValidationError(
                _("More than one fits: %(names)s. Write the whole name.") % {"names": names}
                if near
                else _("Nothing has this code or name. Look it up and write it exactly.")
            )
        return found
