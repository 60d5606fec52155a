"""Time limits and running clocks. A clock keeps what it was started with, so that its working can be shown for ever."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.organisation.models import DutyItem, Level, OrderType, Urgency, WorkCalendar


class ClockKind(models.TextChoices):
    SIGN = "sign", _("Signature")
    CONTACT = "contact", _("First contact")
    HANDLE = "handle", _("Handling")
    RETURN = "return", _("Return")
    REPLY_REVIEW = "reply_review", _("Review of the reply")
    CALLBACK = "callback", _("Call-back")
    ASSIST = "assist", _("Assistance")


class TimeLimit(models.Model):
    """A limit for a kind of clock; the most specific row that fits wins (item, then type and urgency, then level)."""

    class Measure(models.TextChoices):
        MINUTES = "minutes", _("minutes")
        WORKING_HOURS = "working_hours", _("working hours")
        WORKING_DAYS = "working_days", _("working days")
        NATURAL_DAYS = "natural_days", _("natural days")

    kind = models.CharField(_("clock"), max_length=12, choices=ClockKind)
    order_type = models.ForeignKey(OrderType, null=True, blank=True, on_delete=models.CASCADE, verbose_name=_("type"))
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency, blank=True)
    level = models.CharField(_("unit level"), max_length=10, choices=Level, blank=True)
    duty_item = models.ForeignKey(DutyItem, null=True, blank=True, on_delete=models.CASCADE, verbose_name=_("duty item"))
    value = models.PositiveIntegerField(_("value"))
    measure = models.CharField(_("measure"), max_length=14, choices=Measure)
    warn_fraction = models.FloatField(_("warn when this share is used"), default=0.75)

    class Meta:
        verbose_name = _("time limit")
        verbose_name_plural = _("time limits")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value} {self.get_measure_display()}"


class Clock(models.Model):
    """One running or stopped clock of one order, referred to by number so that this room knows nothing of orders."""

    order_number = models.CharField(_("order number"), max_length=12, db_index=True)
    kind = models.CharField(_("clock"), max_length=12, choices=ClockKind)
    round = models.PositiveSmallIntegerField(_("round"), default=1)  # rises with every redo or reassignment
    unit_id_ref = models.BigIntegerField(_("unit"), null=True, blank=True)
    calendar = models.ForeignKey(WorkCalendar, on_delete=models.PROTECT, verbose_name=_("calendar"))
    value = models.PositiveIntegerField(_("value"))
    measure = models.CharField(_("measure"), max_length=14, choices=TimeLimit.Measure)
    limit_source = models.CharField(_("where the limit comes from"), max_length=120)
    warn_fraction = models.FloatField(default=0.75)
    started_at = models.DateTimeField(_("started"))
    due_at = models.DateTimeField(_("due"))
    warn_at = models.DateTimeField(_("warning"))
    provisional = models.BooleanField(_("uses provisional holidays"), default=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    warned_at = models.DateTimeField(_("warned"), null=True, blank=True)
    overdue_at = models.DateTimeField(_("marked overdue"), null=True, blank=True)

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        constraints = [models.UniqueConstraint(fields=["order_number", "kind", "round"], name="one_clock_per_kind_and_round")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(stopped_at=None, overdue_at=None), name="clock_running_due"),
            models.Index(fields=["warn_at"], condition=models.Q(stopped_at=None, warned_at=None), name="clock_running_warn"),
        ]


class Pause(models.Model):
    """A stretch in which a clock did not run (挂起); half-open."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="pauses", verbose_name=_("clock"))
    started_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("to"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["started_at"]
