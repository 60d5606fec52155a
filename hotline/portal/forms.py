"""The citizen's forms. They say in plain words what is wrong and keep what was typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hotline.conversations.city import place_named
from hotline.portal import selectors
from ticketing.citizens.actions import InvalidContact, normalise_phone
from ticketing.orders import numbers
from ticketing.orders.actions.attachments import check_upload
from ticketing.orders.errors import InvalidOrder
from ticketing.orders.models import Secrecy
from ticketing.organisation.models import DutyItem, DutyQuestion, OrderType, Place

ANONYMOUS = "anonymous"


class ManyFiles(forms.ClearableFileInput):
    """A file field that takes several files."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Photos and PDFs, judged by their content. Cleans to a list of uploads."""

    widget = ManyFiles(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif,application/pdf"})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """Check number, size and content of every file."""
        uploads = [upload for upload in (data if isinstance(data, list | tuple) else [data]) if upload]
        if len(uploads) > settings.UPLOAD_MAX_FILES:
            raise forms.ValidationError(
                _("At most %(limit)d files can be added; you chose %(number)d.")
                % {"limit": settings.UPLOAD_MAX_FILES, "number": len(uploads)}
            )
        limit = settings.UPLOAD_MAX_BYTES // 1024 // 1024
        for upload in uploads:
            if (upload.size or 0) > settings.UPLOAD_MAX_BYTES:
                raise forms.ValidationError(
                    _("“%(name)s” is larger than %(limit)d MB. Choose a smaller one.") % {"name": upload.name, "limit": limit}
                )
            try:
                _data, upload.content_type = check_upload(upload)
            except InvalidOrder:
                raise forms.ValidationError(
                    _("“%(name)s” is not a picture or PDF that can be opened. JPEG, PNG, WebP, GIF and PDF are taken.")
                    % {"name": upload.name}
                ) from None
            upload.seek(0)
        return uploads


class ReportForm(forms.Form):
    """Step one: what, where, and how we reach you."""

    order_type = forms.ModelChoiceField(
        OrderType.objects.none(),
        label=gettext_lazy("What kind of matter is it?"),
        to_field_name="code",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose one.")},
    )
    content = forms.CharField(
        label=gettext_lazy("What happened?"),
        help_text=gettext_lazy(
            "Since when, how often, who is affected: a few sentences are enough. No names or identity numbers, please."
        ),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Tell us in a sentence what happened.")},
    )
    place_text = forms.CharField(
        label=gettext_lazy("Where is it?"),
        help_text=gettext_lazy("Road, estate or a landmark nearby."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    place = forms.ModelChoiceField(Place.objects.all(), to_field_name="code", required=False, widget=forms.HiddenInput)
    wish = forms.CharField(label=gettext_lazy("What would you like to be done?"), max_length=300, required=False)
    photos = PhotosField(label=gettext_lazy("Photos"), required=False)
    secrecy = forms.ChoiceField(
        label=gettext_lazy("Who may see that it was you?"),
        widget=forms.RadioSelect,
        choices=[
            (Secrecy.OPEN, gettext_lazy("The body that deals with it may call me")),
            (Secrecy.CONFIDENTIAL, gettext_lazy("Only the hotline; the body that deals with it does not see it")),
            (ANONYMOUS, gettext_lazy("Nobody: I stay anonymous and leave no telephone number")),
        ],
        initial=Secrecy.OPEN,
    )
    name = forms.CharField(label=gettext_lazy("How shall we address you?"), max_length=40, required=False)
    phone = forms.CharField(
        label=gettext_lazy("Telephone"),
        max_length=24,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    agreed = forms.BooleanField(
        label=gettext_lazy("I agree that the hotline and the responsible body use what I wrote to deal with this matter."),
        error_messages={"required": gettext_lazy("Without your agreement we may not use what you wrote.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        order_type = self.fields["order_type"]
        assert isinstance(order_type, forms.ModelChoiceField)
        order_type.queryset = OrderType.objects.all()
        self.fields["content"].widget.attrs["maxlength"] = settings.TEXT_MAX_CHARS
        self.fields["photos"].help_text = _("Up to %(number)d, each at most %(size)d MB.") % {
            "number": settings.UPLOAD_MAX_FILES,
            "size": settings.UPLOAD_MAX_BYTES // 1024 // 1024,
        }

    def clean_content(self) -> str:
        """Refuse what is too short to act on or too long to keep."""
        content = self.cleaned_data["content"].replace("\x00", "")
        if len(content.strip()) < 5:
            raise forms.ValidationError(_("Please write a little more, so that somebody can act on it."))
        if len(content) > settings.TEXT_MAX_CHARS:
            raise forms.ValidationError(
                _("This is %(length)d characters long; at most %(limit)d fit. Please shorten it.")
                % {"length": len(content), "limit": settings.TEXT_MAX_CHARS}
            )
        return content

    def clean(self) -> dict[str, Any]:
        """A telephone is needed unless the report is anonymous; a place without a choice is looked up by its name."""
        data = super().clean() or {}
        if data.get("secrecy") == ANONYMOUS:
            data["name"] = data["phone"] = ""
        elif not self.errors.get("phone"):
            try:
                data["phone"] = normalise_phone(data.get("phone", ""))
            except InvalidContact:
                self.add_error("phone", _("This is not a telephone number: 5 to 15 digits."))
            else:
                if not data["phone"]:
                    self.add_error("phone", _("Leave a number so that we can answer you, or choose to stay anonymous above."))
        place = data.get("place")
        if place is not None and data.get("place_text") and place.name not in data["place_text"]:
            place = None  # the text was changed after a place had been chosen
        data["place"] = place or place_named(data.get("place_text", ""))
        return data


class ItemForm(forms.Form):
    """Step two: which duty item it is, and the questions that this item needs answered."""

    duty_item = forms.ChoiceField(label=gettext_lazy("It is most likely about"), required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, items: list[DutyItem], item: DutyItem | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        duty_item = self.fields["duty_item"]
        assert isinstance(duty_item, forms.ChoiceField)
        duty_item.choices = [
            *((found.code, f"{found.name} · {found.category}") for found in items),
            ("", _("Something else; the hotline shall decide")),
        ]
        for question in selectors.questions_of(item):
            self.fields[f"answer_{question.slot}"] = _field_of(question)

    def answers(self) -> dict[str, str]:
        """What was answered, by slot."""
        return {
            name.removeprefix("answer_"): str(value)
            for name, value in self.cleaned_data.items()
            if name.startswith("answer_") and value not in ("", None)
        }


def _field_of(question: DutyQuestion) -> forms.Field:
    label = selectors.prompt_of(question)
    if question.kind in (DutyQuestion.Kind.CHOICE, DutyQuestion.Kind.YES_NO):
        return forms.ChoiceField(
            label=label, required=question.required, widget=forms.RadioSelect, choices=selectors.choices_of(question)
        )
    if question.kind == DutyQuestion.Kind.NUMBER:
        return forms.DecimalField(label=label, required=question.required, max_digits=12, decimal_places=2)
    return forms.CharField(label=label, required=question.required, max_length=200)


class TrackForm(forms.Form):
    """Number and code of a matter."""

    number = forms.CharField(
        label=gettext_lazy("Number of your matter"),
        help_text=gettext_lazy("12 digits, as you were told on the telephone or as it stands on the receipt."),
        max_length=24,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    code = forms.CharField(
        label=gettext_lazy("Query code"),
        help_text=gettext_lazy("6 digits."),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean_number(self) -> str:
        """The digits alone. A wrong check digit is told at once: it is a slip, not a secret."""
        number = "".join(character for character in self.cleaned_data["number"] if not character.isspace() and character != "-")
        if not number.isascii() or not number.isdigit() or len(number) != numbers.LENGTH:
            raise forms.ValidationError(_("The number has 12 digits. Please compare it with your receipt."))
        if not numbers.is_valid(number):
            raise forms.ValidationError(
                _(
                    "This number cannot exist: its last digit does not fit the others, so at least one digit is wrong. Please compare it."
                )
            )
        return number

    def clean_code(self) -> str:
        """The digits alone."""
        return "".join(self.cleaned_data["code"].split())
