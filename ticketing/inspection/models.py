"""Inspection on the spot (明察暗访): rounds with their places, what was found there, and the order that followed."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import DutyItem, Place, Unit
from ticketing.organisation.roles import Role

RUNNERS = frozenset({Role.SUPERVISOR, Role.SHIFT_LEADER})  # plan rounds and open orders from findings
READERS = RUNNERS | {Role.QUALITY, Role.LEADER, Role.INSPECTOR}  # read rounds; those named in a round record what they find


class InspectionRound(models.Model):
    """One round: a topic, a period, the people who go, the places they go to."""

    class Kind(models.TextChoices):
        OPEN = "open", _("Announced visit")
        COVERT = "covert", _("Unannounced visit")

    class Phase(models.TextChoices):
        PLANNED = "planned", _("Planned")
        RUNNING = "running", _("Under way")
        LATE = "late", _("Past its period")
        ENDED = "ended", _("Ended")

    title = models.CharField(_("title"), max_length=80)
    topic = models.TextField(_("what to look at"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.COVERT)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    inspectors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name=_("inspectors"))
    planned_by = models.CharField(_("planned by"), max_length=60)
    planned_at = models.DateTimeField(_("planned"))
    summary = models.TextField(_("summary"), blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("inspection round")
        verbose_name_plural = _("inspection rounds")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_on__gte=models.F("starts_on")), name="round_ends_after_start")
        ]

    def __str__(self) -> str:
        return self.title

    def phase(self, today: date) -> Phase:
        """Where the round stands on a day of the city."""
        if self.ended_at is not None:
            return self.Phase.ENDED
        if today < self.starts_on:
            return self.Phase.PLANNED
        return self.Phase.RUNNING if today <= self.ends_on else self.Phase.LATE


class RoundPlace(models.Model):
    """A place of a round: where to go, which unit answers for it, and what the visit came to."""

    round = models.ForeignKey(InspectionRound, on_delete=models.CASCADE, related_name="places", verbose_name=_("round"))
    name = models.CharField(_("place"), max_length=80)
    address = models.CharField(_("address"), max_length=200, blank=True)
    place = models.ForeignKey(
        Place, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("place on the map")
    )
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("unit that is visited")
    )
    visited_at = models.DateTimeField(_("visited"), null=True, blank=True)
    visited_by = models.CharField(_("visited by"), max_length=60, blank=True)
    note = models.CharField(_("how it was"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("place of a round")
        verbose_name_plural = _("places of a round")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["round", "name"], name="one_place_per_round_and_name")]

    def __str__(self) -> str:
        return self.name


class Finding(models.Model):
    """Something wrong that was seen at a place; an order opened from it puts it right."""

    place = models.ForeignKey(RoundPlace, on_delete=models.PROTECT, related_name="findings", verbose_name=_("place"))
    text = models.TextField(_("what was found"))
    duty_item = models.ForeignKey(
        DutyItem, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("duty item")
    )
    found_by = models.CharField(_("found by"), max_length=60)
    found_at = models.DateTimeField(_("found"))
    order = models.OneToOneField(
        WorkOrder, null=True, blank=True, on_delete=models.PROTECT, related_name="inspection_finding", verbose_name=_("order")
    )

    class Meta:
        verbose_name = _("inspection finding")
        verbose_name_plural = _("inspection findings")
        ordering = ["-found_at", "-pk"]

    def __str__(self) -> str:
        return self.text[:40]


class FindingPhoto(models.Model):
    """A photo or document of a finding, with its hash."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="photos", verbose_name=_("finding"))
    file = models.FileField(_("file"), upload_to="inspection/%Y/%m")
    name = models.CharField(_("name"), max_length=120)
    content_type = models.CharField(_("type"), max_length=60)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("photo of a finding")
        verbose_name_plural = _("photos of a finding")
        ordering = ["pk"]


from ticketing.inspection.watch_models import Alert, AlertRule, WatchCard  # noqa: E402  (Django looks for models here)

__all__ = [
    "READERS",
    "RUNNERS",
    "Alert",
    "AlertRule",
    "Finding",
    "FindingPhoto",
    "InspectionRound",
    "RoundPlace",
    "WatchCard",
]
