"""Score sheets in the content admin."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import TabularInline

from hotline.quality.models import ScoreSheet, SheetItem
from ticketing.organisation.admin import ContentAdmin


class SheetItemInline(TabularInline):
    model = SheetItem
    extra = 1
    can_delete = False  # marks stand on items: switch them off


@admin.register(ScoreSheet)
class ScoreSheetAdmin(ContentAdmin):
    list_display = ("code", "name_zh", "pass_mark", "is_active")
    list_filter = ("is_active",)
    search_fields = ("code", "name_zh", "name_en")
    inlines = (SheetItemInline,)
