"""Rules that staff edit, their versions and rehearsals, every decision with its reasons, and what people must be told."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ticketing.dispatch.conditions import ConditionError, compile_condition, written
from ticketing.orders.models import WorkOrder
from ticketing.organisation.models import DutyItem, Region, Staff, Unit
from ticketing.organisation.roles import Role


class DispatchRule(models.Model):
    """If the condition holds, the order is this unit's (or this item's). Lower position wins.

    Words, item and region in columns of their own are how a city's file may state a condition; they hold together with it.
    """

    name = models.CharField(_("name"), max_length=80, unique=True)
    position = models.PositiveIntegerField(_("position"), default=100)
    condition = models.TextField(_("condition"), blank=True)
    any_keywords = models.JSONField(_("any of these words"), default=list, blank=True)
    all_keywords = models.JSONField(_("all of these words"), default=list, blank=True)
    duty_item = models.ForeignKey(
        DutyItem, null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("for the duty item")
    )
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.CASCADE, verbose_name=_("in the region"))
    to_unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.CASCADE, verbose_name=_("to the unit"))
    to_item = models.ForeignKey(
        DutyItem, null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("as the duty item")
    )
    is_active = models.BooleanField(_("active"), default=True)
    switched_off_because = models.CharField(_("switched off because"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("dispatch rule")
        verbose_name_plural = _("dispatch rules")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a condition that does not read. Raises ValidationError."""
        try:
            compile_condition(self.condition or '"-"')
        except ConditionError as error:
            raise ValidationError({"condition": str(error)}) from error

    @property
    def expression(self) -> str:
        """All that must hold, as one condition."""
        return written(
            any_of=self.any_keywords,
            all_of=self.all_keywords,
            item=self.duty_item.code if self.duty_item else "",
            region=self.region.code if self.region else "",
            condition=self.condition,
        )


class Decision(models.Model):
    """One dispatch decision: the candidates with their reasons as they stood, and who chose."""

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="decisions", verbose_name=_("order"))
    candidates = models.JSONField(_("candidates"))  # [{unit, unit_name, score, reasons: [{kind, text, weight}]}], best first
    automatic = models.BooleanField(_("automatic"))
    chosen_unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("chosen unit"))
    explanation = models.CharField(_("explanation"), max_length=300, blank=True)
    duration_ms = models.FloatField(_("time taken, ms"), default=0)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("dispatch decision")
        verbose_name_plural = _("dispatch decisions")
        ordering = ["-at"]


class Release(models.Model):
    """A version of what dispatch goes by: all rules, a change of owners in the duty list, or the routing model.

    `content`: rows as in dispatch_rules.yml; rows {code, owner, acts_at, owner_before, acts_at_before}; {folder, ...figures}.
    """

    class Kind(models.TextChoices):
        RULES = "rules", _("Dispatch rules")
        OWNERS = "owners", _("Owners in the duty list")
        MODEL = "model", _("Routing model")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", pgettext_lazy("version", "In force")
        REPLACED = "replaced", _("Earlier version")
        DISCARDED = "discarded", _("Thrown away")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    content = models.JSONField(_("content"), default=list)
    created_by = models.CharField(_("begun by"), max_length=60)
    created_at = models.DateTimeField(_("begun"))
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    replaced = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("replaced version")
    )

    class Meta:
        verbose_name = _("version of dispatch")
        verbose_name_plural = _("versions of dispatch")
        ordering = ["kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="one_release_per_number"),
            models.UniqueConstraint(fields=["kind"], condition=Q(state="draft"), name="one_release_draft"),
            models.UniqueConstraint(fields=["kind"], condition=Q(state="published"), name="one_release_in_force"),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class ReleaseEvent(models.Model):
    """Who did what with a version, and why. Rows are never changed."""

    class What(models.TextChoices):
        OPENED = "opened", _("began the draft")
        CHANGED = "changed", _("changed the draft")
        DISCARDED = "discarded", _("threw the draft away")
        PUBLISHED = "published", pgettext_lazy("version", "published")
        ROLLED_BACK = "rolled_back", _("put back in force")

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="events", verbose_name=_("version"))
    what = models.CharField(_("what"), max_length=12, choices=What)
    at = models.DateTimeField(_("at"))
    actor_name = models.CharField(_("name"), max_length=60)
    actor_role = models.CharField(_("role"), max_length=20, choices=Role)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("step of a version")
        verbose_name_plural = _("steps of versions")
        ordering = ["-at", "-pk"]


