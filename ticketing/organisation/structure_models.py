"""Who stands in for whom, who is on duty, and what was done to the structure: posts, stand-ins, shifts, events."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.organisation.roles import UNIT_ROLES, Role


class Post(models.Model):
    """A post (岗位) of a unit with its holder (A 角) and the substitute who stands in by rule (B 角)."""

    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="posts", verbose_name=_("unit"))
    name = models.CharField(_("name of the post"), max_length=60)
    is_head = models.BooleanField(_("head of the unit"), default=False)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="posts", verbose_name=_("holder (A)")
    )
    substitute = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="second_posts",
        verbose_name=_("substitute (B)"),
    )  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["-is_head", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "name"], condition=models.Q(is_active=True), name="one_post_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class StandIn(models.Model):
    """A window in which one person may do what another may, in a unit and below it; both are named in what is done."""

    class Kind(models.TextChoices):
        SUBSTITUTE = "substitute", _("Substitute of the post (B)")
        ACTING = "acting", _("Acting head")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.SUBSTITUTE)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="stand_ins", verbose_name=_("post"))
    absent = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="absences", verbose_name=_("who is away")
    )
    substitute = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="stands_in", verbose_name=_("who stands in")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    made_by = models.CharField(_("named by"), max_length=60)
    ended_by = models.CharField(_("ended early by"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("stand-in")
        verbose_name_plural = _("stand-ins")
        ordering = ["-starts_at", "-pk"]
        indexes = [models.Index(fields=["ends_at"], name="stand_in_ends")]


class DutyShift(models.Model):
    """A line of a duty roster (值班表): who is on duty for a unit, when, and the role that this gives."""

    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="shifts", verbose_name=_("unit"))
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shifts", verbose_name=_("on duty")
    )
    role = models.CharField(
        _("role on duty"), max_length=20, choices=[(r.value, r.label) for r in sorted(UNIT_ROLES)], default=Role.UNIT_CLERK
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    note = models.CharField(_("note"), max_length=100, blank=True)
    made_by = models.CharField(_("entered by"), max_length=60)

    class Meta:
        verbose_name = _("duty shift")
        verbose_name_plural = _("duty shifts")
        ordering = ["starts_at", "pk"]
        indexes = [models.Index(fields=["unit", "ends_at"], name="shift_unit_ends")]


class UnitEvent(models.Model):
    """One thing done to the structure, its people or posts: who, when, why, and what it was. Rows are never changed."""

    class What(models.TextChoices):
        MOVED = "moved", _("Moved under another unit")
        MERGED = "merged", _("Merged into another unit")
        HOURS = "hours", _("Working hours changed")
        PERSON = "person", _("Person added or changed")
        POST = "post", _("Post changed")
        STAND_IN = "stand_in", _("Stand-in named")
        STAND_IN_ENDED = "stand_in_ended", _("Stand-in ended")
        SHIFT = "shift", _("Duty shift entered")
        SHIFT_REMOVED = "shift_removed", _("Duty shift taken out")

    unit = models.ForeignKey("organisation.Unit", on_delete=models.PROTECT, related_name="unit_events", verbose_name=_("unit"))
    what = models.CharField(_("what"), max_length=16, choices=What)
    text = models.CharField(_("details"), max_length=300, blank=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(_("at"), auto_now_add=True)
    actor_name = models.CharField(max_length=60)
    actor_role = models.CharField(max_length=20)
    actor_staff = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("event of a unit")
        verbose_name_plural = _("events of units")
        ordering = ["-at", "-pk"]
