"""Forms of what the desks do with an order. Pages and the API check input with the same ones."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ticketing.desk.forms.base import FilesField, MomentField, OrderForm, text_field, unit_field
from ticketing.orders.actions.handling import REPLY_CHARS
from ticketing.orders.models import ReplyCheck, ReturnReason, WorkOrder
from ticketing.orders.selectors import backstop_unit, visible_orders
from ticketing.organisation.models import Staff, Unit
from ticketing.organisation.roles import UNIT_ROLES


class DispatchForm(OrderForm):
    unit = unit_field(_("To unit"))
    reason = text_field(_("Reason of the dispatch"), help_text=_("It is kept in the history and shown to the unit."))


class UnitAndReasonForm(OrderForm):
    unit = unit_field(_("To unit"))
    reason = text_field(_("Reason"))


class ReasonForm(OrderForm):
    reason = text_field(_("Reason"))


class OptionalReasonForm(OrderForm):
    reason = text_field(_("Reason"), required=False)


class NoteForm(OrderForm):
    note = text_field(_("Note"))


class OptionalNoteForm(OrderForm):
    note = text_field(_("Note"), required=False)


class QuestionForm(OrderForm):
    question = text_field(_("What must the citizen tell us?"))


class FactsForm(OrderForm):
    text = text_field(_("What the citizen adds"), rows=5, most=2000)


class NothingForm(OrderForm):
    """For what needs no words."""


class ReturnForm(OrderForm):
    """Asking to return: the usual grounds as words to start from, and the unit that should act instead."""

    GROUNDS = (
        ("place", _("The place is not in our territory")),
        ("duty", _("The matter is not our duty")),
        ("shared", _("Duties of several units overlap")),
        ("facts", _("The facts do not suffice to act")),
    )
    ground = forms.ChoiceField(label=_("Ground"), choices=(), widget=forms.RadioSelect)
    reason = text_field(
        _("Explanation"),
        rows=4,
        most=240,
        help_text=_("Name the rule or the document. The clock goes on until the hotline decides."),
    )
    proposed_unit = unit_field(_("Unit that should act"), required=False)
    photos = FilesField(label=_("Evidence"), required=False, help_text=_("JPEG, PNG, WebP, GIF or PDF."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.grounds = {row.code: row for row in ReturnReason.objects.filter(is_active=True)}
        known = [(code, row.name) for code, row in self.grounds.items()]
        self.fields["ground"].choices = known or self.GROUNDS  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What the chosen ground demands."""
        data = super().clean() or self.cleaned_data
        ground = self.grounds.get(data.get("ground", ""))
        if ground is not None and ground.needs_unit and not data.get("proposed_unit"):
            self.add_error("proposed_unit", _("On this ground the unit that should act must be named."))
        if ground is not None and ground.needs_evidence and not data.get("photos"):
            self.add_error("photos", _("On this ground a file must show it."))
        return data

    def values(self) -> dict[str, Any]:
        """The ground and the explanation as one reason."""
        data = super().values()
        ground = str(dict(self.fields["ground"].choices)[data["ground"]])  # type: ignore[attr-defined]
        return {**data, "reason": f"{ground}: {data['reason']}"}


class RuleForm(UnitAndReasonForm):
    """The unit that must act; the backstop of the place is proposed."""

    def __init__(self, *args: Any, order: WorkOrder, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, order=order, staff=staff, **kwargs)
        backstop = backstop_unit(order)
        if backstop is not None:
            self.initial.setdefault("unit", backstop.pk)
            self.fields["unit"].help_text = _("Backstop of this place: %(unit)s.") % {"unit": backstop.name}


class SuspendForm(OrderForm):
    """Why nothing can be done now, and when to look again."""

    reason = text_field(_("Reason"), most=200, help_text=_("The citizen is told this reason."))
    review_at = MomentField(label=_("Look again at"))
    resumes = forms.BooleanField(label=_("Resume by itself then"), required=False)


