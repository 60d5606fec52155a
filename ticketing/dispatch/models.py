"""Rules that staff edit, and every decision that was taken with the candidates and reasons it was taken on."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import DutyItem, Region, Unit


class DispatchRule(models.Model):
    """If the words, the item and the region fit, the order is this unit's (or this item's). Lower position wins."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    position = models.PositiveIntegerField(_("position"), default=100)
    any_keywords = models.JSONField(_("any of these words"), default=list, blank=True)
    all_keywords = models.JSONField(_("all of these words"), default=list, blank=True)
    duty_item = models.ForeignKey(
        DutyItem, null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("for the duty item")
    )
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.CASCADE, verbose_name=_("in the region"))
    to_unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.CASCADE, verbose_name=_("to the unit"))
    to_item = models.ForeignKey(
        DutyItem, null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("as the duty item")
    )
    is_active = models.BooleanField(_("active"), default=True)
    switched_off_because = models.CharField(_("switched off because"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("dispatch rule")
        verbose_name_plural = _("dispatch rules")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class Decision(models.Model):
    """One dispatch decision: the candidates with their reasons as they stood, and who chose."""

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="decisions", verbose_name=_("order"))
    candidates = models.JSONField(_("candidates"))  # [{unit, unit_name, score, reasons: [{kind, text, weight}]}], best first
    automatic = models.BooleanField(_("automatic"))
    chosen_unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("chosen unit"))
    explanation = models.CharField(_("explanation"), max_length=300, blank=True)
    duration_ms = models.FloatField(_("time taken, ms"), default=0)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("dispatch decision")
        verbose_name_plural = _("dispatch decisions")
        ordering = ["-at"]
