"""The components: colour, word and shape together; exact moments; fields tied to their errors."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation


def render(source: str, **context: object) -> str:
    with translation.override("en"):
        return Template("{% load ui %}" + source).render(Context({"request": RequestFactory().get("/x/?a=1&page=2"), **context}))


def test_a_state_has_colour_word_and_shape() -> None:
    html = render('{% badge "Overdue" "overdue" %}')
    assert "state-overdue" in html and "shape-overdue" in html and "Overdue" in html


def test_an_unknown_meaning_is_normal() -> None:
    assert "state-normal" in render('{% badge "x" "purple" %}')


def test_text_is_escaped() -> None:
    html = render("{% badge words %}{% order_number words %}{% masked words %}", words="<script>")
    assert "<script>" not in html


def test_a_clock_says_how_long_by_which_measure_and_exactly_when() -> None:
    due = timezone.now() + timedelta(days=3)
    html = render("{% clock due left 'soon' True 8 %}", due=due, left=timedelta(hours=12))
    assert "1 day 4 hours left" in html and "(working time)" in html and "title=" in html and "print-only" in html
    late = render("{% clock due left %}", due=due, left=timedelta(hours=-2))
    assert "2 hours overdue" in late and "clock-overdue" in late
    just = render("{% clock due left 'overdue' %}", due=due, left=timedelta(0))
    assert "overdue" in just and " left" not in just
    assert "paused" in render("{% clock due left 'normal' True 8 True %}", due=due, left=timedelta(hours=1))
    assert "provisional" in render("{% clock due left 'normal' True 8 False True %}", due=due, left=timedelta(hours=1))
    assert "no time limit" in render("{% clock due %}", due=None)


def test_a_copied_number_has_no_blanks() -> None:
    html = render('{% order_number "261122000173" %}')
    assert "261122000173" in html.replace("<span>", "").replace("</span>", "")


class SomeForm(forms.Form):
    name = forms.CharField(label="Name", help_text="as on the card")
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A")], widget=forms.RadioSelect)
    agree = forms.BooleanField(label="I agree")
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)


def test_a_field_is_tied_to_its_help_and_error_and_keeps_what_was_typed() -> None:
    form = SomeForm({"name": "", "note": "typed text"})
    form.is_valid()
    html = render("{% form_errors form %}{% for f in form %}{% field f %}{% endfor %}", form=form)
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert "typed text" in html
    assert "<fieldset" in html and "<legend>Kind" in html
    assert "(may be left empty)" in html
    assert 'href="#id_name"' in html and 'role="alert"' in html


def test_the_query_string_keeps_what_is_not_changed() -> None:
    assert render("{% query_with page=3 %}") in ("a=1&amp;page=3", "a=1&page=3")
    assert render("{% query_with page=None %}") == "a=1"


@pytest.mark.parametrize("name", ["check", "phone"])
def test_icons_are_hidden_unless_they_speak(name: str) -> None:
    assert 'aria-hidden="true"' in render(f'{{% icon "{name}" %}}')
    assert 'role="img" aria-label="Call"' in render(f'{{% icon "{name}" label="Call" %}}')


def test_progress_names_the_present_step() -> None:
    steps = [
        {"label": "Received", "state": "done"},
        {"label": "In process", "state": "now"},
        {"label": "Closed", "state": "todo"},
    ]
    html = render("{% progress steps %}", steps=steps)
    assert html.count('aria-current="step"') == 1 and "(done)" in html
