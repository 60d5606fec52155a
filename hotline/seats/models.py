"""Presence of seat agents, every change of it kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from hotline.conversations.models import Conversation


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

    staff = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="presence", verbose_name=_("seat agent")
    )
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


class Ring(models.Model):
    """A waiting conversation offered to one seat: answered in time, or it goes on to the next."""

    class Outcome(models.TextChoices):
        RINGING = "ringing", _("Ringing")
        ANSWERED = "answered", _("Answered")
        MISSED = "missed", _("Not answered")
        REFUSED = "refused", _("Passed on")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="rings", verbose_name=_("conversation"))
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rings", verbose_name=_("seat agent")
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.RINGING)
    rung_at = models.DateTimeField(_("began to ring"))
    until = models.DateTimeField(_("rings until"))
    done_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("ring")
        verbose_name_plural = _("rings")
        ordering = ["-rung_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"], condition=models.Q(outcome="ringing"), name="one_ring_per_conversation"
            ),
            models.UniqueConstraint(fields=["staff"], condition=models.Q(outcome="ringing"), name="one_ring_per_seat"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.outcome}"
