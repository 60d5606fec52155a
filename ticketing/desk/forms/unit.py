"""Forms of what a unit asks the hotline for, and of what the hotline decides on it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ticketing.clocks.models import Clock, ClockKind, TimeLimit
from ticketing.desk.forms.base import FilesField, OrderForm, text_field
from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import Staff


class ExtensionForm(OrderForm):
    """How much longer, why, and what shows it."""

    amount = forms.IntegerField(label=_("How much more time?"), min_value=1)
    reason = text_field(_("Reason"), help_text=_("The citizen is told this reason."))
    photos = FilesField(label=_("Evidence"), help_text=_("JPEG, PNG, WebP, GIF or PDF."))

    def __init__(self, *args: Any, order: WorkOrder, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, order=order, staff=staff, **kwargs)
        clock = Clock.objects.filter(order_number=order.number, kind=ClockKind.HANDLE, stopped_at=None).order_by("-round").first()
        if clock is not None:
            limit = {"value": clock.value, "measure": TimeLimit.Measure(clock.measure).label}
            self.fields["amount"].help_text = _("In %(measure)s, at most %(value)s: the first limit.") % limit

    def clean_photos(self) -> list[Any]:
        """An extension is not asked for without evidence."""
        files: list[Any] = self.cleaned_data["photos"]
        if not files:
            raise forms.ValidationError(_("Add a file that shows why more time is needed."))
        return files
