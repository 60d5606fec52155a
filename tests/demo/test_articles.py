"""The demo's knowledge articles, synonyms and retrieval questions: shape, sources and figures."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

DEMO = Path(__file__).resolve().parents[2] / "demo"
FIELDS = {
    "code",
    "category",
    "title",
    "kind",
    "questions",
    "answer",
    "body",
    "facts",
    "keywords",
    "owner",
    "valid_from",
    "valid_to",
    "review_by",
    "public",
    "duty_items",
}
FACT_FIELDS = {"text", "law", "article", "date", "document_number"}
SERVICE_NUMBERS = {"110", "119", "120", "122", "12345", "12315", "12333", "12329", "12348", "12366", "12367"}
# Laws that the Ecological and Environmental Code repealed on 2026-08-15 (its article 1242), and others replaced since.
REPEALED = {
    "中华人民共和国环境保护法",
    "中华人民共和国大气污染防治法",
    "中华人民共和国噪声污染防治法",
    "中华人民共和国固体废物污染环境防治法",
    "城市供水条例",
    "社会救助暂行办法",
}


def load(name: str) -> Any:
    return yaml.safe_load((DEMO / name).read_text(encoding="utf-8"))


def articles() -> list[dict[str, Any]]:
    return [row for path in sorted((DEMO / "articles").glob("*.yml")) for row in load(f"articles/{path.name}")]


ARTICLES = articles()
CODES = [row["code"] for row in ARTICLES]


def figures(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", text))


def iso(value: object) -> date:
    """Dates may be quoted or bare in YAML; both must be real days."""
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def test_there_are_enough_articles_in_enough_areas() -> None:
    assert len(ARTICLES) >= 90
    assert len({row["category"] for row in ARTICLES}) >= 15
    assert {row["kind"] for row in ARTICLES} == {"policy", "guide", "faq"}


def test_codes_are_unique_and_stable_in_form() -> None:
    assert [code for code, n in Counter(CODES).items() if n > 1] == []
    assert all(re.fullmatch(r"K-\d{4}", code) for code in CODES)
    titles = Counter(row["title"] for row in ARTICLES)
    assert [title for title, n in titles.items() if n > 1] == []


@pytest.mark.parametrize("row", ARTICLES, ids=CODES)
def test_article_has_every_field(row: dict[str, Any]) -> None:
    assert set(row) == FIELDS
    for field in ("category", "title", "owner"):
        assert row[field].strip()
    assert 3 <= len(row["questions"]) <= 8
    assert len(set(row["questions"])) == len(row["questions"])
    assert 0 < len(row["answer"]) <= 120
    assert len(row["body"]) >= 20
    assert row["keywords"]
    assert row["public"] is True
    assert row["duty_items"] == []


@pytest.mark.parametrize("row", ARTICLES, ids=CODES)
def test_every_fact_names_law_article_and_date(row: dict[str, Any]) -> None:
    assert row["facts"]
    for fact in row["facts"]:
        assert FACT_FIELDS >= set(fact) >= FACT_FIELDS - {"document_number"}
        assert fact["text"].strip() and fact["law"].strip() and fact["article"].strip()
        assert date(1950, 1, 1) < iso(fact["date"]) <= date(2026, 11, 22)
        assert fact["law"] not in REPEALED


@pytest.mark.parametrize("row", ARTICLES, ids=CODES)
def test_every_figure_said_stands_in_a_fact(row: dict[str, Any]) -> None:
    proven = set().union(*(figures(fact["text"]) for fact in row["facts"])) | SERVICE_NUMBERS
    assert figures(row["answer"] + row["body"]) - proven == set()


@pytest.mark.parametrize("row", ARTICLES, ids=CODES)
def test_validity_dates(row: dict[str, Any]) -> None:
    valid_from = iso(row["valid_from"])
    assert valid_from == max(iso(fact["date"]) for fact in row["facts"])
    assert row["valid_to"] is None or iso(row["valid_to"]) > valid_from
    assert iso(row["review_by"]) == date(2027, 6, 30)


@pytest.mark.parametrize("row", ARTICLES, ids=CODES)
def test_text_is_plain(row: dict[str, Any]) -> None:
    text = row["answer"] + row["body"] + "".join(fact["text"] for fact in row["facts"])
    assert not re.search(r"[#*_`|<>]|\]\(", text)


def test_synonyms() -> None:
    groups = load("synonyms.yml")
    assert len(groups) >= 80
    heads = Counter(group[0] for group in groups)
    assert all(len(group) >= 2 and all(isinstance(word, str) for word in group) for group in groups)
    assert [word for word, n in heads.items() if n > 1] == [], (
        "one group for an official word: the later would replace the former"
    )
    assert [group for group in groups if len(set(group)) != len(group)] == []


def test_retrieval_questions() -> None:
    rows = load("article_questions.yml")
    answered = [row for row in rows if row["code"] is not None]
    unanswered = [row for row in rows if row["code"] is None]
    assert len(answered) >= 120
    assert len(unanswered) >= 30
    assert {row["code"] for row in answered} <= set(CODES)
    for part in (answered, unanswered):
        split = Counter(row["split"] for row in part)
        assert set(split) == {"dev", "test"}
        assert split["dev"] >= split["test"] >= 20  # what is measured on is never made smaller
    asked = {question for row in ARTICLES for question in row["questions"]}
    assert {row["question"] for row in rows} & asked == set()
    assert len({row["question"] for row in rows}) == len(rows)
