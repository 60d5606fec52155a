"""Citizens and their personal data: sealed at rest, found by blind index, revealed only with a reason."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.citizens.sealing import SealedTextField


class Citizen(models.Model):
    """One person who calls or writes. All identifying fields are sealed."""

    name = SealedTextField(_("name"), blank=True)
    phone = SealedTextField(_("telephone"), blank=True)
    phone_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    id_number = SealedTextField(_("ID number"), blank=True)
    id_number_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    address = SealedTextField(_("address"), blank=True)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)

    class Meta:
        verbose_name = _("citizen")
        verbose_name_plural = _("citizens")

    def __str__(self) -> str:
        return f"C{self.pk}"


class Consent(models.Model):
    """What a citizen agreed to, in which words (their version) and how."""

    citizen = models.ForeignKey(Citizen, on_delete=models.CASCADE, related_name="consents", verbose_name=_("citizen"))
    purpose = models.SlugField(_("purpose"), max_length=40)
    text_version = models.CharField(_("version of the words"), max_length=20)
    channel = models.CharField(_("channel"), max_length=20)
    given_at = models.DateTimeField(_("given"), auto_now_add=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")


class Reveal(models.Model):
    """One look of one staff member at one sealed field, with the reason given."""

    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reveals", verbose_name=_("staff member")
    )
    citizen = models.ForeignKey(Citizen, on_delete=models.CASCADE, related_name="reveals", verbose_name=_("citizen"))
    field = models.CharField(_("field"), max_length=20)
    reason = models.CharField(_("reason"), max_length=200)
    order_number = models.CharField(_("order number"), max_length=20, blank=True)
    request_id = models.CharField(_("request"), max_length=40, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("reveal")
        verbose_name_plural = _("reveals")
        ordering = ["-at"]
