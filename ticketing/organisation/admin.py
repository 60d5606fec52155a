"""The content admin of the organisation. Rows are switched off rather than deleted once something stands on them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, Model, ProtectedError, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from ticketing.organisation import actions
from ticketing.organisation.models import (
    Appointment,
    CalendarDay,
    DutyCategory,
    DutyItem,
    DutyQuestion,
    OrderType,
    Place,
    Region,
    Staff,
    Unit,
    WorkCalendar,
)

admin.site.unregister(Group)  # roles are appointments; groups would be a second truth


class ContentAdmin(ModelAdmin):
    """Base of every content page: saving and deleting go through the verbs, nothing is deleted in bulk."""

    list_per_page = 50
    show_full_result_count = False
    warn_unsaved_form = True

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without the bulk deletion."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        """Save through the verb."""
        actions.save_content(row=obj)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete through the verb; what other rows stand on stays and is said."""
        try:
            actions.delete_content(row=obj)
        except ProtectedError:
            self.message_user(request, _("Other rows stand on this one: switch it off instead."), messages.ERROR)


@admin.register(Region)
class RegionAdmin(ContentAdmin):
    list_display = ("code", "name", "level", "kind", "parent")
    list_filter = ("level",)
    search_fields = ("code", "name")
    autocomplete_fields = ("parent",)
    list_select_related = ("parent",)


@admin.register(Unit)
class UnitAdmin(ContentAdmin):
    list_display = ("code", "name", "level", "kind", "parent", "line", "accepts_orders", "is_active")
    list_filter = ("level", "kind", "accepts_orders", "is_active")
    search_fields = ("code", "name", "short_name")
    autocomplete_fields = ("parent", "line", "region", "calendar")
    list_select_related = ("parent", "line")


@admin.register(Place)
class PlaceAdmin(ContentAdmin):
    list_display = ("name", "kind", "region", "spoken", "code")
    list_filter = ("kind", "spoken")
    search_fields = ("code", "name", "aliases")
    autocomplete_fields = ("region",)
    list_select_related = ("region",)


@admin.register(OrderType)
class OrderTypeAdmin(ContentAdmin):
    list_display = ("code", "name_zh", "name_en", "position", "sealed_by_default", "counts_for_satisfaction")
    search_fields = ("code", "name_zh", "name_en")


@admin.register(DutyCategory)
class DutyCategoryAdmin(ContentAdmin):
    list_display = ("code", "name", "name_en", "parent", "item_count")
    search_fields = ("code", "name", "name_en")
    autocomplete_fields = ("parent",)
    list_select_related = ("parent",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DutyCategory]:
        """Each category with the number of its items."""
        return super().get_queryset(request).annotate(items_here=Count("items"))

    @admin.display(description=_("duty items"), ordering="items_here")
    def item_count(self, row: Any) -> int:
        """How many items hang on the category itself."""
        return int(row.items_here)


class QuestionInline(TabularInline):
    model = DutyQuestion
    extra = 0
    fields = ("position", "slot", "kind", "prompt_zh", "prompt_en", "required", "choices")


@admin.register(DutyItem)
class DutyItemAdmin(ContentAdmin):
    list_display = ("code", "name", "category", "order_type", "owner", "acts_at", "promised_limit", "urgency", "is_active")
    list_filter = ("acts_at", "order_type", "urgency", "is_active")
    search_fields = ("code", "name", "name_en", "keywords")
    autocomplete_fields = ("category", "owner", "order_type")
    list_select_related = ("category", "order_type", "owner")
    inlines = (QuestionInline,)


class DayInline(TabularInline):
    model = CalendarDay
    extra = 0
    fields = ("date", "kind", "name", "windows", "provisional")


@admin.register(WorkCalendar)
class WorkCalendarAdmin(ContentAdmin):
    list_display = ("code", "name", "is_default")
    search_fields = ("code", "name")
    inlines = (DayInline,)


class AppointmentInline(TabularInline):
    model = Appointment
    extra = 0
    autocomplete_fields = ("unit",)


@admin.register(Staff)
class StaffAdmin(UserAdmin, ContentAdmin):
    """Accounts and the roles held; passwords are set on their own page."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "display_name", "employee_number", "unit", "is_active", "last_login")
    list_filter = ("is_active", "appointments__role")
    search_fields = ("username", "display_name", "employee_number")
    autocomplete_fields = ("unit",)
    list_select_related = ("unit",)
    filter_horizontal = ()
    ordering = ("username",)
    inlines = (AppointmentInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("display_name", "employee_number", "unit", "skills", "email")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("username", "display_name", "unit", "usable_password", "password1", "password2")},
        ),
    )
