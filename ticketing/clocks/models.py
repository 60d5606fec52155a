"""Time limits and running clocks. A clock keeps what it was started with, so that its working can be shown for ever."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.organisation.models import DutyCategory, DutyItem, Level, OrderType, Unit, Urgency, WorkCalendar


class ClockKind(models.TextChoices):
    SIGN = "sign", _("Signature")
    CONTACT = "contact", _("First contact")
    HANDLE = "handle", _("Handling")
    RETURN = "return", _("Return")
    REPLY_REVIEW = "reply_review", _("Review of the reply")
    CALLBACK = "callback", _("Call-back")
    ASSIST = "assist", _("Assistance")


class Measure(models.TextChoices):
    """What a limit is counted in."""

    MINUTES = "minutes", _("minutes")
    WORKING_HOURS = "working_hours", _("working hours")
    WORKING_DAYS = "working_days", _("working days")
    NATURAL_DAYS = "natural_days", _("natural days")


class TimeLimit(models.Model):
    """A limit for a kind of clock; the most specific row that fits wins (item, urgency, category, type, then level)."""

    Measure = Measure

    kind = models.CharField(_("clock"), max_length=12, choices=ClockKind)
    order_type = models.ForeignKey(OrderType, null=True, blank=True, on_delete=models.CASCADE, verbose_name=_("type"))
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency, blank=True)
    level = models.CharField(_("unit level"), max_length=10, choices=Level, blank=True)
    category = models.ForeignKey(
        DutyCategory, null=True, blank=True, on_delete=models.CASCADE, verbose_name=_("duty category"),
        help_text=_("with all categories below it"),
    )  # fmt: skip
    duty_item = models.ForeignKey(DutyItem, null=True, blank=True, on_delete=models.CASCADE, verbose_name=_("duty item"))
    value = models.PositiveIntegerField(_("value"))
    measure = models.CharField(_("measure"), max_length=14, choices=Measure)
    legal_limit = models.CharField(
        _("legal limit"), max_length=30, blank=True, help_text=_('such as "20 working_days"; empty: that of the duty item')
    )
    end_day_included = models.BooleanField(
        _("end day included"), default=True, help_text=_("off: what is due must be done before the last day begins")
    )
    warn_fraction = models.FloatField(_("warn when this share is used"), default=0.75)

    class Meta:
        verbose_name = _("time limit")
        verbose_name_plural = _("time limits")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value} {self.get_measure_display()}"


class Clock(models.Model):
    """One running or stopped clock of one order, referred to by number so that this room knows nothing of orders."""

    order_number = models.CharField(_("order number"), max_length=12, db_index=True)
    kind = models.CharField(_("clock"), max_length=12, choices=ClockKind)
    round = models.PositiveSmallIntegerField(_("round"), default=1)  # rises with every redo or reassignment
    unit_id_ref = models.BigIntegerField(_("unit"), null=True, blank=True)
    calendar = models.ForeignKey(WorkCalendar, on_delete=models.PROTECT, verbose_name=_("calendar"))
    value = models.PositiveIntegerField(_("value"))
    measure = models.CharField(_("measure"), max_length=14, choices=Measure)
    end_day_included = models.BooleanField(_("end day included"), default=True)
    limit_source = models.CharField(_("where the limit comes from"), max_length=120)
    warn_fraction = models.FloatField(default=0.75)
    started_at = models.DateTimeField(_("started"))
    due_at = models.DateTimeField(_("due"))
    warn_at = models.DateTimeField(_("warning"))
    provisional = models.BooleanField(_("uses provisional holidays"), default=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    warned_at = models.DateTimeField(_("warned"), null=True, blank=True)
    overdue_at = models.DateTimeField(_("marked overdue"), null=True, blank=True)
    # What the law allows, beside the promise that the clock runs by; a pause moves both.
    legal_limit = models.CharField(_("legal limit"), max_length=30, blank=True)
    legal_due_at = models.DateTimeField(_("due by law"), null=True, blank=True)
    # The plan whose limit the clock runs by, and the ordinary limit to which it comes back.
    plan = models.ForeignKey(
        "Plan", null=True, blank=True, on_delete=models.PROTECT, related_name="clocks", verbose_name=_("plan")
    )
    base_value = models.PositiveIntegerField(_("ordinary value"), null=True, blank=True)
    base_measure = models.CharField(_("ordinary measure"), max_length=14, choices=Measure, blank=True)
    base_source = models.CharField(max_length=120, blank=True)
    base_due_at = models.DateTimeField(_("ordinarily due"), null=True, blank=True)
    base_warn_at = models.DateTimeField(_("ordinary warning"), null=True, blank=True)

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        constraints = [models.UniqueConstraint(fields=["order_number", "kind", "round"], name="one_clock_per_kind_and_round")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(stopped_at=None, overdue_at=None), name="clock_running_due"),
            models.Index(fields=["warn_at"], condition=models.Q(stopped_at=None, warned_at=None), name="clock_running_warn"),
            models.Index(fields=["plan"], condition=models.Q(stopped_at=None, plan__isnull=False), name="clock_running_plan"),
        ]

    @property
    def legal_limit_shown(self) -> str:
        """What the law allows, in the reader's language."""
        value, _space, measure = self.legal_limit.partition(" ")
        return f"{value} {Measure(measure).label}" if measure in Measure.values else ""


