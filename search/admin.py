"""Content admin: articles and gaps to look at (they change by their three steps), synonyms to edit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget

from search import actions
from search.models import Article, ArticleVersion, KnowledgeGap, SourceFact, Synonym


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class FactInline(_ReadOnly, TabularInline):
    model = SourceFact
    fields = ("text", "law", "article", "document_number", "date", "url")
    extra = 0


@admin.register(ArticleVersion)
class ArticleVersionAdmin(_ReadOnly, ModelAdmin):
    """Versions; the desk is where they are written and released."""

    list_display = ("article", "number", "title", "state", "category", "public", "valid_to", "review_by", "on_desk")
    list_filter = ("state", "kind", "public")
    search_fields = ("title", "article__code", "answer")
    list_select_related = ("article",)
    inlines = (FactInline,)

    @admin.display(description=_("Knowledge desk"))
    def on_desk(self, version: ArticleVersion) -> SafeString:
        """A link to the page where steps are taken."""
        return format_html('<a href="{}">{}</a>', reverse("search:version", args=[version.pk]), _("Take steps"))


@admin.register(Article)
class ArticleAdmin(_ReadOnly, ModelAdmin):
    list_display = ("code", "published", "revision", "helpful", "unhelpful", "changed_at")
    search_fields = ("code", "published__title")
    list_select_related = ("published",)


@admin.register(KnowledgeGap)
class KnowledgeGapAdmin(_ReadOnly, ModelAdmin):
    list_display = ("question", "kind", "status", "count", "last_asked_at", "article")
    list_filter = ("status", "kind")
    search_fields = ("question",)
    list_select_related = ("article",)


class SynonymForm(forms.ModelForm):
    also = forms.CharField(label=_("what people say"), help_text=_("one a line"), widget=UnfoldAdminTextareaWidget)

    class Meta:
        model = Synonym
        fields = ("word", "also", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["also"] = "\n".join(self.instance.also)

    def clean_also(self) -> list[str]:
        """Lines as a list."""
        return [line.strip() for line in self.cleaned_data["also"].splitlines() if line.strip()]


@admin.register(Synonym)
class SynonymAdmin(ModelAdmin):
    form = SynonymForm
    list_display = ("word", "spoken", "is_active")
    list_filter = ("is_active",)
    search_fields = ("word",)

    @admin.display(description=_("what people say"))
    def spoken(self, synonym: Synonym) -> str:
        """The words in one line."""
        return "、".join(synonym.also)

    def save_model(self, request: HttpRequest, obj: Synonym, form: forms.ModelForm, change: bool) -> None:
        actions.save_synonym(synonym=obj)