class Rehearsal(models.Model):
    """A draft replayed over past orders: how far it is, and what it found (see `ticketing.dispatch.rehearsal`)."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for its turn")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Broken off")

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="rehearsals", verbose_name=_("version"))
    days = models.PositiveSmallIntegerField(_("days"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    outcome = models.JSONField(_("outcome"), default=dict)
    error = models.CharField(_("error"), max_length=300, blank=True)
    asked_by = models.CharField(_("asked by"), max_length=60)
    asked_at = models.DateTimeField(_("asked"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("rehearsal")
        verbose_name_plural = _("rehearsals")
        ordering = ["-asked_at", "-pk"]

    @property
    def is_busy(self) -> bool:
        """Whether it waits or runs."""
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def share(self) -> int:
        """How far it is, in percent."""
        return 100 * self.done // self.total if self.total else 0


class RehearsedOrder(models.Model):
    """An order that a draft would have sent elsewhere, or to someone else, with the reasons of both answers."""

    class Effect(models.TextChoices):
        SAVED = "saved", _("return saved")
        CAUSED = "caused", _("return caused")
        NONE = "", _("no return either way")

    rehearsal = models.ForeignKey(Rehearsal, on_delete=models.CASCADE, related_name="orders")
    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="+")
    now_unit = models.CharField(max_length=30, blank=True)  # a unit's code; empty: a dispatcher decides
    then_unit = models.CharField(max_length=30, blank=True)
    now_automatic = models.BooleanField()
    then_automatic = models.BooleanField()
    now_reasons = models.JSONField(default=list)
    then_reasons = models.JSONField(default=list)
    settled_by = models.CharField(max_length=30)
    effect = models.CharField(max_length=8, choices=Effect, default=Effect.NONE, blank=True)

    class Meta:
        verbose_name = _("rehearsed order")
        verbose_name_plural = _("rehearsed orders")
        ordering = ["pk"]
        indexes = [models.Index(fields=["rehearsal", "effect", "id"], name="rehearsed_effect")]


class Alert(models.Model):
    """What dispatchers and supervisors must see until one of them has noted it: raised once for its `key`."""

    class Kind(models.TextChoices):
        RULE_OFF = "rule_off", _("Rule switched off")
        GROUP = "group", _("Many people, one matter")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    key = models.CharField(max_length=100, unique=True)
    data = models.JSONField(default=dict)  # rule_off: rule, error; group: people, hours
    orders: models.ManyToManyField[WorkOrder, models.Model] = models.ManyToManyField(WorkOrder, related_name="alerts")
    at = models.DateTimeField(_("at"))
    noted_at = models.DateTimeField(_("noted"), null=True, blank=True)
    noted_by = models.CharField(_("noted by"), max_length=60, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("alert of dispatch")
        verbose_name_plural = _("alerts of dispatch")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["noted_at", "-at"], name="dispatch_alert_open")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """What happened, in one line."""
        if self.kind == self.Kind.RULE_OFF:
            return gettext("Rule “%(rule)s” was switched off: %(error)s") % {
                "rule": self.data.get("rule"),
                "error": self.data.get("error"),
            }
        return gettext("%(people)s people reported one matter within %(hours)s hours: %(title)s") % {
            "people": self.data.get("people"),
            "hours": self.data.get("hours"),
            "title": self.data.get("title"),
        }


class Claim(models.Model):
    """A waiting order in one dispatcher's hands, until it lapses. At most one an order: the database sees to it."""

    order = models.OneToOneField(WorkOrder, on_delete=models.CASCADE, primary_key=True, related_name="claim")
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="claims", verbose_name=_("held by"))
    until = models.DateTimeField(_("until"))
    times = models.PositiveIntegerField(_("times claimed"), default=1)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        indexes = [models.Index(fields=["staff", "until"], name="claim_staff_until")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.staff_id}"
