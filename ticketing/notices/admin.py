"""Notice templates in the content admin."""

from __future__ import annotations

from django.contrib import admin

from ticketing.notices.models import NoticeTemplate
from ticketing.organisation.admin import ContentAdmin


@admin.register(NoticeTemplate)
class NoticeTemplateAdmin(ContentAdmin):
    list_display = ("code", "channel", "text_zh", "is_active")
    list_filter = ("channel", "is_active")
    search_fields = ("code", "text_zh", "text_en")
