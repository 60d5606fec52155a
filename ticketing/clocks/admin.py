"""The table of limits in the content admin."""

from __future__ import annotations

from django.contrib import admin

from ticketing.clocks.models import TimeLimit
from ticketing.organisation.admin import ContentAdmin


@admin.register(TimeLimit)
class TimeLimitAdmin(ContentAdmin):
    """A change reaches this process at once, others within a minute; running clocks keep what they were started with."""

    list_display = ("kind", "order_type", "urgency", "level", "category", "duty_item", "value", "measure", "end_day_included")
    list_filter = ("kind", "urgency", "level", "order_type")
    search_fields = ("kind", "duty_item__code", "duty_item__name")
    autocomplete_fields = ("order_type", "category", "duty_item")
    list_select_related = ("order_type", "category", "duty_item")
