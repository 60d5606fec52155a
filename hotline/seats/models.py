"""Presence of seat agents, every change of it kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Presence(models.Model):
    """The state a seat is in now."""

    class State(models.TextChoices):
        SIGNED_OUT = "signed_out", _("Signed out")
        IDLE = "idle", _("Idle")
        TALKING = "talking", _("Talking")
        WRAP_UP = "wrap_up", _("Wrap-up")
        BUSY = "busy", _("Busy")
        BREAK = "break", _("Break")
        TRAINING = "training", _("Training")

    staff = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="presence", verbose_name=_("seat agent"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.SIGNED_OUT)
    since = models.DateTimeField(_("since"))
    seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        indexes = [models.Index(fields=["state", "since"], name="presence_idle")]


class PresenceChange(models.Model):
    """One change of presence; rows are never altered."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="presence_changes")
    state = models.CharField(max_length=12, choices=Presence.State)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at"]
