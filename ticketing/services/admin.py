"""Content admin: service items to look at and to put right; what a later import finds unchanged is left alone."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from ticketing.services.models import ServiceItem


@admin.register(ServiceItem)
class ServiceItemAdmin(ModelAdmin):
    """Found by code and name, filtered by kind and by whether a unit is linked."""

    list_display = ("code", "name", "kind", "department", "unit", "promised_limit", "is_active")
    list_filter = ("kind", "level", ("unit", admin.EmptyFieldListFilter), "is_active")
    search_fields = ("code", "name", "department", "catalogue_code")
    list_select_related = ("unit",)
    autocomplete_fields = ("unit",)
    readonly_fields = ("code", "doubts", "imported_at")
    show_full_result_count = False
