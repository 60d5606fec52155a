"""One record for a call, a chat, an SMS thread or a form: numbered turns, one owner, and what the bot understood."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ticketing.citizens.models import Citizen
from ticketing.citizens.sealing import SealedTextField


class Channel(models.TextChoices):
    VOICE = "voice", _("Telephone call")
    BROWSER = "browser", _("Web call")
    CHAT = "chat", _("Web chat")
    SMS = "sms", _("SMS")
    FORM = "form", _("Form")
    COUNTER = "counter", _("Counter")


class Conversation(models.Model):
    """A matter being talked about. `owner` is the only party whose output reaches the citizen."""

    class Owner(models.TextChoices):
        BOT = "bot", _("Bot")
        QUEUE = "queue", _("Queue")
        SEAT = "seat", _("Seat agent")

    class Status(models.TextChoices):
        OPEN = "open", _("Going on")
        BROKEN_OFF = "broken_off", _("Broken off, to be called back")
        ENDED = "ended", _("Ended")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    external_id = models.CharField(_("outside reference"), max_length=64, blank=True, db_index=True)  # e.g. Twilio's CallSid
    token_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)  # the citizen's key to it
    line_number = models.CharField(_("line"), max_length=20, blank=True)
    citizen = models.ForeignKey(
        Citizen, null=True, blank=True, on_delete=models.SET_NULL, related_name="conversations", verbose_name=_("citizen")
    )
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    owner = models.CharField(_("held by"), max_length=6, choices=Owner, default=Owner.BOT)
    seat = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="conversations",
        verbose_name=_("seat agent"),
    )
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.OPEN)
    next_seq = models.PositiveIntegerField(default=1, editable=False)
    # The dialogue's memory (slots, open question). It holds what the citizen said, so it is sealed like the turns.
    dialogue = SealedTextField(default="", blank=True)
    summary = SealedTextField(_("summary"), blank=True)
    hand_over_reason = models.CharField(_("why it was handed over"), max_length=40, blank=True)
    # For whom it waits in the queue after a transfer, and what the last seat wants the next one to know.
    wanted_seat = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("meant for")
    )
    wanted_skill = models.CharField(_("meant for skill"), max_length=40, blank=True)
    note = SealedTextField(_("note for the next seat"), blank=True, default="")
    held_at = models.DateTimeField(_("on hold since"), null=True, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), default=5)  # 0 is an emergency
    order_number = models.CharField(_("order number"), max_length=12, blank=True, db_index=True)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    queued_at = models.DateTimeField(_("queued"), null=True, blank=True)
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    active_at = models.DateTimeField(_("last turn"), auto_now_add=True)
    end_reason = models.CharField(_("why it ended"), max_length=40, blank=True)

    # The citizen's key, readable only on the object that `start_conversation` returns; the row keeps its blind index.
    token: str = ""

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["owner", "status", "priority", "queued_at"], name="conversation_queue"),
            models.Index(fields=["seat", "status"], name="conversation_seat"),
            models.Index(fields=["status", "active_at"], name="conversation_stale"),
            models.Index(fields=["started_at"], name="conversation_started"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {str(self.id)[:8]}"


class Turn(models.Model):
    """One numbered turn. A client that reconnects says the last number it saw and gets the rest."""

    class Speaker(models.TextChoices):
        CITIZEN = "citizen", _("Citizen")
        BOT = "bot", _("Bot")
        SEAT = "seat", _("Seat agent")
        SYSTEM = "system", _("System")

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns", verbose_name=_("conversation"))
    seq = models.PositiveIntegerField(_("number"))
    speaker = models.CharField(_("speaker"), max_length=8, choices=Speaker)
    kind = models.CharField(_("kind"), max_length=12, default="text")  # text, key, card, notice, gap
    text = SealedTextField(_("text"))
    data = models.JSONField(default=dict, blank=True)  # choices, source of an answer, order number; never personal values
    confidence = models.FloatField(_("recogniser's confidence"), null=True, blank=True)
    audio_ms = models.PositiveIntegerField(_("position in the recording, ms"), null=True, blank=True)
    client_ref = models.CharField(max_length=40, null=True, blank=True)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # When it was said. What was recognised after the call has a late number and an early time.
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)

    # How a move of the bot is spoken; only on turns fresh from an action, for the voice that speaks them at once.
    speech: str = ""

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        ordering = ["conversation_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="one_turn_per_seq"),
            models.UniqueConstraint(fields=["conversation", "client_ref"], name="one_turn_per_client_ref"),
        ]


class ConversationEvent(models.Model):
    """What happened to a conversation apart from what was said: owners, dropped output, links. Rows are never altered."""

    class Kind(models.TextChoices):
        STARTED = "started", _("Conversation started")
        QUEUED = "queued", _("Handed to the queue")
        TAKEN = "taken", _("Taken by a seat agent")
        RELEASED = "released", _("Given back to the queue")
        REQUEUED = "requeued", _("Back in the queue, the seat agent was gone")
        HELD = "held", _("Put on hold")
        UNHELD = "unheld", _("Taken off hold")
        TRANSFERRED = "transferred", _("Passed on by the seat agent")
        DROPPED = "dropped", _("Output dropped, its sender was not the owner")
        LINKED = "linked", _("Linked with an order")
        BROKEN_OFF = "broken_off", _("Broken off")
        RESUMED = "resumed", _("Taken up again by the citizen")
        ENDED = "ended", _("Ended")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="events", verbose_name=_("conversation")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    by = models.CharField(_("by"), max_length=60)  # citizen, bot, system, or the staff member's name at that time
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    data = models.JSONField(default=dict, blank=True)  # reason, order number; never personal values
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("event of a conversation")
        verbose_name_plural = _("events of conversations")
        ordering = ["conversation_id", "id"]
        indexes = [models.Index(fields=["kind", "at"], name="conversation_event_kind")]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.kind}"
