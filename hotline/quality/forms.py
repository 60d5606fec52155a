"""The forms of quality inspection."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hotline.conversations.models import Channel
from hotline.quality.models import SamplingPlan, ScoreSheet, SheetItem

NO = ("no", _("Not violated"))
YES = ("yes", _("Violated"))


def words(label: Any, *, rows: int = 4, **more: Any) -> forms.CharField:
    """A text of several lines."""
    return forms.CharField(label=label, max_length=2000, widget=forms.Textarea(attrs={"rows": rows}), **more)


class PlanForm(forms.Form):
    """A sampling plan."""

    name = forms.CharField(label=_("Name of the plan"), max_length=80)
    sheet = forms.ModelChoiceField(label=_("Score sheet"), queryset=ScoreSheet.objects.none(), empty_label=None)
    channel = forms.ChoiceField(label=_("Channel"), required=False, choices=[("", _("Every channel")), *Channel.choices])
    trigger = forms.ChoiceField(label=_("Which talks"), choices=SamplingPlan.Trigger)
    silence_seconds = forms.IntegerField(
        label=_("Silence from, seconds"),
        min_value=5,
        max_value=3600,
        initial=60,
        help_text=_("Only for talks with a long silence."),
    )
    measure = forms.ChoiceField(label=_("Counted as"), choices=SamplingPlan.Amount)
    amount = forms.IntegerField(label=_("How many"), min_value=1, max_value=1000, initial=5)
    is_active = forms.BooleanField(label=_("The plan is in use"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sheet"].queryset = ScoreSheet.objects.filter(is_active=True)  # type: ignore[attr-defined]


def day(label: Any) -> forms.DateField:
    """A day as browsers' pickers write it."""
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class DrawForm(forms.Form):
    """The period of a draw; the seed may be agreed on beforehand."""

    from_day = day(_("From"))
    until_day = day(_("Until"))
    seed = forms.CharField(
        label=_("Seed"), max_length=40, required=False, help_text=_("Empty: a random one is made. It is kept with the draw.")
    )


class ScoreForm(forms.Form):
    """One field for each item of the sheet."""

    def __init__(self, *args: Any, items: list[SheetItem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = items
        chinese = items and items[0].name == items[0].name_zh
        for item in items:
            section = item.section_zh if chinese else item.section_en
            label = f"{section} · {item.name}"
            field: forms.Field
            if item.fatal:
                field = forms.ChoiceField(label=label, choices=[NO, YES], initial="no", widget=forms.RadioSelect)
            else:
                field = forms.IntegerField(
                    label=label,
                    min_value=0,
                    max_value=item.points,
                    initial=item.points,
                    help_text=_("0 to %(n)d points") % {"n": item.points},
                )
            self.fields[f"item_{item.code}"] = field
        self.fields["comment"] = words(_("Comment"), required=False)

    def points(self) -> dict[str, int]:
        """Points by item code."""
        return {item.code: self.cleaned_data[f"item_{item.code}"] for item in self.items if not item.fatal}

    def violated(self) -> list[str]:
        """Codes of the fatal items that were violated."""
        return [item.code for item in self.items if item.fatal and self.cleaned_data[f"item_{item.code}"] == "yes"]


class ReviewForm(ScoreForm):
    """The review: the score stays, or the items are scored anew."""

    keep = forms.TypedChoiceField(
        label=_("Outcome of the review"),
        choices=(("yes", _("The score stays")), ("no", _("Score anew by the items below"))),
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["comment"]
        self.fields["text"] = words(_("Reason"))


class AppealForm(forms.Form):
    text = words(_("Why the score is not right"))
