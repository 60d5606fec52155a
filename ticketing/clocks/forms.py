"""Forms of the plans: what one covers and changes, and the reason for switching it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ticketing.clocks import plans
from ticketing.clocks.models import ClockKind, Measure, Plan
from ticketing.organisation.models import OrderType, Urgency

QUEUE = (
    ("", gettext_lazy("as usual")),
    (Urgency.URGENT, gettext_lazy("with the urgent ones")),
    (Urgency.CRITICAL, gettext_lazy("with the critical ones")),
)


class CodesField(forms.CharField):
    """Codes, one a line or divided by commas; cleans to a list."""

    widget = forms.Textarea(attrs={"rows": 2})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        for mark in ",，;；、\n":
            text = text.replace(mark, " ")
        return text.split()


class PlanForm(forms.Form):
    """A plan as it is written down. The rows of limits are made from the kinds of clocks."""

    code = forms.SlugField(label=gettext_lazy("Code"), max_length=30, help_text=gettext_lazy("Letters, digits and hyphens."))
    name = forms.CharField(label=gettext_lazy("Name of the plan"), max_length=60)
    purpose = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    order_types = forms.MultipleChoiceField(
        label=gettext_lazy("Order types"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: all."),
    )
    categories = CodesField(
        label=gettext_lazy("Duty categories"),
        required=False,
        help_text=gettext_lazy("Codes, one a line; each with all below it. Empty, with no duty items: all."),
    )
    items = CodesField(label=gettext_lazy("Duty items"), required=False, help_text=gettext_lazy("Codes, one a line."))
    units = CodesField(
        label=gettext_lazy("Units"),
        required=False,
        help_text=gettext_lazy("Codes, one a line; each with all below it. Empty: all."),
    )
    raises_to = forms.ChoiceField(label=gettext_lazy("Place in the dispatch queue"), choices=QUEUE, required=False)
    natural_time = forms.BooleanField(
        label=gettext_lazy("Natural time instead of working time, for limits not set below"), required=False
    )
    running = forms.ChoiceField(label=gettext_lazy("Clocks that run already"), choices=Plan.Running.choices)
    position = forms.IntegerField(
        label=gettext_lazy("Precedence"),
        min_value=1,
        max_value=999,
        initial=10,
        help_text=gettext_lazy("Where two plans cover an order, the smaller number wins."),
    )

    def __init__(self, *args: Any, plan: Plan | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["order_types"].choices = [(t.code, t.name) for t in OrderType.objects.all()]  # type: ignore[attr-defined]
        for kind in ClockKind:
            self.fields[f"limit_{kind}"] = forms.IntegerField(
                label=kind.label,
                required=False,
                min_value=1,
                max_value=100_000,
                widget=forms.NumberInput(attrs={"class": "form-control"}),
            )
            self.fields[f"measure_{kind}"] = forms.ChoiceField(
                label=_("%(clock)s counted in") % {"clock": kind.label},
                choices=Measure.choices,
                required=False,
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        if plan is not None:
            self.fields["code"].disabled = True
            definition = plans.definition_of(plan)
            self.initial = {**definition, **self.initial}
            for row in plan.limits.all():
                self.initial[f"limit_{row.kind}"], self.initial[f"measure_{row.kind}"] = row.value, row.measure

    @property
    def limit_rows(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """The limits as rows of a table: which clock, how much, counted in what."""
        return [(str(kind.label), self[f"limit_{kind}"], self[f"measure_{kind}"]) for kind in ClockKind]

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        """All other fields in their order."""
        return [bound for bound in self if not bound.name.startswith(("limit_", "measure_"))]

    def values(self) -> dict[str, Any]:
        """What `save_plan` takes."""
        given = self.cleaned_data
        limits = {
            str(kind): f"{given[f'limit_{kind}']} {given[f'measure_{kind}'] or Measure.MINUTES}"
            for kind in ClockKind
            if given.get(f"limit_{kind}")
        }
        rest = {name: value for name, value in given.items() if not name.startswith(("limit_", "measure_")) and name != "code"}
        return {**rest, "limits": limits}


class SwitchForm(forms.Form):
    """Why a plan is switched."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    label_suffix = ""
