"""Order types, categories and the duty list with its questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ticketing.organisation.actions.upsert import (
    BATCH,
    ImportReport,
    Reader,
    Row,
    link_parents,
    pk_by_code,
    read_rows,
    rewrite,
    upsert,
)
from ticketing.organisation.models import DutyCategory, DutyItem, DutyQuestion, OrderType, Unit

LIMIT = re.compile(r"\d+ (minutes|working_hours|working_days|natural_days)")
TYPE_FIELDS = ("code", "name_zh", "name_en", "position", "sealed_by_default", "counts_for_satisfaction")
CATEGORY_FIELDS = ("code", "name", "name_en", "parent")
ITEM_FIELDS = (
    "code", "name", "name_en", "category", "order_type", "owner", "acts_at", "urgency", "keywords", "legal_basis", "legal_limit",
    "promised_limit", "questions", "active",
)  # fmt: skip
QUESTION_FIELDS = ("slot", "kind", "prompt_zh", "prompt_en", "required", "choices")


@transaction.atomic
def import_order_types(*, rows: Iterable[Row]) -> ImportReport:
    """Upsert order types by code; without a position they stand in the order given. Raises DirtyRow."""

    def wanted() -> Iterator[tuple[Reader, dict[str, Any]]]:
        for reader in read_rows(rows, fields=TYPE_FIELDS):
            yield (
                reader,
                {
                    "name_zh": reader.need("name_zh"),
                    "name_en": reader.need("name_en"),
                    "position": reader.row.get("position", reader.number),
                    "sealed_by_default": reader.row.get("sealed_by_default", False),
                    "counts_for_satisfaction": reader.row.get("counts_for_satisfaction", True),
                },
            )

    return upsert(OrderType, wanted())


@transaction.atomic
def import_duty_categories(*, rows: Iterable[Row]) -> ImportReport:
    """Upsert categories by code. Raises DirtyRow."""
    parents: dict[str, tuple[Reader, str | None]] = {}

    def wanted() -> Iterator[tuple[Reader, dict[str, Any]]]:
        for reader in read_rows(rows, fields=CATEGORY_FIELDS):
            parents[reader.key] = (reader, reader.row.get("parent") or None)
            yield reader, {"name": reader.need("name"), "name_en": reader.row.get("name_en") or ""}

    report = upsert(DutyCategory, wanted())
    link_parents(DutyCategory, parents)
    return report


def _limit(reader: Reader, field: str) -> str:
    text = str(reader.row.get(field) or "")
    if text and not LIMIT.fullmatch(text):
        raise reader.fail(
            _("%(field)s “%(text)s” is not a number with minutes, working_hours, working_days or natural_days")
            % {"field": field, "text": text}
        )
    return text


def _words(reader: Reader, field: str) -> list[str]:
    value = reader.row.get(field) or []
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise reader.fail(_("%(field)s must be a list of words") % {"field": field})
    return value


def _basis(reader: Reader) -> list[dict[str, str]]:
    value = reader.row.get("legal_basis") or []
    if not isinstance(value, list) or not all(
        isinstance(b, Mapping) and b.get("law") and set(b) <= {"law", "article"} for b in value
    ):
        raise reader.fail(_("legal_basis must be a list of {law, article}"))
    return [{key: str(text) for key, text in basis.items()} for basis in value]


@transaction.atomic
def import_duty_items(*, rows: Iterable[Row]) -> ImportReport:
    """Upsert the duty list by code, with the questions of each item. Raises DirtyRow.

    An item whose questions alone differ counts as updated.
    """
    categories, types, units = pk_by_code(DutyCategory), pk_by_code(OrderType), pk_by_code(Unit)
    questions: list[tuple[Reader, list[Row]]] = []

    def wanted() -> Iterator[tuple[Reader, dict[str, Any]]]:
        for reader in read_rows(rows, fields=ITEM_FIELDS):
            questions.append((reader, reader.row.get("questions") or []))
            yield (
                reader,
                {
                    "name": reader.need("name"),
                    "name_en": reader.row.get("name_en") or "",
                    "category_id": reader.lookup("category", categories),
                    "order_type_id": reader.lookup("order_type", types),
                    "keywords": _words(reader, "keywords"),
                    "owner_id": reader.lookup("owner", units),
                    "acts_at": reader.need("acts_at"),
                    "legal_basis": _basis(reader),
                    "legal_limit": _limit(reader, "legal_limit"),
                    "promised_limit": _limit(reader, "promised_limit"),
                    "urgency": reader.row.get("urgency") or "normal",
                    "is_active": reader.row.get("active", True),
                },
            )

    report = upsert(DutyItem, wanted())
    _write_questions(questions)
    return report


def _question_values(reader: Reader, position: int, row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping) or set(row) - set(QUESTION_FIELDS):
        raise reader.fail(
            _("question %(number)d must have the fields %(fields)s")
            % {"number": position + 1, "fields": ", ".join(QUESTION_FIELDS)}
        )
    choices = row.get("choices") or []
    if (row.get("kind") == DutyQuestion.Kind.CHOICE) != bool(choices):
        raise reader.fail(
            _("question %(number)d: choices belong to the kind “choice”, and it needs them") % {"number": position + 1}
        )
    if not all(isinstance(c, Mapping) and set(c) == {"value", "zh", "en"} for c in choices):
        raise reader.fail(_("question %(number)d: each choice needs value, zh and en") % {"number": position + 1})
    return {
        "position": position,
        "kind": row.get("kind"),
        "prompt_zh": row.get("prompt_zh"),
        "prompt_en": row.get("prompt_en"),
        "required": bool(row.get("required", False)),
        "choices": [{key: str(text) for key, text in choice.items()} for choice in choices],
    }


def _write_questions(questions: list[tuple[Reader, list[Row]]]) -> None:
    """Make the questions of the items given what the rows say: four statements at most per batch, however many items."""
    items = pk_by_code(DutyItem)
    concerned = {items[reader.key] for reader, _rows in questions}
    existing = {(q.item_id, q.slot): q for q in DutyQuestion.objects.all() if q.item_id in concerned}
    kept: set[tuple[int, str]] = set()
    new, changed = [], []
    checked: set[int] = set()  # sets of questions shared by many items are looked at once
    for reader, rows in questions:
        if not isinstance(rows, list):
            raise reader.fail(_("questions must be a list"))
        for position, row in enumerate(rows):
            values = _question_values(reader, position, row)
            place = (items[reader.key], str(row.get("slot") or ""))
            if place in kept:
                raise reader.fail(_("two questions fill “%(slot)s”") % {"slot": place[1]})
            kept.add(place)
            question = existing.get(place)
            if question is None:
                question = DutyQuestion(item_id=place[0], slot=place[1], **values)
                new.append(question)
            elif any(getattr(question, name) != value for name, value in values.items()):
                for name, value in values.items():
                    setattr(question, name, value)
                changed.append(question)
            if id(row) not in checked:
                checked.add(id(row))
                try:
                    question.clean_fields(exclude={"item"})
                except ValidationError as error:
                    problems = "; ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())
                    raise reader.fail(
                        _("question %(number)d: %(problems)s") % {"number": position + 1, "problems": problems}
                    ) from error
    gone = [question.pk for place, question in existing.items() if place not in kept]
    for start in range(0, len(gone), BATCH):
        DutyQuestion.objects.filter(pk__in=gone[start : start + BATCH]).delete()
    DutyQuestion.objects.bulk_create(new, batch_size=BATCH)
    fields = ["position", "kind", "prompt_zh", "prompt_en", "required", "choices"]
    rewrite(DutyQuestion, changed, fields=fields, unique=["item", "slot"])
