"""A report while it is being written: sealed, kept for a day, emptied when the order is made."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.citizens.sealing import SealedTextField


def new_key() -> str:
    """The only key to a draft, 32 hex digits."""
    return secrets.token_hex(16)


class ReportDraft(models.Model):
    """One report on its way. `key` also makes its submission idempotent."""

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    data = SealedTextField(default="", blank=True)  # the fields of the form as JSON
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    order_number = models.CharField(_("order number"), max_length=12, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("report being written")
        verbose_name_plural = _("reports being written")
        indexes = [models.Index(fields=["created_at"], name="draft_age")]

    def __str__(self) -> str:
        return self.key[:8]


class DraftFile(models.Model):
    """A photo or document that waits for its order. It was judged by its content when it came."""

    draft = models.ForeignKey(ReportDraft, on_delete=models.CASCADE, related_name="files")
    file = models.FileField(upload_to="drafts/%Y%m%d")
    name = models.CharField(_("name"), max_length=120)
    content_type = models.CharField(_("type"), max_length=60)
    size = models.PositiveIntegerField(_("bytes"))

    class Meta:
        verbose_name = _("file of a report being written")
        verbose_name_plural = _("files of reports being written")

    def __str__(self) -> str:
        return self.name
