"""Content of the rooms above the organisation as the rows of its files."""

from __future__ import annotations

from typing import Any

from hotline.quality.models import ScoreSheet, SheetItem
from hotline.voice.models import Line
from search.models import Article, Synonym
from ticketing.clocks.models import TimeLimit
from ticketing.clocks.plans import all_plans, definition_of
from ticketing.dispatch.models import DispatchRule
from ticketing.inspection.models import AlertRule
from ticketing.notices.models import CallbackScript, NoticeTemplate
from ticketing.orders.models import ReplyCheck, ReturnReason

Rows = list[dict[str, Any]]


def _said(row: dict[str, Any]) -> dict[str, Any]:
    """The row without what says nothing."""
    return {key: value for key, value in row.items() if value not in (None, "", [])}


def time_limits() -> Rows:
    """Rows of time_limits.yml."""
    return [
        _said(
            {
                "kind": limit.kind,
                "order_type": limit.order_type.code if limit.order_type else None,
                "urgency": limit.urgency,
                "level": limit.level,
                "category": limit.category.code if limit.category else None,
                "duty_item": limit.duty_item.code if limit.duty_item else None,
                "value": limit.value,
                "measure": limit.measure,
                "warn_fraction": limit.warn_fraction,
                "legal_limit": limit.legal_limit,
                "end_day_included": None if limit.end_day_included else False,
            }
        )
        for limit in TimeLimit.objects.select_related("order_type", "category", "duty_item").order_by("pk")
    ]


def plans() -> Rows:
    """Rows of plans.yml in the order of their precedence."""
    return [_said(dict(definition_of(plan))) for plan in all_plans()]


def notice_templates() -> Rows:
    """Rows of notice_templates.yml."""
    return [
        {"code": t.code, "channel": t.channel, "zh": t.text_zh, "en": t.text_en} for t in NoticeTemplate.objects.order_by("pk")
    ]


def callback_scripts() -> Rows:
    """Rows of callback_scripts.yml."""
    return [
        _said(
            {
                "code": script.code,
                "order_type": script.order_type.code if script.order_type else None,
                "redone": script.redone or None,
                "zh": script.text_zh,
                "en": script.text_en,
            }
        )
        for script in CallbackScript.objects.select_related("order_type").order_by("pk")
    ]


def score_sheets() -> Rows:
    """Rows of score_sheets.yml, without items that are switched off."""
    return [
        {
            "code": sheet.code,
            "zh": sheet.name_zh,
            "en": sheet.name_en,
            "pass_mark": sheet.pass_mark,
            "items": [_sheet_item(item) for item in sheet.items.all() if item.is_active],
        }
        for sheet in ScoreSheet.objects.prefetch_related("items")
    ]


def _sheet_item(item: SheetItem) -> dict[str, Any]:
    return {
        "code": item.code,
        "section_zh": item.section_zh,
        "section_en": item.section_en,
        "zh": item.name_zh,
        "en": item.name_en,
        "points": item.points,
        "fatal": item.fatal,
    }


def alert_rules() -> Rows:
    """Rows of alert_rules.yml."""
    names = ("name", "kind", "threshold", "days", "minimum")
    return [{name: getattr(rule, name) for name in names} for rule in AlertRule.objects.order_by("pk")]


def return_reasons() -> Rows:
    """Rows of return_reasons.yml."""
    return [
        {"code": r.code, "zh": r.name_zh, "en": r.name_en, "needs_unit": r.needs_unit, "needs_evidence": r.needs_evidence}
        for r in ReturnReason.objects.filter(is_active=True)
    ]


def reply_checks() -> Rows:
    """Rows of reply_checks.yml."""
    return [
        {"code": c.code, "zh": c.name_zh, "en": c.name_en, "required": c.required}
        for c in ReplyCheck.objects.filter(is_active=True)
    ]


def dispatch_rules() -> Rows:
    """Rows of dispatch_rules.yml in the order they are tried."""
    rows = []
    for rule in DispatchRule.objects.select_related("duty_item", "region", "to_unit", "to_item"):
        when = {
            "condition": rule.condition,
            "any_keywords": rule.any_keywords,
            "all_keywords": rule.all_keywords,
            "duty_item": rule.duty_item.code if rule.duty_item else None,
            "region": rule.region.code if rule.region else None,
        }
        then = {
            "unit": rule.to_unit.code if rule.to_unit else None,
            "duty_item": rule.to_item.code if rule.to_item else None,
        }
        rows.append({"name": rule.name, "when": _said(when), "then": _said(then), "active": rule.is_active})
    return rows


def lines() -> Rows:
    """Rows of lines.yml in the order in which they were made."""
    rows = []
    for line in Line.objects.order_by("pk"):
        row = {
            "number": line.number,
            "name": line.name,
            "merge_form": line.merge_form,
            "hours": line.hours,
            "answer_first": line.answer_first,
            "greeting_zh": line.greeting_zh,
            "greeting_en": line.greeting_en,
            "skills": line.skills,
        }
        rows.append(row if line.active else {**row, "active": False})
    return rows


def synonyms() -> list[list[str]]:
    """Groups of synonyms.yml, the official word first in each."""
    return [[group.word, *group.also] for group in Synonym.objects.order_by("pk")]


def articles() -> Rows:
    """Every released article with its sources, as rows of a file of articles."""
    rows = []
    for article in (
        Article.objects.filter(published__isnull=False).select_related("published").prefetch_related("published__facts")
    ):
        version = article.published
        assert version is not None  # filtered above
        row = {
            "code": article.code,
            "category": version.category,
            "title": version.title,
            "kind": version.kind,
            "questions": version.questions,
            "answer": version.answer,
            "body": version.body,
            "facts": [
                _said(
                    {
                        "text": fact.text,
                        "law": fact.law,
                        "article": fact.article,
                        "date": fact.date,
                        "document_number": fact.document_number,
                        "url": fact.url,
                    }
                )
                for fact in version.facts.order_by("position")
            ],
            "keywords": version.keywords,
            "owner": version.owner,
            "duty_items": version.duty_items,
            "regions": version.regions,
            "valid_from": version.valid_from,
            "valid_to": version.valid_to,
            "review_by": version.review_by,
        }
        rows.append({**_said(row), "public": version.public})
    return rows
