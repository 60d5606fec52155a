"""What people hold beside orders: namings and authorities in writing, templates, and what they typed so far."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.citizens.sealing import SealedTextField
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


class ReplyTemplate(models.Model):
    """Words that a unit's people begin a reply with: the unit's own, shared, or one person's."""

    name = models.CharField(_("name"), max_length=40)
    text = models.TextField(_("text"))
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("shared within the unit")
    )
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("written by"))
    updated_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("reply template")
        verbose_name_plural = _("reply templates")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class TypedDraft(models.Model):
    """What a person has typed into the form of one action and not sent yet. It may quote the citizen, so it is sealed."""

    order = models.ForeignKey("orders.WorkOrder", on_delete=models.CASCADE, related_name="+")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.SlugField(max_length=30)
    data = SealedTextField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("typed draft")
        verbose_name_plural = _("typed drafts")
        constraints = [models.UniqueConstraint(fields=["order", "staff", "key"], name="one_typed_draft_per_form")]
        indexes = [models.Index(fields=["updated_at"], name="typed_draft_age")]


class SavedFilter(models.Model):
    """A list with its filters, kept by one person under a name; it is nothing but a link."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters")
    place = models.CharField(_("list"), max_length=40)
    name = models.CharField(_("name"), max_length=30)
    query = models.CharField(_("filters"), max_length=500)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["staff", "place", "name"], name="one_filter_per_name")]

    def __str__(self) -> str:
        return self.name
