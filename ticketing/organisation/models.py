"""Units, regions, duty items, people and calendars: the content that says who does what, where and when."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from tree_queries.models import TreeNode

from ticketing.organisation.roles import STAFF_ROLES, Role


class Level(models.TextChoices):
    """The five levels of local administration."""

    PROVINCE = "province", _("Province")
    CITY = "city", _("City")
    DISTRICT = "district", _("District")
    STREET = "street", _("Street or town")
    COMMUNITY = "community", _("Community or village")


class Region(TreeNode):
    """An administrative area (行政区划); the tree is apart from the tree of units."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    kind = models.CharField(_("kind"), max_length=20, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Unit(TreeNode):
    """A body that takes orders (承办单位) or stands above one. `parent` is 块 (territory), `line` is 条 (function)."""

    class Kind(models.TextChoices):
        GOVERNMENT = "government", _("Government")
        BUREAU = "bureau", _("Bureau")
        HOTLINE = "hotline", _("Hotline centre")
        ENTERPRISE = "enterprise", _("Public enterprise")
        STREET = "street", _("Street or town office")
        COMMUNITY = "community", _("Community or village committee")

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    short_name = models.CharField(_("short name"), max_length=30, blank=True)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    line = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="line_units", verbose_name=_("superior bureau")
    )
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="units", verbose_name=_("region"))
    calendar = models.ForeignKey(
        "WorkCalendar", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("working calendar")
    )
    phone = models.CharField(_("office telephone"), max_length=30, blank=True)
    accepts_orders = models.BooleanField(_("takes work orders"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="predecessors", verbose_name=_("merged into")
    )

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Place(models.Model):
    """A gazetteer entry: a road, estate, school or landmark by the names people use."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=60, db_index=True)
    aliases = models.JSONField(_("other names"), default=list, blank=True)
    kind = models.CharField(_("kind"), max_length=20)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="places", verbose_name=_("region"))
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    spoken = models.BooleanField(_("in the built-in speech vocabulary"), default=False)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class BilingualName(models.Model):
    """Content rows carry their two names; code carries none."""

    name_zh = models.CharField(_("name (Chinese)"), max_length=80)
    name_en = models.CharField(_("name (English)"), max_length=120)

    class Meta:
        abstract = True

    @property
    def name(self) -> str:
        """The name in the language of the page."""
        return self.name_zh if (get_language() or "zh").startswith("zh") else self.name_en

    def __str__(self) -> str:
        return self.name


class OrderType(BilingualName):
    """A kind of demand (咨询, 求助, 投诉, 举报, 建议, 表扬 ...); cities count them differently, so they are rows."""

    code = models.SlugField(_("code"), max_length=20, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    sealed_by_default = models.BooleanField(_("sealed by default"), default=False)
    counts_for_satisfaction = models.BooleanField(_("counts for satisfaction"), default=True)

    class Meta:
        verbose_name = _("order type")
        verbose_name_plural = _("order types")
        ordering = ["position", "code"]


class DutyCategory(TreeNode):
    """A class of duty items; first level has no parent."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("name (English)"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("duty category")
        verbose_name_plural = _("duty categories")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The name in the language of the page; the Chinese one where no other is known."""
        return self.name if (get_language() or "zh").startswith("zh") else self.name_en or self.name


class Urgency(models.TextChoices):
    """Urgency as city rules define it: hard to mend later is urgent, with grave result critical."""

    NORMAL = "normal", _("Normal")
    URGENT = "urgent", _("Urgent")
    CRITICAL = "critical", _("Critical")


class DutyItem(models.Model):
    """One duty (事项) with its owner, legal basis and limits. Limits are texts such as "5 working_days"."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name (English)"), max_length=120, blank=True)
    category = models.ForeignKey(DutyCategory, on_delete=models.PROTECT, related_name="items", verbose_name=_("category"))
    order_type = models.ForeignKey(OrderType, on_delete=models.PROTECT, verbose_name=_("usual order type"))
    keywords = models.JSONField(_("words people use"), default=list, blank=True)
    owner = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="duty_items", verbose_name=_("owner"))
    acts_at = models.CharField(_("acts at"), max_length=10, choices=Level, default=Level.CITY)
    legal_basis = models.JSONField(_("legal basis"), default=list, blank=True, help_text=_("[{law, article}]"))
    legal_limit = models.CharField(_("legal limit"), max_length=30, blank=True)
    promised_limit = models.CharField(_("promised limit"), max_length=30, blank=True)
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency, default=Urgency.NORMAL)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("duty item")
        verbose_name_plural = _("duty items")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The name in the language of the page; the Chinese one where no other is known."""
        return self.name if (get_language() or "zh").startswith("zh") else self.name_en or self.name


class DutyQuestion(models.Model):
    """What must be known before an order of this item is useful. The bot, the form and the API read this one list."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        CHOICE = "choice", _("Choice")
        YES_NO = "yes_no", _("Yes or no")
        NUMBER = "number", _("Number")
        PLACE = "place", _("Place")
        TIME = "time", _("Time")

    item = models.ForeignKey(DutyItem, on_delete=models.CASCADE, related_name="questions", verbose_name=_("duty item"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    slot = models.SlugField(_("slot"), max_length=40)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    prompt_zh = models.CharField(_("question (Chinese)"), max_length=120)
    prompt_en = models.CharField(_("question (English)"), max_length=160)
    required = models.BooleanField(_("required"), default=False)
    choices = models.JSONField(_("choices"), default=list, blank=True, help_text=_("[{value, zh, en}]"))

    class Meta:
        verbose_name = _("duty question")
        verbose_name_plural = _("duty questions")
        ordering = ["item_id", "position"]
        constraints = [models.UniqueConstraint(fields=["item", "slot"], name="one_question_per_slot")]

    def __str__(self) -> str:
        return self.prompt_zh


class Staff(AbstractUser):
    """A person who works for the hotline or a unit."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    display_name = models.CharField(_("name shown"), max_length=60)
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="staff", verbose_name=_("unit"))
    employee_number = models.CharField(_("employee number"), max_length=20, blank=True)
    skills = models.JSONField(_("skills"), default=list, blank=True)
    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    def appointments_now(self) -> list[Appointment]:
        """Appointments in force, read once per object (a page asks many times): one's own, then those one stands in for."""
        if not hasattr(self, "_appointments"):
            from ticketing.organisation.selectors import borrowed_appointments

            own = list(self.appointments.select_related("unit").order_by("pk"))
            self._appointments = own + borrowed_appointments(self, own)
        return self._appointments

    def name_in(self, role: Role, unit_id: int | None) -> str:
        """The name that history keeps of an act in `role`: with that of the person one stands in for, where it is not one's own."""
        held = [a for a in self.appointments_now() if a.role == role and a.unit_id == unit_id]
        lent = held[0].on_behalf_of if held else ""
        return f"{self.display_name}（{lent}）"[:60] if lent else self.display_name

    def appointment(self, role: Role | None = None) -> Appointment | None:
        """The appointment as `role`, or the first one held."""
        return next((a for a in self.appointments_now() if role is None or a.role == role), None)

    def has_role(self, *roles: Role) -> bool:
        """Whether the person holds any of `roles` in any unit."""
        return any(a.role in roles for a in self.appointments_now())


class Appointment(models.Model):
    """A role held in a unit; it covers the unit and all below it."""

    on_behalf_of = ""  # "代…" or "值班" where the role is lent for a while; such rows are never saved

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="appointments", verbose_name=_("staff member"))
    role = models.CharField(_("role"), max_length=20, choices=[(r.value, r.label) for r in STAFF_ROLES])
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("unit"))

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = [models.UniqueConstraint(fields=["staff", "role", "unit"], name="one_appointment_per_role_and_unit")]

    def __str__(self) -> str:
        return f"{self.staff} · {self.get_role_display()} · {self.unit}"