class ApproveForm(OrderForm):
    """The checklist of the review."""

    checked = forms.MultipleChoiceField(label=_("In order"), choices=(), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lines = list(ReplyCheck.objects.filter(is_active=True))
        if not lines:
            del self.fields["checked"]
            return
        mark = _("(required)")
        choices = [(c.code, f"{c.name} {mark}" if c.required else c.name) for c in lines]
        self.fields["checked"].choices = choices  # type: ignore[attr-defined]
        self.required_codes = {c.code for c in lines if c.required}

    def clean_checked(self) -> list[str]:
        """Every required line is ticked."""
        ticked: list[str] = self.cleaned_data["checked"]
        if self.required_codes - set(ticked):
            raise forms.ValidationError(_("A required line is not ticked. Send the reply back if it is not in order."))
        return ticked


class ReplyForm(OrderForm):
    public_text = text_field(
        _("Reply to the citizen"),
        rows=8,
        most=REPLY_CHARS,
        help_text=_("Say what was found, what was done, when, and whom to ask. The citizen reads exactly this."),
    )
    solved = forms.TypedChoiceField(
        label=_("Is the matter solved?"),
        choices=((True, _("Yes, solved")), (False, _("No, explained why"))),
        coerce=lambda value: str(value) in ("True", "true", "1"),
        widget=forms.RadioSelect,
    )
    contacted_at = MomentField(label=_("When did you speak with the citizen?"), required=False)
    internal_text = text_field(
        _("Internal note"), most=REPLY_CHARS, required=False, help_text=_("Only the hotline and your unit read this.")
    )
    photos = FilesField(label=_("Photos of the result"), required=False, help_text=_("JPEG, PNG, WebP, GIF or PDF."))

    def clean_contacted_at(self) -> Any:
        """Nobody spoke with the citizen in the future."""
        moment = self.cleaned_data["contacted_at"]
        if moment and moment > timezone.now():
            raise forms.ValidationError(_("This lies in the future. Give the time at which you spoke with the citizen."))
        return moment


class StageReplyForm(OrderForm):
    public_text = text_field(_("How far things are"), rows=5, most=REPLY_CHARS, help_text=_("The citizen reads exactly this."))
    contacted_at = MomentField(label=_("When did you speak with the citizen?"), required=False)


class SubDispatchForm(OrderForm):
    """A section below the unit, one of its people, or somebody in words; one of them at least."""

    unit = forms.ModelChoiceField(
        label=_("Section"), queryset=Unit.objects.none(), required=False, empty_label=_("stays with the unit itself")
    )
    staff = forms.ModelChoiceField(  # type: ignore[assignment]  # a field of the form is no attribute of its class
        label=_("Person in charge"), queryset=Staff.objects.none(), required=False, empty_label=_("nobody in particular")
    )
    to = forms.CharField(label=_("Or in words"), max_length=60, required=False)
    note = text_field(_("Note"), required=False)

    def __init__(self, *args: Any, order: WorkOrder, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, order=order, staff=staff, **kwargs)
        below = order.unit.descendants(include_self=True) if order.unit else Unit.objects.none()
        sections = Unit.objects.filter(pk__in=below.values("pk"), is_active=True).exclude(pk=order.unit_id)
        people = Staff.objects.filter(
            is_active=True, appointments__role__in=UNIT_ROLES, appointments__unit__in=below.values("pk")
        ).distinct()
        self.fields["unit"].queryset = sections.order_by("code")  # type: ignore[attr-defined]
        self.fields["staff"].queryset = people.order_by("username")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Somebody is named."""
        data = super().clean() or self.cleaned_data
        if not self.errors and not (data.get("unit") or data.get("staff") or data.get("to")):
            self.add_error("unit", _("Choose a section or a person, or write to whom it goes."))
        return data


class RefusalForm(OrderForm):
    """Not accepted: which kind it is, and where the citizen can go."""

    REASONS = (
        ("outside", _("Outside the city's jurisdiction")),
        ("emergency", _("For 110, 119, 120 or 122")),
        ("judicial", _("In court, arbitration or review")),
        ("petition", _("In the petition or disclosure procedure")),
        ("repeat", _("Repeated without new facts")),
        ("secret", _("State secret or privacy of others")),
    )
    reason = forms.ChoiceField(label=_("Why is it not accepted?"), choices=REASONS, widget=forms.RadioSelect)
    guidance = text_field(_("What the citizen is told, and where to go instead"), rows=4, most=1000)


class TransferForm(OrderForm):
    to = forms.ChoiceField(
        label=_("Transfer to"),
        choices=(
            ("110", _("110 Police")),
            ("119", _("119 Fire and rescue")),
            ("120", _("120 Ambulance")),
            ("122", _("122 Traffic accidents")),
            ("12345", _("12345 of another city")),
        ),
        widget=forms.RadioSelect,
    )
    reason = text_field(_("Reason"))


class AnswerForm(OrderForm):
    answer = text_field(_("Answer to the citizen"), rows=6, most=2000)


class MergeForm(OrderForm):
    into = forms.CharField(
        label=_("Number of the order it belongs to"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    reason = text_field(_("Reason"))

    def clean_into(self) -> WorkOrder:
        """The order behind the number, if this person may see it."""
        number = "".join(self.cleaned_data["into"].split())
        order = visible_orders(self.staff).filter(number=number).first()
        if order is None:
            raise forms.ValidationError(_("There is no order with this number that you may see."))
        return order


class CallbackForm(OrderForm):
    """What the citizen said on the telephone; `reached` no needs nothing else."""

    REASONS = (
        ("no_contact", _("Nobody contacted the citizen")),
        ("no_result", _("Nothing changed on site")),
        ("late", _("Too slow")),
        ("attitude", _("Unfriendly")),
        ("unclear", _("The reply is not clear")),
        ("demand", _("The wish goes beyond the rules")),
    )
    SCORES = (
        (5, pgettext_lazy("satisfaction", "Very satisfied")),
        (4, pgettext_lazy("satisfaction", "Satisfied")),
        (3, pgettext_lazy("satisfaction", "Fair")),
        (2, pgettext_lazy("satisfaction", "Dissatisfied")),
        (1, pgettext_lazy("satisfaction", "Very dissatisfied")),
    )
    reached = forms.TypedChoiceField(
        label=_("Reached"),
        choices=(("yes", _("Reached")), ("no", _("Not reached"))),
        coerce=lambda value: value in ("yes", "True", "true", True),
        widget=forms.RadioSelect,
    )
    solved = forms.TypedChoiceField(
        label=_("Is it solved?"),
        choices=(("yes", pgettext_lazy("solved", "Solved")), ("no", pgettext_lazy("solved", "Not solved"))),
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    satisfaction = forms.TypedChoiceField(
        label=_("How satisfied is the citizen?"),
        choices=SCORES,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    reasons = forms.MultipleChoiceField(
        label=_("What was wrong?"), choices=REASONS, required=False, widget=forms.CheckboxSelectMultiple
    )
    note = text_field(_("In the citizen's words"), required=False)

    def clean(self) -> dict[str, Any]:
        """A call that reached somebody has an outcome."""
        data = super().clean() or self.cleaned_data
        if data.get("reached") and data.get("solved") is None and data.get("satisfaction") is None:
            self.add_error(
                "satisfaction", _("Choose how satisfied the citizen is, or whether it is solved; or choose “Not reached”.")
            )
        return data


class RevealForm(OrderForm):
    FIELDS = (("phone", _("Telephone")), ("name", _("Name")), ("address", _("Address")))
    field = forms.ChoiceField(label=_("Show"), choices=FIELDS)
    reason = forms.CharField(label=_("What for?"), min_length=2, max_length=200)