class Pause(models.Model):
    """A stretch in which a clock did not run (挂起); half-open."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="pauses", verbose_name=_("clock"))
    started_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("to"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["started_at"]


class Plan(models.Model):
    """A plan for extraordinary days (预案), a typhoon for one: which orders it covers and what it changes while it is on.

    Each list of what is covered is open where it is empty; a category covers those below it, a unit those below it.
    """

    class Running(models.TextChoices):
        LEAVE = "leave", _("leave running clocks as they are, when it begins and when it ends")
        FROM_START = "from_start", _("count the plan's limits from the dispatch of each order")
        FROM_SWITCH = "from_switch", _("count the plan's limits from the moment it is switched on")

    code = models.SlugField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=60)
    purpose = models.CharField(_("what it is for"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(
        _("precedence"), default=10, help_text=_("where two plans cover an order, the smaller number wins")
    )
    order_types = models.ManyToManyField(OrderType, blank=True, verbose_name=_("order types"))
    categories = models.ManyToManyField(DutyCategory, blank=True, verbose_name=_("duty categories"))
    items = models.ManyToManyField(DutyItem, blank=True, verbose_name=_("duty items"))
    units = models.ManyToManyField(Unit, blank=True, verbose_name=_("units"))
    raises_to = models.CharField(_("place in the queue"), max_length=10, choices=Urgency, blank=True)
    natural_time = models.BooleanField(
        _("natural time instead of working time"), default=False, help_text=_("for limits that the plan does not set itself")
    )
    running = models.CharField(_("running clocks"), max_length=12, choices=Running, default=Running.FROM_SWITCH)
    changed_by = models.CharField(_("last changed by"), max_length=60, blank=True)
    changed_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name


class PlanLimit(models.Model):
    """The limit that one kind of clock has while the plan is on."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="limits", verbose_name=_("plan"))
    kind = models.CharField(_("clock"), max_length=12, choices=ClockKind)
    value = models.PositiveIntegerField(_("value"))
    measure = models.CharField(_("measure"), max_length=14, choices=Measure)

    class Meta:
        verbose_name = _("limit of a plan")
        verbose_name_plural = _("limits of a plan")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["plan", "kind"], name="one_limit_per_plan_and_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value} {self.get_measure_display()}"


class PlanSwitch(models.Model):
    """One stretch in which a plan was on: who switched it on and off, when and why, as it then read. Never changed after."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="switches", verbose_name=_("plan"))
    definition = models.JSONField(_("the plan as it then read"), default=dict)
    on_at = models.DateTimeField(_("switched on"))
    on_by = models.CharField(_("switched on by"), max_length=60)
    on_role = models.CharField(max_length=20)
    on_staff = models.BigIntegerField(null=True, blank=True)
    on_reason = models.CharField(_("why it was switched on"), max_length=300)
    off_at = models.DateTimeField(_("switched off"), null=True, blank=True)
    off_by = models.CharField(_("switched off by"), max_length=60, blank=True)
    off_role = models.CharField(max_length=20, blank=True)
    off_staff = models.BigIntegerField(null=True, blank=True)
    off_reason = models.CharField(_("why it was switched off"), max_length=300, blank=True)
    moved = models.PositiveIntegerField(_("orders whose clocks were changed"), default=0)
    returned = models.PositiveIntegerField(_("orders whose clocks came back"), default=0)

    class Meta:
        verbose_name = _("switch of a plan")
        verbose_name_plural = _("switches of plans")
        ordering = ["-on_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan"], condition=models.Q(off_at=None), name="a_plan_is_on_once_at_a_time")
        ]
