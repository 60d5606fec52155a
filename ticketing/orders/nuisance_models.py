"""Malicious repeated callers: what was recorded, how it was reviewed, and to which police station it went."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.citizens.models import Citizen
from ticketing.citizens.sealing import SealedTextField


class NuisanceCase(models.Model):
    """One caller recorded as malicious. Nobody is refused service by it: an emergency always gets through."""

    class Kind(models.TextChoices):
        ABUSE = "abuse", _("Insults or threats")
        FALSE = "false", _("Invented matters")
        FLOOD = "flood", _("Calls without end")
        HARASSMENT = "harassment", _("Harassment of a seat agent")

    class Status(models.TextChoices):
        RECORDED = "recorded", _("To be reviewed")
        CONFIRMED = "confirmed", _("Confirmed")
        DISMISSED = "dismissed", _("Dismissed")
        HANDED_OVER = "handed_over", _("Handed over to the police")

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="nuisance_cases", verbose_name=_("citizen"))
    order = models.ForeignKey(
        "orders.WorkOrder", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    note = SealedTextField(_("what happened"))
    contacts = models.PositiveIntegerField(_("orders in 30 days"), default=0)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.RECORDED)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"))
    reviewed_by = models.CharField(_("reviewed by"), max_length=60, blank=True)
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)
    review = SealedTextField(_("reason of the review"), blank=True)
    police_station = models.CharField(_("police station"), max_length=80, blank=True)
    police_receipt = models.CharField(_("receipt number"), max_length=60, blank=True)
    handed_over_by = models.CharField(_("handed over by"), max_length=60, blank=True)
    handed_over_at = models.DateTimeField(_("handed over"), null=True, blank=True)

    class Meta:
        verbose_name = _("malicious caller")
        verbose_name_plural = _("malicious callers")
        ordering = ["-recorded_at"]
        indexes = [models.Index(fields=["status", "-recorded_at"], name="nuisance_status")]
        constraints = [
            models.UniqueConstraint(fields=["citizen"], condition=models.Q(status="recorded"), name="one_nuisance_under_review")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
