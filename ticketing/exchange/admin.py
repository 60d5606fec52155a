"""What came in and went out, to look at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from ticketing.exchange.models import ExportLog, ImportRun


class _ReadOnly(ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(ExportLog)
class ExportLogAdmin(_ReadOnly):
    list_display = ("mark", "kind", "staff_name", "role", "unit_name", "rows", "state", "downloads", "at")
    list_filter = ("kind", "state", "role")
    search_fields = ("staff_name", "unit_name", "request_id")


@admin.register(ImportRun)
class ImportRunAdmin(_ReadOnly):
    list_display = ("file_name", "kind", "state", "done", "total", "created", "changed", "unchanged", "rejected", "created_at")
    list_filter = ("kind", "state")
    search_fields = ("file_name", "sha256")
