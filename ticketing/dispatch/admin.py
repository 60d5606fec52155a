"""Dispatch rules in the content admin."""

from __future__ import annotations

from django.contrib import admin

from ticketing.dispatch.models import DispatchRule
from ticketing.organisation.admin import ContentAdmin


@admin.register(DispatchRule)
class DispatchRuleAdmin(ContentAdmin):
    list_display = ("position", "name", "duty_item", "region", "to_unit", "to_item", "is_active", "switched_off_because")
    list_display_links = ("name",)
    list_filter = ("is_active",)
    search_fields = ("name", "condition", "any_keywords", "all_keywords")
    autocomplete_fields = ("duty_item", "region", "to_unit", "to_item")
    list_select_related = ("duty_item", "region", "to_unit", "to_item")
