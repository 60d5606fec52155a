"""Notice templates in the content admin."""

from __future__ import annotations

from django.contrib import admin

from ticketing.notices.models import CallbackScript, NoticeTemplate
from ticketing.organisation.admin import ContentAdmin


@admin.register(NoticeTemplate)
class NoticeTemplateAdmin(ContentAdmin):
    list_display = ("code", "channel", "text_zh", "is_active")
    list_filter = ("channel", "is_active")
    search_fields = ("code", "text_zh", "text_en")


@admin.register(CallbackScript)
class CallbackScriptAdmin(ContentAdmin):
    list_display = ("code", "order_type", "redone", "text_zh", "is_active")
    list_filter = ("is_active", "order_type")
    search_fields = ("code", "text_zh", "text_en")
