"""Forms of the knowledge desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from search.content import ANSWER_CHARS, KEYWORD_CHARS, QUESTION_CHARS, TITLE_CHARS, ArticleContent, Fact
from search.models import ArticleVersion, Kind


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


class _Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DraftForm(forms.Form):
    """A version as an editor writes it; lists are one entry a line."""

    title = forms.CharField(label=_("Title"), max_length=TITLE_CHARS)
    category = forms.CharField(label=_("Category"), max_length=120, help_text=_("Path, parts parted by /"))
    kind = forms.ChoiceField(label=_("Kind"), choices=Kind.choices, initial=Kind.FAQ)
    questions = forms.CharField(
        label=_("How people ask"),
        widget=forms.Textarea,
        required=False,
        help_text=_("One way of asking a line, in the words of citizens, at most %(n)d characters") % {"n": QUESTION_CHARS},
    )
    answer = forms.CharField(
        label=_("Answer"),
        widget=forms.Textarea,
        max_length=ANSWER_CHARS,
        help_text=_("Two or three sentences that can be read to a citizen as they are"),
    )
    body = forms.CharField(label=_("Full text"), widget=forms.Textarea, required=False)
    keywords = forms.CharField(
        label=_("Keywords"),
        widget=forms.Textarea,
        required=False,
        help_text=_("One a line, at most %(n)d characters each") % {"n": KEYWORD_CHARS},
    )
    owner = forms.CharField(label=_("Responsible function"), max_length=60, required=False)
    duty_items = forms.CharField(label=_("Duty items"), widget=forms.Textarea, required=False, help_text=_("Codes, one a line"))
    regions = forms.CharField(
        label=_("Regions"), widget=forms.Textarea, required=False, help_text=_("Codes, one a line; empty means everywhere")
    )
    valid_from = forms.DateField(label=_("Valid from"), required=False, widget=_Day)
    valid_to = forms.DateField(label=_("Last day of validity"), required=False, widget=_Day)
    review_by = forms.DateField(label=_("To be checked again by"), required=False, widget=_Day)
    public = forms.BooleanField(label=_("Open to citizens"), required=False, initial=True)

    def content(self, facts: tuple[Fact, ...]) -> ArticleContent:
        """The checked fields as content; its own rules are checked by the verb."""
        data = self.cleaned_data
        lists: dict[str, Any] = {name: _lines(data[name]) for name in ("questions", "keywords", "duty_items", "regions")}
        plain = ("category", "title", "answer", "kind", "body", "owner", "public", "valid_from", "valid_to", "review_by")
        return ArticleContent(**lists, facts=facts, **{name: data[name] for name in plain})


class FactForm(forms.Form):
    """One source fact; an empty row is left out."""

    text = forms.CharField(label=_("Fact"), required=False, widget=forms.Textarea)
    law = forms.CharField(label=_("Law or document"), max_length=160, required=False)
    article = forms.CharField(label=_("Article of the law"), max_length=80, required=False)
    document_number = forms.CharField(label=_("Document number"), max_length=80, required=False)
    date = forms.DateField(label=_("Date of the document"), required=False, widget=_Day)
    url = forms.URLField(label=_("Web address"), max_length=300, required=False, assume_scheme="https")


FactFormSet = forms.formset_factory(FactForm, extra=2, max_num=40, absolute_max=40)


def facts_of(formset: forms.BaseFormSet) -> tuple[Fact, ...]:
    """Facts of the rows that are filled in."""
    rows = [form.cleaned_data for form in formset.forms if form.cleaned_data.get("text") or form.cleaned_data.get("law")]
    names = ("text", "law", "article", "document_number", "url")
    return tuple(Fact(date=row.get("date"), **{name: row.get(name) or "" for name in names}) for row in rows)


def initial_of(version: ArticleVersion) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the two forms show for a version."""
    lists = {name: "\n".join(getattr(version, name)) for name in ("questions", "keywords", "duty_items", "regions")}
    plain = ("category", "title", "answer", "kind", "body", "owner", "public", "valid_from", "valid_to", "review_by")
    facts: list[Any] = list(version.facts.values("text", "law", "article", "document_number", "date", "url"))
    return {**lists, **{name: getattr(version, name) for name in plain}}, facts
