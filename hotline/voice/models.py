"""Lines that can be called, recordings of calls, and what went wrong on the wire."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from hotline.conversations.models import Conversation
from ticketing.citizens.sealing import SealedTextField


class Line(models.Model):
    """A hotline number: its greeting, its hours, and who answers first.

    GB/T 33358 wants a person first and no menu, so that is the default of a new line.
    """

    class AnswerFirst(models.TextChoices):
        PERSON = "person", _("A person answers first")
        BOT = "bot", _("The bot answers first")

    number = models.CharField(_("number"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=120)
    merge_form = models.CharField(_("form of merging"), max_length=40, blank=True)  # e.g. 整体并入, 双号并行, 设分中心
    hours = models.CharField(_("hours of service"), max_length=120, blank=True)
    greeting_zh = models.CharField(_("greeting, Chinese"), max_length=200, blank=True)
    greeting_en = models.CharField(_("greeting, English"), max_length=200, blank=True)
    answer_first = models.CharField(_("answered by"), max_length=6, choices=AnswerFirst, default=AnswerFirst.PERSON)
    skills = models.JSONField(_("skills"), default=list, blank=True)
    active = models.BooleanField(_("in service"), default=True)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    def greeting(self, language: str) -> str:
        """The greeting in a language, in Chinese where there is no other."""
        return (self.greeting_en if language.startswith("en") else "") or self.greeting_zh


class Recording(models.Model):
    """The sound of one call: two channels, the citizen left and we right. The file is kept until `retention_until`."""

    class State(models.TextChoices):
        OPEN = "open", _("Being recorded")
        KEPT = "kept", _("Kept")
        ERASED = "erased", _("Erased after its time")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="recordings", verbose_name=_("conversation")
    )
    path = models.CharField(_("file"), max_length=200)  # below RECORDINGS_DIR
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.OPEN)
    rate = models.PositiveIntegerField(_("sampling rate, Hz"))
    ms = models.PositiveIntegerField(_("length, ms"), default=0)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    # Stretches that were not recognised live: [{"at_ms": 1200, "ms": 300, "why": "dropped" or "network"}].
    gaps = models.JSONField(_("gaps"), default=list, blank=True)
    # What was found in them afterwards, as JSON: [{"at_ms": 1200, "ms": 300, "text": "...", "confidence": 0.8}].
    late_text = SealedTextField(_("recognised later"), blank=True, default="")
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    retention_until = models.DateField(_("kept until"))

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["state", "retention_until"], name="recording_retention")]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.ms / 1000:.0f} s"


class Incident(models.Model):
    """Something on the wire that was refused or tolerated: forged signature, wrong audio format, broken frames."""

    class Kind(models.TextChoices):
        BAD_SIGNATURE = "bad_signature", _("Wrong or missing signature")
        BAD_TOKEN = "bad_token", _("Wrong or expired call token")
        BAD_FORMAT = "bad_format", _("Audio of a format that is not accepted")
        BAD_FRAMES = "bad_frames", _("Malformed messages")
        OVERLOAD = "overload", _("Too many calls to listen to")
        NO_RECOGNISER = "no_recogniser", _("No speech recognition")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    external_id = models.CharField(_("outside reference"), max_length=64, blank=True)
    conversation = models.ForeignKey(
        Conversation, null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("conversation")
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("incident on the wire")
        verbose_name_plural = _("incidents on the wire")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.detail}"
