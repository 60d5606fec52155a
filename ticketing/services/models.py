"""Service items (政务服务事项): what a citizen can have done, where, on which conditions, with which papers, how fast."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.organisation.models import Unit
from ticketing.organisation.roles import Role

EDITORS = frozenset({Role.ADMIN, Role.KNOWLEDGE_EDITOR})
PUBLISHERS = frozenset({Role.ADMIN, Role.KNOWLEDGE_PUBLISHER})
CONTENT_ROLES = EDITORS | PUBLISHERS | {Role.KNOWLEDGE_REVIEWER}


class Measure(models.TextChoices):
    """What a limit counts in."""

    MINUTES = "minutes", _("minutes")
    WORKING_HOURS = "working_hours", _("working hours")
    WORKING_DAYS = "working_days", _("working days")
    NATURAL_DAYS = "natural_days", _("natural days")
    MONTHS = "months", _("months")


LIMIT_WORDS = {
    Measure.MINUTES: _("%(value)d minutes"),
    Measure.WORKING_HOURS: _("%(value)d working hours"),
    Measure.WORKING_DAYS: _("%(value)d working days"),
    Measure.NATURAL_DAYS: _("%(value)d natural days"),
    Measure.MONTHS: _("%(value)d months"),
}


def limit_words(value: int | None, measure: str, raw: str) -> str:
    """A limit as people read it; the original words where it could not be read."""
    if value is None:
        return raw
    if value == 0:
        return str(_("at once"))
    return str(LIMIT_WORDS[Measure(measure)]) % {"value": value}


class ServiceItem(models.Model):
    """One item as its guide tells it. Raw words stay beside what was read out of them."""

    code = models.CharField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=300)
    variant = models.CharField(_("case"), max_length=200, blank=True)
    kind = models.CharField(_("kind of item"), max_length=40, blank=True, db_index=True)
    short_name = models.CharField(_("short name"), max_length=200, blank=True)
    also_called = models.JSONField(_("also called"), default=list, blank=True)
    catalogue_code = models.CharField(_("catalogue code"), max_length=60, blank=True, db_index=True)
    catalogue_name = models.CharField(_("name in the catalogue"), max_length=300, blank=True)
    parent_code = models.CharField(_("main item's code"), max_length=60, blank=True)
    parent_name = models.CharField(_("main item"), max_length=300, blank=True)
    department = models.CharField(_("department as named"), max_length=160, blank=True, db_index=True)
    department_code = models.CharField(_("department's code"), max_length=40, blank=True)
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.SET_NULL, related_name="service_items", verbose_name=_("unit")
    )
    partners = models.CharField(_("works together with"), max_length=600, blank=True)
    area_code = models.CharField(_("area code"), max_length=20, blank=True)
    area_name = models.CharField(_("area"), max_length=80, blank=True)
    level = models.CharField(_("level"), max_length=20, blank=True)
    legal_basis = models.JSONField(_("legal basis"), default=list, blank=True)
    conditions = models.TextField(_("conditions"), blank=True)
    open_to_all = models.BooleanField(_("without conditions"), default=False)
    materials = models.JSONField(_("materials"), default=list, blank=True)
    served = models.JSONField(_("who is served"), default=list, blank=True)
    themes = models.JSONField(_("themes"), default=list, blank=True)
    place = models.CharField(_("place"), max_length=1000, blank=True)
    windows = models.JSONField(_("windows"), default=list, blank=True)
    online_only = models.BooleanField(_("online only"), default=False)
    legal_value = models.PositiveIntegerField(_("legal limit"), null=True, blank=True)
    legal_measure = models.CharField(_("legal limit counts in"), max_length=14, choices=Measure, blank=True)
    legal_raw = models.CharField(_("legal limit as written"), max_length=200, blank=True)
    promised_value = models.PositiveIntegerField(_("promised limit"), null=True, blank=True)
    promised_measure = models.CharField(_("promised limit counts in"), max_length=14, choices=Measure, blank=True)
    promised_raw = models.CharField(_("promised limit as written"), max_length=200, blank=True)
    phones = models.JSONField(_("telephones for questions"), default=list, blank=True)
    phones_raw = models.TextField(_("telephones as written"), blank=True)
    complaint_phones = models.JSONField(_("telephones for complaints"), default=list, blank=True)
    complaint_phones_raw = models.TextField(_("complaint telephones as written"), blank=True)
    online_url = models.CharField(_("done online at"), max_length=1000, blank=True)
    booking_url = models.CharField(_("booked at"), max_length=1000, blank=True)
    platform = models.CharField(_("system it is done in"), max_length=200, blank=True)
    delivered = models.BooleanField(_("result can be sent"), null=True, blank=True)
    visits = models.PositiveSmallIntegerField(_("visits needed"), null=True, blank=True)
    doubts = models.JSONField(_("what was dirty"), default=list, blank=True)
    source_hash = models.CharField(max_length=64, editable=False)
    imported_at = models.DateTimeField(_("imported"), auto_now=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("service item")
        verbose_name_plural = _("service items")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """The name with the case it is for, where one name has several."""
        return f"{self.name} · {self.variant}" if self.variant and self.variant not in self.name else self.name

    @property
    def legal_limit(self) -> str:
        """The legal limit in words."""
        return limit_words(self.legal_value, self.legal_measure, self.legal_raw)

    @property
    def promised_limit(self) -> str:
        """The promised limit in words."""
        return limit_words(self.promised_value, self.promised_measure, self.promised_raw)


from ticketing.services.catalogue_models import (  # noqa: E402  (Django looks for models here; they stand in their own file)
    CatalogueEntry,
    CatalogueEvent,
    CatalogueLink,
    CatalogueVersion,
    Listing,
    LocalEntry,
)

__all__ = [
    "CONTENT_ROLES",
    "EDITORS",
    "PUBLISHERS",
    "CatalogueEntry",
    "CatalogueEvent",
    "CatalogueLink",
    "CatalogueVersion",
    "Listing",
    "LocalEntry",
    "Measure",
    "ServiceItem",
    "limit_words",
]
