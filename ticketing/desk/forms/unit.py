"""Forms of what a unit asks the hotline for, and of what the hotline decides on it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ticketing.clocks.models import Clock, ClockKind, TimeLimit
from ticketing.desk.forms.base import FilesField, MomentField, OrderForm, text_field, unit_field
from ticketing.orders.models import OrderAssist, WorkOrder
from ticketing.organisation.models import Staff, Unit


class ExtensionForm(OrderForm):
    """How much longer, why, and what shows it."""

    amount = forms.IntegerField(label=_("How much more time?"), min_value=1)
    reason = text_field(_("Reason"), help_text=_("The citizen is told this reason."))
    photos = FilesField(label=_("Evidence"), help_text=_("JPEG, PNG, WebP, GIF or PDF."))

    def __init__(self, *args: Any, order: WorkOrder, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, order=order, staff=staff, **kwargs)
        clock = Clock.objects.filter(order_number=order.ref, kind=ClockKind.HANDLE, stopped_at=None).order_by("-round").first()
        if clock is not None:
            limit = {"value": clock.value, "measure": TimeLimit.Measure(clock.measure).label}
            self.fields["amount"].help_text = _("In %(measure)s, at most %(value)s: the first limit.") % limit

    def clean_photos(self) -> list[Any]:
        """An extension is not asked for without evidence."""
        files: list[Any] = self.cleaned_data["photos"]
        if not files:
            raise forms.ValidationError(_("Add a file that shows why more time is needed."))
        return files


class AssistForm(OrderForm):
    """Which unit, what it should do, and until when."""

    unit = unit_field(_("Unit that should assist"))
    task = text_field(
        _("What it should do"), rows=4, most=1000, help_text=_("The unit reads the matter, but not the citizen's contact.")
    )
    due = MomentField(
        label=_("Reply until"), required=False, help_text=_("Left empty, its own limit counts; never later than the lead unit's.")
    )


class CancelAssistForm(OrderForm):
    """Which of the units that were asked, and why not any more."""

    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none(), empty_label=None)
    reason = text_field(_("Reason"))

    def __init__(self, *args: Any, order: WorkOrder, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, order=order, staff=staff, **kwargs)
        asked = order.assists.filter(status=OrderAssist.Status.ASKED).values("unit")
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=asked).order_by("code")  # type: ignore[attr-defined]


class AssistReplyForm(OrderForm):
    """The part of an assisting unit."""

    text = text_field(_("Our part"), rows=6, most=3000, help_text=_("The lead unit reads it and merges it into the one reply."))
