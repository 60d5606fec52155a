"""The watch from outside the hotline (监察): alert rules, the alerts they raise, and cards of its own."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.orders.models import Card, Contestable, WorkOrder
from ticketing.organisation.models import Unit
from ticketing.organisation.roles import UNIT_ROLES, Role

WATCHERS = frozenset({Role.INSPECTOR})  # the only ones who write here
CARD_READERS = frozenset(WATCHERS | UNIT_ROLES | {Role.SUPERVISOR, Role.SHIFT_LEADER, Role.LEADER})


class AlertRule(models.Model):
    """When the watch wants to be told. The inspectors keep these rules; nobody of the hotline changes them."""

    class Kind(models.TextChoices):
        OVERDUE = "overdue", _("Overdue by working hours")
        RETURNED = "returned", _("Returned so many times")
        REDONE = "redone", _("Redone so many times")
        URGED = "urged", _("Urged so many times")
        DISSATISFIED = "dissatisfied", _("Share of dissatisfied citizens of a unit, %")

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=14, choices=Kind)
    threshold = models.PositiveIntegerField(_("from"))  # working hours, times, or per cent, by kind
    days = models.PositiveSmallIntegerField(_("days looked back"), default=30)
    minimum = models.PositiveSmallIntegerField(_("least number of answers"), default=10)
    is_active = models.BooleanField(_("active"), default=True)
    changed_by = models.CharField(_("changed by"), max_length=60, blank=True)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        ordering = ["kind", "threshold"]

    def __str__(self) -> str:
        return self.name


class Alert(models.Model):
    """What a rule found: one for each rule and subject, whoever runs the check and however often."""

    rule = models.ForeignKey(AlertRule, on_delete=models.PROTECT, related_name="alerts", verbose_name=_("rule"))
    key = models.CharField(max_length=60)  # the order's number, or unit and month
    order = models.ForeignKey(
        WorkOrder, null=True, blank=True, on_delete=models.PROTECT, related_name="watch_alerts", verbose_name=_("order")
    )
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="watch_alerts", verbose_name=_("unit")
    )
    figure = models.PositiveIntegerField(_("figure"))  # in the measure of the rule's kind
    raised_at = models.DateTimeField(_("raised"))
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_by = models.CharField(_("acknowledged by"), max_length=60, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-raised_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["rule", "key"], name="one_alert_per_rule_and_subject")]
        indexes = [models.Index(fields=["acknowledged_at", "-raised_at"], name="alert_open")]


class WatchCard(Contestable):
    """A yellow or red card of the watch against a unit; the hotline's roles can neither change nor revoke it."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="watch_cards", verbose_name=_("unit"))
    order = models.ForeignKey(
        WorkOrder, null=True, blank=True, on_delete=models.PROTECT, related_name="watch_cards", verbose_name=_("order")
    )
    alert = models.ForeignKey(
        Alert, null=True, blank=True, on_delete=models.PROTECT, related_name="cards", verbose_name=_("alert")
    )
    colour = models.CharField(_("colour"), max_length=10, choices=Card.Colour)
    reason = models.TextField(_("reason"))
    appealed_by = models.CharField(_("appealed by"), max_length=60, blank=True)
    appealed_at = models.DateTimeField(_("appealed"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=60, blank=True)

    class Meta(Contestable.Meta):
        abstract = False
        verbose_name = _("card of the watch")
        verbose_name_plural = _("cards of the watch")
        ordering = ["-issued_at", "-pk"]
        indexes = [models.Index(fields=["unit", "status"], name="watch_card_unit")]
