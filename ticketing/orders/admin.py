"""What content staff edit about orders. Orders themselves change through their verbs alone."""

from __future__ import annotations

from django.contrib import admin

from ticketing.orders.models import ReplyAuthority, ReplyCheck, ReturnReason
from ticketing.organisation.admin import ContentAdmin


@admin.register(ReturnReason)
class ReturnReasonAdmin(ContentAdmin):
    list_display = ("code", "name_zh", "name_en", "needs_unit", "needs_evidence", "is_active", "position")
    list_filter = ("is_active",)
    search_fields = ("code", "name_zh")


@admin.register(ReplyCheck)
class ReplyCheckAdmin(ContentAdmin):
    list_display = ("code", "name_zh", "name_en", "required", "is_active", "position")
    list_filter = ("is_active", "required")
    search_fields = ("code", "name_zh")


@admin.register(ReplyAuthority)
class ReplyAuthorityAdmin(ContentAdmin):
    list_display = ("unit", "staff", "document", "is_active")
    list_filter = ("is_active",)
    autocomplete_fields = ("unit", "staff", "order_types")
    search_fields = ("unit__name", "staff__display_name", "document")
