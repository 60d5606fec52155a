"""Telephone lines in the content admin."""

from __future__ import annotations

from django.contrib import admin

from hotline.voice.models import Line
from ticketing.organisation.admin import ContentAdmin


@admin.register(Line)
class LineAdmin(ContentAdmin):
    list_display = ("number", "name", "merge_form", "hours", "answer_first", "active")
    list_filter = ("answer_first", "merge_form", "active")
    search_fields = ("number", "name")
