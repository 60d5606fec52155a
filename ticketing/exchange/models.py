"""Files that come in and go out: the run of an import with its progress, and the log of what was exported by whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.organisation.roles import Role

READERS_OF_THE_LOG = frozenset({Role.ADMIN, Role.INSPECTOR, Role.SUPERVISOR})


class ImportRun(models.Model):
    """One file on its way in. The file's hash and its mapping name it, so that a run that was killed goes on."""

    class State(models.TextChoices):
        READY = "ready", _("Not started")
        WAITING = "waiting", _("Waiting for its turn")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Broken off")

    kind = models.CharField(_("kind"), max_length=30)
    file_name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64)
    mapping_sha256 = models.CharField(max_length=64, blank=True)
    mapping = models.TextField(_("mapping"), blank=True)
    path = models.CharField(max_length=300, blank=True)  # below VAR_DIR, where the page left the file
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.READY)
    total = models.PositiveIntegerField(_("rows"), default=0)
    done = models.PositiveIntegerField(_("rows read"), default=0)
    created = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("known already"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    seconds = models.FloatField(_("seconds at work"), default=0)
    error = models.TextField(_("why it broke off"), blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("started by")
    )
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    seen_at = models.DateTimeField(_("last progress"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("import run")
        verbose_name_plural = _("import runs")
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["kind", "sha256", "mapping_sha256"], name="one_run_per_file_and_mapping")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.file_name}"

    @property
    def share(self) -> int:
        """Progress in per cent."""
        return min(100, self.done * 100 // self.total) if self.total else 0

    @property
    def rate(self) -> float:
        """Rows a second, over the time at work."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def rest_seconds(self) -> float:
        """How long the rest will take at this rate."""
        return (self.total - self.done) / self.rate if self.rate and self.total > self.done else 0.0


class ExportLog(models.Model):
    """Who took which list out of the platform, when, with which filters, how many rows."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Being written")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        GONE = "gone", _("Removed after its time")

    kind = models.CharField(_("list"), max_length=40)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exports", verbose_name=_("staff member")
    )
    staff_name = models.CharField(_("name shown"), max_length=60)
    role = models.CharField(_("role"), max_length=20, choices=Role)
    unit_name = models.CharField(_("unit"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=10)
    filters = models.JSONField(_("filters"), default=dict, blank=True)
    total = models.PositiveIntegerField(_("rows asked for"), default=0)
    rows = models.PositiveIntegerField(_("rows written"), default=0)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    path = models.CharField(max_length=300, blank=True)  # below VAR_DIR
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(_("bytes"), default=0)
    error = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    downloads = models.PositiveIntegerField(_("times fetched"), default=0)
    at = models.DateTimeField(_("at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-at"]
        indexes = [models.Index(fields=["staff", "-at"], name="export_staff_at")]

    def __str__(self) -> str:
        return f"{self.kind} {self.staff_name}"

    @property
    def mark(self) -> str:
        """The number that stands in the file and leads back to this row."""
        return f"E{self.pk:08d}"

    @property
    def share(self) -> int:
        """Progress in per cent."""
        return min(100, self.rows * 100 // self.total) if self.total else 0
