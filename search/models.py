"""Articles with their versions and the facts they stand on, the questions nobody could answer, and synonyms."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from search.workflow import VERB_LABELS, State


class Kind(models.TextChoices):
    """Nature of the material (材料性质)."""

    GUIDE = "guide", _("Service guide")
    POLICY = "policy", _("Policy")
    FAQ = "faq", _("Frequent question")
    RIGHTS = "rights", _("Rights and remedies")
    NOTICE = "notice", pgettext_lazy("kind of article", "Notice")
    INTERNAL = "internal", _("Internal instruction")
    OTHER = "other", _("Other")


class Article(models.Model):
    """One entry of the knowledge base under a code that never changes; what it says lives in its versions."""

    code = models.SlugField(_("code"), max_length=60, unique=True, allow_unicode=True)
    published = models.OneToOneField(
        "ArticleVersion",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="published_for",
        verbose_name=_("published version"),
    )
    revision = models.PositiveIntegerField(_("revision of what the public sees"), default=0, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, db_index=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    helpful = models.PositiveIntegerField(_("found helpful"), default=0, editable=False)
    unhelpful = models.PositiveIntegerField(_("not found helpful"), default=0, editable=False)

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class ArticleVersion(models.Model):
    """What an article said from one release to the next. A released version is never edited; a new one replaces it."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="versions", verbose_name=_("article"))
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT, db_index=True)
    category = models.CharField(_("category"), max_length=120, help_text=_("path, parts parted by /"))
    kind = models.CharField(_("nature of the material"), max_length=20, choices=Kind, default=Kind.FAQ)
    title = models.CharField(_("title"), max_length=128)
    questions = models.JSONField(_("how people ask"), default=list, blank=True)
    answer = models.TextField(_("answer"), help_text=_("short, in words fit to be said to a citizen"))
    body = models.TextField(_("full text"), blank=True)
    keywords = models.JSONField(_("keywords"), default=list, blank=True)
    owner = models.CharField(_("responsible function"), max_length=60, blank=True)
    owner_unit = models.ForeignKey(
        "organisation.Unit",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("responsible unit"),
    )
    duty_items = models.JSONField(_("duty items"), default=list, blank=True)
    regions = models.JSONField(_("regions"), default=list, blank=True, help_text=_("region codes; empty means everywhere"))
    public = models.BooleanField(_("open to citizens"), default=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True, help_text=_("last day on which it holds"))
    review_by = models.DateField(_("to be checked again by"), null=True, blank=True, db_index=True)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    author = models.CharField(_("written by"), max_length=60)
    author_staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    reviewer = models.CharField(_("reviewed by"), max_length=60, blank=True)
    publisher = models.CharField(_("released by"), max_length=60, blank=True)
    created_at = models.DateTimeField(pgettext_lazy("article version", "written"), auto_now_add=True)
    published_at = models.DateTimeField(_("released"), null=True, blank=True)

    class Meta:
        verbose_name = _("article version")
        verbose_name_plural = _("article versions")
        ordering = ["article__code", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="one_article_version_per_number"),
            models.UniqueConstraint(
                fields=["article"], condition=models.Q(state=State.PUBLISHED), name="one_published_version_per_article"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} (v{self.number})"

    def holds_on(self, day: dt.date) -> bool:
        """Whether the content is in force on `day` (both ends included)."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class SourceFact(models.Model):
    """One statement of a version with the law or document it comes from."""

    version = models.ForeignKey(ArticleVersion, on_delete=models.CASCADE, related_name="facts", verbose_name=_("version"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    text = models.TextField(_("fact"))
    law = models.CharField(_("law or document"), max_length=160)
    article = models.CharField(_("article of the law"), max_length=80, blank=True)
    document_number = models.CharField(_("document number"), max_length=80, blank=True)
    date = models.DateField(_("date of the document"), null=True, blank=True)
    url = models.URLField(_("web address"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("source fact")
        verbose_name_plural = _("source facts")
        ordering = ["version_id", "position"]

    def __str__(self) -> str:
        return f"{self.law} {self.article}".strip()


class VersionStep(models.Model):
    """Append-only trail of a version: who took which step, when, with what remark."""

    version = models.ForeignKey(ArticleVersion, on_delete=models.CASCADE, related_name="steps", verbose_name=_("version"))
    verb = models.CharField(_("step"), max_length=20)
    by = models.CharField(_("by"), max_length=60)
    role = models.CharField(_("role"), max_length=20)
    note = models.CharField(_("remark"), max_length=500, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("step of a version")
        verbose_name_plural = _("steps of versions")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.verb} · {self.by}"

    @property
    def label(self) -> str:
        """The step in the words of the page."""
        return str(VERB_LABELS.get(self.verb, self.verb))


class KnowledgeGap(models.Model):
    """A question the knowledge base could not answer, or a remark that an answer is wrong. Counted, not repeated."""

    class Kind(models.TextChoices):
        MISSING = "missing", _("No answer found")
        CORRECTION = "correction", _("Answer said to be wrong")

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("knowledge gap", "Open")
        ANSWERED = "answered", _("Answered by an article")
        DISMISSED = "dismissed", _("Not for the knowledge base")

    key = models.CharField(max_length=64, unique=True, editable=False)
    kind = models.CharField(_("kind of gap"), max_length=12, choices=Kind, default=Kind.MISSING)
    question = models.CharField(_("question"), max_length=200, help_text=_("numbers of people are masked before it is kept"))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.OPEN, db_index=True)
    count = models.PositiveIntegerField(_("times asked"), default=0)
    nearest = models.JSONField(_("nearest articles"), default=list, blank=True)
    article = models.ForeignKey(
        Article, null=True, blank=True, on_delete=models.SET_NULL, related_name="gaps", verbose_name=_("article")
    )
    first_asked_at = models.DateTimeField(_("first asked"), default=timezone.now)
    last_asked_at = models.DateTimeField(_("last asked"), default=timezone.now, db_index=True)
    closed_by = models.CharField(_("closed by"), max_length=60, blank=True)
    closed_at = models.DateTimeField(pgettext_lazy("knowledge gap", "closed"), null=True, blank=True)
    note = models.CharField(_("remark"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("knowledge gap")
        verbose_name_plural = _("knowledge gaps")
        ordering = ["-count", "-last_asked_at"]

    def __str__(self) -> str:
        return self.question


class GapAsk(models.Model):
    """One time a gap was met; the counts of `KnowledgeGap` can be recomputed from these rows."""

    gap = models.ForeignKey(KnowledgeGap, on_delete=models.CASCADE, related_name="asks", verbose_name=_("gap"))
    conversation_ref = models.CharField(_("conversation"), max_length=80, blank=True)
    region = models.CharField(_("region"), max_length=20, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("asking")
        verbose_name_plural = _("askings")
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["gap", "conversation_ref"],
                condition=~models.Q(conversation_ref=""),
                name="one_asking_per_gap_and_conversation",
            )
        ]

    def __str__(self) -> str:
        return f"{self.gap_id} · {self.at:%Y-%m-%d}"


class Synonym(models.Model):
    """Words that mean the same to a citizen and to a regulation. Used at query time: a change needs no rebuild."""

    word = models.CharField(_("official word"), max_length=40, unique=True)
    also = models.JSONField(_("what people say"), default=list)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering = ["word"]

    def __str__(self) -> str:
        return "、".join([self.word, *self.also])
