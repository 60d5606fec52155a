"""Quality inspection (质检) of talks: what is drawn, by which sheet it is scored, the seat's appeal and the review."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from hotline.conversations.models import Channel, Conversation
from ticketing.organisation.models import BilingualName
from ticketing.organisation.roles import Role

SCORERS = frozenset({Role.QUALITY})
REVIEWERS = frozenset({Role.QUALITY, Role.SHIFT_LEADER})  # another person than the one who scored
READERS = SCORERS | REVIEWERS | {Role.SUPERVISOR, Role.LEADER}


class ScoreSheet(BilingualName):
    """A sheet by which talks are scored; its items' points add up to the full score."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    pass_mark = models.PositiveSmallIntegerField(_("passed from"), default=80)  # per cent of the full score
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("score sheet")
        verbose_name_plural = _("score sheets")
        ordering = ["code"]


class SheetItem(BilingualName):
    """One line of a sheet. A fatal item (一票否决) that is violated makes the whole score nought."""

    sheet = models.ForeignKey(ScoreSheet, on_delete=models.CASCADE, related_name="items", verbose_name=_("score sheet"))
    code = models.SlugField(_("code"), max_length=30)
    section_zh = models.CharField(_("section (Chinese)"), max_length=40)
    section_en = models.CharField(_("section (English)"), max_length=60)
    points = models.PositiveSmallIntegerField(_("points"), default=0)
    fatal = models.BooleanField(_("fatal"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("item of a score sheet")
        verbose_name_plural = _("items of a score sheet")
        ordering = ["sheet_id", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["sheet", "code"], name="one_item_per_sheet_and_code")]


class SamplingPlan(models.Model):
    """Which talks of each seat are drawn: by channel and trigger, so many of each seat or a share of them."""

    class Trigger(models.TextChoices):
        ANY = "any", _("Every talk")
        LOW_RATING = "low_rating", _("Rated 1 or 2 by the citizen")
        SILENCE = "silence", _("With a long silence")
        HANDED_OVER = "handed_over", _("Handed over")

    class Amount(models.TextChoices):
        NUMBER = "number", _("Talks of each seat")
        SHARE = "share", _("Per cent of each seat's talks")

    name = models.CharField(_("name"), max_length=80, unique=True)
    sheet = models.ForeignKey(ScoreSheet, on_delete=models.PROTECT, related_name="plans", verbose_name=_("score sheet"))
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, blank=True)
    trigger = models.CharField(_("trigger"), max_length=12, choices=Trigger, default=Trigger.ANY)
    silence_seconds = models.PositiveSmallIntegerField(_("silence from, seconds"), default=60)
    amount = models.PositiveSmallIntegerField(_("how many"), default=5)
    measure = models.CharField(_("counted as"), max_length=8, choices=Amount, default=Amount.NUMBER)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("sampling plan")
        verbose_name_plural = _("sampling plans")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Draw(models.Model):
    """One draw of a plan for a period. With the seed anyone can draw the same talks again from the same pool."""

    plan = models.ForeignKey(SamplingPlan, on_delete=models.PROTECT, related_name="draws", verbose_name=_("plan"))
    from_day = models.DateField(_("from"))
    until_day = models.DateField(_("until"))
    seed = models.CharField(_("seed"), max_length=40)
    amount = models.PositiveSmallIntegerField(_("how many"))  # as the plan had it then
    measure = models.CharField(_("counted as"), max_length=8, choices=SamplingPlan.Amount)
    pool_size = models.PositiveIntegerField(_("talks to draw from"))
    pool_sha256 = models.CharField(max_length=64)
    drawn_by = models.CharField(_("drawn by"), max_length=60)
    drawn_at = models.DateTimeField(_("drawn"))

    class Meta:
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
        ordering = ["-drawn_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["plan", "from_day", "until_day"], name="one_draw_per_plan_and_period")]


class Sample(models.Model):
    """A talk that was drawn, its score, the seat's appeal and what the review came to."""

    class State(models.TextChoices):
        WAITING = "waiting", _("To be scored")
        SCORED = "scored", _("Scored")
        APPEALED = "appealed", _("Appealed against")
        REVIEWED = "reviewed", _("Reviewed")

    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="samples", verbose_name=_("draw"))
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="samples", verbose_name=_("conversation")
    )
    seat = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="quality_samples", verbose_name=_("seat agent")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    score = models.PositiveSmallIntegerField(_("score, %"), null=True, blank=True)
    passed = models.BooleanField(_("passed"), null=True, blank=True)
    fatal = models.BooleanField(_("fatal item violated"), default=False)
    comment = models.TextField(_("comment"), blank=True)
    scored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("scored by")
    )
    scored_at = models.DateTimeField(_("scored"), null=True, blank=True)
    first_score = models.PositiveSmallIntegerField(_("score before the review, %"), null=True, blank=True)
    appeal = models.TextField(_("appeal"), blank=True)
    appealed_at = models.DateTimeField(_("appealed"), null=True, blank=True)
    review = models.TextField(_("review"), blank=True)
    reviewed_by = models.CharField(_("reviewed by"), max_length=60, blank=True)
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)

    class Meta:
        verbose_name = _("inspected talk")
        verbose_name_plural = _("inspected talks")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["draw", "conversation"], name="one_sample_per_draw_and_talk")]
        indexes = [models.Index(fields=["seat", "state"], name="sample_seat_state")]


class Mark(models.Model):
    """The points given on one item, out of how many there were at that time."""

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="marks", verbose_name=_("inspected talk"))
    item = models.ForeignKey(SheetItem, on_delete=models.PROTECT, related_name="+", verbose_name=_("item"))
    points = models.PositiveSmallIntegerField(_("points given"))
    out_of = models.PositiveSmallIntegerField(_("out of"))
    violated = models.BooleanField(_("violated"), default=False)

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        ordering = ["item__position", "pk"]
        constraints = [models.UniqueConstraint(fields=["sample", "item"], name="one_mark_per_sample_and_item")]
