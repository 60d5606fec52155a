"""The form that a seat fills (most of it fills itself)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hotline.seats.selectors import Filled
from ticketing.citizens.selectors import mask
from ticketing.orders.models import Secrecy
from ticketing.organisation.models import DutyItem, DutyQuestion, OrderType, Place, Urgency

ANONYMOUS = "anonymous"
CODE = " · "


class TalkForm(forms.Form):
    """One matter out of a conversation. Fields carry what was understood, how sure, and from which turn."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=32)
    order_type = forms.ModelChoiceField(
        OrderType.objects.none(),
        label=gettext_lazy("Type"),
        to_field_name="code",
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose a type.")},
    )
    duty_item = forms.CharField(
        label=gettext_lazy("Duty item"),
        required=False,
        widget=forms.TextInput(attrs={"list": "duty-items", "autocomplete": "off"}),
    )
    content = forms.CharField(
        label=gettext_lazy("What it is about"),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Take down in a sentence what it is about.")},
    )
    place_text = forms.CharField(
        label=gettext_lazy("Place"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "places"}),
    )
    incident_time = forms.CharField(label=gettext_lazy("When"), max_length=80, required=False)
    wish = forms.CharField(label=gettext_lazy("Wish"), max_length=300, required=False)
    phone = forms.CharField(label=gettext_lazy("Telephone"), max_length=24, required=False)
    name = forms.CharField(label=gettext_lazy("Citizen's name"), max_length=40, required=False)
    urgency = forms.ChoiceField(
        label=gettext_lazy("Urgency"), choices=[("", gettext_lazy("as the item says")), *Urgency.choices], required=False
    )
    secrecy = forms.ChoiceField(
        label=gettext_lazy("Secrecy"),
        choices=[("", gettext_lazy("as the type says")), *Secrecy.choices, (ANONYMOUS, gettext_lazy("Anonymous"))],
        required=False,
    )

    def __init__(self, *args: Any, filled: dict[str, Filled], item: DutyItem | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        order_type = self.fields["order_type"]
        assert isinstance(order_type, forms.ModelChoiceField)
        order_type.queryset = OrderType.objects.all()
        self.filled = filled
        for question in item.questions.exclude(kind=DutyQuestion.Kind.PLACE) if item else []:
            name = f"answer_{question.slot}"
            choices = [("", "—"), *((c["value"], c.get("zh") or c["value"]) for c in question.choices)]
            if question.kind == DutyQuestion.Kind.YES_NO:
                choices = [("", "—"), ("yes", _("Yes")), ("no", _("No"))]
            kind = question.kind in (DutyQuestion.Kind.CHOICE, DutyQuestion.Kind.YES_NO)
            self.fields[name] = (
                forms.ChoiceField(label=question.prompt_zh, choices=choices, required=False)
                if kind
                else forms.CharField(label=question.prompt_zh, max_length=200, required=False)
            )
        for name, found in filled.items():
            if name in ("phone", "name"):  # known, but shown masked; left empty, the known one is used
                self.fields[name].widget.attrs["placeholder"] = mask(name, found.value)
            elif name in self.fields:
                self.initial.setdefault(name, label_of(found) if name == "duty_item" else found.value)

    def rows(self) -> list[tuple[forms.BoundField, Filled | None]]:
        """Visible fields with where their value came from."""
        return [(field, self.filled.get(field.name)) for field in self.visible_fields()]

    def clean_content(self) -> str:
        """Keep within the limit of an order."""
        content = self.cleaned_data["content"].strip()
        if len(content) > settings.TEXT_MAX_CHARS:
            raise forms.ValidationError(_("At most %(limit)d characters.") % {"limit": settings.TEXT_MAX_CHARS})
        return content

    def clean_duty_item(self) -> str:
        """The code out of "010101 · name", or the item of exactly this name; empty lets the dispatcher decide."""
        typed = self.cleaned_data["duty_item"].strip()
        if not typed:
            return ""
        found = DutyItem.objects.filter(code=typed.split(CODE)[0]).first() or DutyItem.objects.filter(name=typed).first()
        if found is None:
            raise forms.ValidationError(_("Choose an item of the list, or leave it empty for the dispatcher."))
        return found.code

    def fields_of_order(self) -> dict[str, Any]:
        """What the verb takes."""
        data = dict(self.cleaned_data)
        data["order_type"] = data["order_type"].code
        places = Place.objects.filter(name=data["place_text"].strip())[:2]
        data["place"] = places[0].code if len(places) == 1 else ""
        if not data["place"] and "place" in self.filled and self.filled["place_text"].value == data["place_text"]:
            data["place"] = self.filled["place"].value
        data["answers"] = {
            name.removeprefix("answer_"): str(value) for name, value in data.items() if name.startswith("answer_") and value
        }
        return data


def label_of(found: Filled) -> str:
    """How a duty item stands in its field."""
    return f"{found.value}{CODE}{found.label}"
