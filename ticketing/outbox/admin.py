"""Dead letters and waiting jobs, to look at and to send again."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from ticketing.outbox import actions
from ticketing.outbox.models import Job


@admin.register(Job)
class JobAdmin(ModelAdmin):
    """Jobs are written by the platform alone; a person can only look, and try a job again."""

    list_display = ("id", "kind", "key", "state", "attempts", "run_after", "finished_at")
    list_filter = ("state", "kind")
    search_fields = ("kind", "key", "request_id")
    ordering = ("-id",)
    actions = ("try_again",)
    show_full_result_count = False

    @admin.action(description=_("Try again"), permissions=["view"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Give the chosen jobs fresh attempts."""
        jobs = list(queryset.filter(state__in=[Job.State.DEAD, Job.State.PENDING]))
        for job in jobs:
            actions.requeue(job=job)
        text = ngettext("%(count)d job will be tried again.", "%(count)d jobs will be tried again.", len(jobs))
        self.message_user(request, text % {"count": len(jobs)}, messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False
