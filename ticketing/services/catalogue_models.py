"""The catalogue (事项目录): five lists, whole versions of them, and what lower levels add to an entry."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ticketing.organisation.models import Level, Region


class Listing(models.TextChoices):
    """The five lists of the catalogue."""

    POWERS = "powers", _("Powers")
    NEGATIVE = "negative", _("Negative list")
    PERMITS = "permits", _("Permits")
    SUPERVISION = "supervision", _("Regulation")
    PRIORITIES = "priorities", _("Priorities by level")


class CatalogueVersion(models.Model):
    """The whole catalogue at one time. One draft at most, one published at most; what was published stays for rolling back."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        SUPERSEDED = "superseded", _("Superseded")

    number = models.PositiveIntegerField(_("number"), unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    note = models.CharField(_("what is new"), max_length=300, blank=True)
    replaced = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("replaced version")
    )
    entry_count = models.PositiveIntegerField(_("entries"), default=0)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    created_by = models.CharField(_("begun by"), max_length=60)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    class Meta:
        verbose_name = _("catalogue version")
        verbose_name_plural = _("catalogue versions")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="draft"), name="one_catalogue_draft"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="published"), name="one_catalogue_published"),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


# What an entry says, in the order of the columns of its files. The first four and the laws and papers bind lower levels.
CONTENT: tuple[str, ...] = (
    "name",
    "kind",
    "owner",
    "unit_code",
    "level",
    "basis",
    "materials",
    "legal_limit",
    "promised_limit",
    "measures",
)
CONTENT += ("place", "phone", "window", "links", "note")
INHERITED = ("name", "basis", "materials")
LOCAL = ("place", "phone", "window")


def content_hash(content: dict[str, Any]) -> str:
    """Names the content of an entry, so that versions are compared by a short string."""
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:32]


class CatalogueEntry(models.Model):
    """One entry of one list in one version. `links` holds "list:code" of entries it belongs to."""

    version = models.ForeignKey(
        CatalogueVersion, on_delete=models.CASCADE, related_name="entries", verbose_name=_("catalogue version")
    )
    listing = models.CharField(_("list"), max_length=12, choices=Listing)
    code = models.CharField(_("code"), max_length=60)
    name = models.CharField(_("name"), max_length=300)
    kind = models.CharField(_("kind of item"), max_length=60, blank=True)
    owner = models.CharField(_("responsible body"), max_length=160, blank=True)
    unit_code = models.CharField(_("code of the unit"), max_length=30, blank=True)
    level = models.CharField(_("level"), max_length=10, choices=Level, blank=True)
    basis = models.JSONField(_("legal basis"), default=list, blank=True)
    materials = models.JSONField(_("materials"), default=list, blank=True)
    legal_limit = models.CharField(_("legal limit"), max_length=100, blank=True)
    promised_limit = models.CharField(_("promised limit"), max_length=100, blank=True)
    measures = models.JSONField(_("measures"), default=list, blank=True)
    place = models.CharField(_("place"), max_length=300, blank=True)
    phone = models.CharField(_("telephone"), max_length=100, blank=True)
    window = models.CharField(_("window"), max_length=100, blank=True)
    links = models.JSONField(_("links"), default=list, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    hash = models.CharField(max_length=32, editable=False)

    class Meta:
        verbose_name = _("catalogue entry")
        verbose_name_plural = _("catalogue entries")
        ordering = ["listing", "code"]
        constraints = [models.UniqueConstraint(fields=["version", "listing", "code"], name="one_entry_per_version_and_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def ref(self) -> str:
        """How other entries name this one."""
        return f"{self.listing}:{self.code}"

    def content(self) -> dict[str, Any]:
        """What the entry says, field by field."""
        return {name: getattr(self, name) for name in CONTENT}


class CatalogueLink(models.Model):
    """A link of an entry, as a row, so that the other end finds it."""

    entry = models.ForeignKey(CatalogueEntry, on_delete=models.CASCADE, related_name="outgoing")
    listing = models.CharField(max_length=12, choices=Listing)
    code = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["listing", "code"], name="catalogue_link_target")]


class LocalEntry(models.Model):
    """What a lower level sets of an entry: place, telephone, window, and nothing else.

    `declared` keeps what the level's own file said differently of that which it must take over; the drift report shows it.
    """

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="catalogue_entries", verbose_name=_("region"))
    listing = models.CharField(_("list"), max_length=12, choices=Listing)
    code = models.CharField(_("code"), max_length=60)
    place = models.CharField(_("place"), max_length=300, blank=True)
    phone = models.CharField(_("telephone"), max_length=100, blank=True)
    window = models.CharField(_("window"), max_length=100, blank=True)
    declared = models.JSONField(_("declared differently"), default=dict, blank=True)
    standard_hash = models.CharField(max_length=32, blank=True, editable=False)  # of what the level had before it
    changed_by = models.CharField(_("changed by"), max_length=60)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("local entry")
        verbose_name_plural = _("local entries")
        ordering = ["listing", "code"]
        constraints = [models.UniqueConstraint(fields=["region", "listing", "code"], name="one_local_entry_per_region")]


class CatalogueEvent(models.Model):
    """Who did what to the catalogue; rows are never changed."""

    class What(models.TextChoices):
        OPENED = "opened", _("Draft begun")
        IMPORTED = "imported", _("File brought in")
        CHANGED = "changed", _("Entry changed")
        DISCARDED = "discarded", _("Draft thrown away")
        PUBLISHED = "published", _("Published")
        ROLLED_BACK = "rolled_back", _("Rolled back")
        LOCAL = "local", _("Local values set")

    what = models.CharField(_("what"), max_length=12, choices=What)
    number = models.PositiveIntegerField(_("version"), null=True, blank=True)
    text = models.CharField(_("text"), max_length=500, blank=True)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name shown"), max_length=60)
    role = models.CharField(_("role"), max_length=20)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("catalogue event")
        verbose_name_plural = _("catalogue events")
        ordering = ["-at", "-pk"]
