"""Lines are content and can be changed here; recordings and incidents can only be looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from hotline.voice.models import Incident, Line, Recording
from ticketing.organisation.admin import ContentAdmin


@admin.register(Line)
class LineAdmin(ContentAdmin):
    """Hotline numbers: greeting, hours, who answers first."""

    list_display = ("number", "name", "merge_form", "hours", "answer_first", "active")
    list_filter = ("answer_first", "active", "merge_form")
    search_fields = ("number", "name")


class ReadOnlyAdmin(ModelAdmin):
    """Written by the platform alone."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Recording)
class RecordingAdmin(ReadOnlyAdmin):
    """Calls' recordings without their content: length, hash, gaps, retention."""

    list_display = ("id", "conversation", "state", "ms", "retention_until", "started_at")
    list_filter = ("state",)
    exclude = ("late_text",)


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """What was refused or tolerated on the wire."""

    list_display = ("at", "kind", "detail", "external_id", "conversation")
    list_filter = ("kind",)
