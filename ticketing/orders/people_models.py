"""What people are given in writing: to handle sealed reports, to sign replies."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.organisation.models import OrderType, Unit


class SealedHandler(models.Model):
    """One person named, in writing, to handle sealed reports: all of them, or those with one unit and what lies below it."""

    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sealed_namings", verbose_name=_("staff member")
    )
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("unit"))
    document = models.CharField(_("document"), max_length=120)
    named_by = models.CharField(_("named by"), max_length=60)
    named_at = models.DateTimeField(_("named"))
    ended_by = models.CharField(_("ended by"), max_length=60, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("handler of sealed reports")
        verbose_name_plural = _("handlers of sealed reports")
        ordering = ["-named_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "unit"], condition=models.Q(ended_at=None, unit__isnull=False), name="one_naming_for_a_unit"
            ),
            models.UniqueConstraint(fields=["staff"], condition=models.Q(ended_at=None, unit=None), name="one_naming_for_all"),
        ]

    def __str__(self) -> str:
        return f"{self.staff} · {self.unit or ''}"


class ReplyAuthority(models.Model):
    """A written authority: who may sign a unit's replies, for which order types (none named: for all)."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="authorities", verbose_name=_("unit"))
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="authorities", verbose_name=_("staff member")
    )
    order_types = models.ManyToManyField(OrderType, blank=True, verbose_name=_("order types"))
    document = models.CharField(_("document"), max_length=120, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("reply authority")
        verbose_name_plural = _("reply authorities")
        constraints = [models.UniqueConstraint(fields=["unit", "staff"], name="one_authority_per_person")]
