"""Content admin: service items to look at and to put right; what a later import finds unchanged is left alone."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from ticketing.services.models import CatalogueVersion, ServiceItem


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


@admin.register(CatalogueVersion)
class CatalogueVersionAdmin(ModelAdmin):
    """Versions to look at; they change on the catalogue's pages."""

    list_display = ("number", "state", "entry_count", "note", "created_by", "published_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: CatalogueVersion | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CatalogueVersion | None = None) -> bool:
        return False