class WorkCalendar(models.Model):
    """Working time of a unit: weekly windows plus the days that differ."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=60)
    is_default = models.BooleanField(_("default"), default=False)
    windows = models.JSONField(
        _("weekly windows"), default=dict, help_text=_('{"0": [["09:00", "12:00"], ["13:30", "17:30"]], ...}; 0 is Monday')
    )

    class Meta:
        verbose_name = _("working calendar")
        verbose_name_plural = _("working calendars")

    def __str__(self) -> str:
        return self.name


class CalendarDay(models.Model):
    """A day that differs from its weekday: a holiday, a make-up working day, a half day (its morning), or windows of its own."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", _("Holiday")
        MAKE_UP = "make_up", _("Make-up working day")
        HALF_DAY = "half_day", _("Half working day")
        SPECIAL = "special", _("Special hours")

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="days", verbose_name=_("calendar"))
    date = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("name"), max_length=40, blank=True)
    windows = models.JSONField(_("windows of that day"), default=list, blank=True)
    provisional = models.BooleanField(_("provisional"), default=False, help_text=_("not yet published by the State Council"))

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["calendar_id", "date"]
        constraints = [models.UniqueConstraint(fields=["calendar", "date"], name="one_entry_per_calendar_day")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


from ticketing.organisation.structure_models import DutyShift, Post, StandIn, UnitEvent  # noqa: E402, F401  they name the above
