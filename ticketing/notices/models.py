"""What the platform tells people, in their language, over the ways out it has."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.citizens.sealing import SealedTextField
from ticketing.orders.models import OrderEvent, WorkOrder
from ticketing.organisation.models import OrderType


class NoticeTemplate(models.Model):
    """Words of one notice for one channel; {braces} are filled from the order."""

    code = models.SlugField(_("code"), max_length=40)
    channel = models.CharField(_("channel"), max_length=10)  # sms, voice, mail, desk
    text_zh = models.TextField(_("text (Chinese)"))
    text_en = models.TextField(_("text (English)"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("notice template")
        verbose_name_plural = _("notice templates")
        constraints = [models.UniqueConstraint(fields=["code", "channel"], name="one_template_per_code_and_channel")]

    def __str__(self) -> str:
        return f"{self.code} ({self.channel})"


class Notice(models.Model):
    """One notice to one recipient. Recipient and body are sealed; the rest may be counted."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    template = models.ForeignKey(NoticeTemplate, on_delete=models.PROTECT, verbose_name=_("template"))
    event = models.ForeignKey(
        OrderEvent, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("after the event")
    )
    order_number = models.CharField(_("order number"), max_length=12, db_index=True)
    recipient = SealedTextField(_("recipient"))
    body = SealedTextField(_("text"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    adapter = models.CharField(_("sent by"), max_length=20, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "template"], name="one_notice_per_event_and_template")]
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at"]


class CallbackScript(models.Model):
    """What the call-back agent says (话术); {braces} are filled from the order. The most particular script wins."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    order_type = models.ForeignKey(
        OrderType, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("order type")
    )
    redone = models.BooleanField(_("for orders that were redone"), default=False)
    text_zh = models.TextField(_("text (Chinese)"))
    text_en = models.TextField(_("text (English)"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("call-back script")
        verbose_name_plural = _("call-back scripts")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Survey(models.Model):
    """A text message that asks how satisfied the citizen is; answered by a link or by a digit in reply."""

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="surveys", verbose_name=_("order"))
    phone_index = models.CharField(max_length=64, db_index=True, editable=False)
    asked_by = models.CharField(_("asked by"), max_length=60)
    last_try = models.BooleanField(_("after calls in vain"), default=False)  # unanswered, it closes the order
    sent_at = models.DateTimeField(_("sent"))
    open_until = models.DateTimeField(_("open until"))
    score = models.PositiveSmallIntegerField(_("score, 1 to 5"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)  # answered, lapsed, or overtaken by a call

    class Meta:
        verbose_name = _("satisfaction survey")
        verbose_name_plural = _("satisfaction surveys")
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=models.Q(ended_at=None), name="one_open_survey_per_order")
        ]


class DailyNotice(models.Model):
    """The supervisor's notice of one day (每日通报): figures by unit, late and returned orders, as they stood then."""

    day = models.DateField(_("day"), unique=True)
    made_at = models.DateTimeField(_("made"))
    made_by = models.CharField(_("made by"), max_length=60)
    rows = models.JSONField(_("figures by unit"), default=list)  # [{unit, code, dispatched, signed, ...}]
    late = models.JSONField(_("late orders"), default=list)  # numbers, the longest overdue first
    returned = models.JSONField(_("returned orders"), default=list)  # numbers

    class Meta:
        verbose_name = _("daily notice")
        verbose_name_plural = _("daily notices")
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"

    @property
    def totals(self) -> dict[str, int]:
        """The sums over all units."""
        return {name: sum(row[name] for row in self.rows) for name in FIGURES}


FIGURES = ("dispatched", "signed", "replied", "closed", "returned", "redone", "late")
