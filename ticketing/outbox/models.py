"""Rows that must arrive: jobs to do after a commit, and numbered events that pages follow live."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """One piece of work that was promised inside somebody's transaction and is done after it."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        DEAD = "dead", _("Given up")

    kind = models.CharField(_("kind"), max_length=80)
    key = models.CharField(_("key"), max_length=200, blank=True, default="")
    payload = models.JSONField(_("payload"), default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    max_attempts = models.PositiveSmallIntegerField(_("most attempts"), default=8)
    run_after = models.DateTimeField(_("not before"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True, default="")
    request_id = models.CharField(_("request"), max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            models.Index(fields=["run_after", "id"], name="outbox_job_due", condition=Q(state="pending")),
            models.Index(fields=["lease_until"], name="outbox_job_lease", condition=Q(state="running")),
            models.Index(fields=["kind", "key"], name="outbox_job_key", condition=Q(state="pending")),
            models.Index(fields=["state", "finished_at"], name="outbox_job_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class FeedStream(models.Model):
    """A named sequence of events (`inbox`, `unit:7`, `order:251122000017`) and the last number given out in it."""

    name = models.CharField(max_length=100, unique=True)
    last_seq = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class FeedEvent(models.Model):
    """One event of a stream. `seq` is given right after the commit, so that numbers follow the order of commits."""

    stream = models.CharField(max_length=100)
    seq = models.PositiveBigIntegerField(null=True)
    kind = models.CharField(max_length=80)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="outbox_event_number")]
        indexes = [
            models.Index(fields=["id"], name="outbox_event_unnumbered", condition=Q(seq__isnull=True)),
            models.Index(fields=["created_at"], name="outbox_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.seq}"

    def as_message(self) -> dict[str, object]:
        """The form in which pages receive it."""
        return {
            "type": "event",
            "stream": self.stream,
            "seq": self.seq,
            "kind": self.kind,
            "payload": self.payload,
            "at": self.created_at.isoformat(),
        }
