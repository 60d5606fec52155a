"""What an entry must look like before it may be kept, and how it is read from a file.

Rules after the import rules for 12345 knowledge bases that a city office has published (信阳市, 2021): title unique and
at most 128 characters, keywords at most 20 characters each and different from the title, a category with a path.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from search.errors import InvalidArticle
from search.models import Kind

TITLE_CHARS, KEYWORD_CHARS, QUESTION_CHARS, ANSWER_CHARS = 128, 20, 200, 2000


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement with its source. `date` is the day of the law or document."""

    text: str
    law: str
    article: str = ""
    date: dt.date | None = None
    document_number: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ArticleContent:
    """Everything a version says. Dates are inclusive; None is an open end."""

    category: str
    title: str
    answer: str
    kind: str = Kind.FAQ
    questions: tuple[str, ...] = ()
    body: str = ""
    facts: tuple[Fact, ...] = ()
    keywords: tuple[str, ...] = ()
    owner: str = ""
    duty_items: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    public: bool = True
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    review_by: dt.date | None = None

    def fingerprint(self) -> str:
        """A hash of the whole content: equal content makes no new version."""
        return hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode()).hexdigest()

    def check(self) -> None:
        """Raise InvalidArticle with the first rule that is broken."""
        if not self.title.strip() or len(self.title) > TITLE_CHARS:
            raise InvalidArticle(_("The title must have 1 to %(n)d characters.") % {"n": TITLE_CHARS})
        if not self.category.strip("/ "):
            raise InvalidArticle(_("The category is missing."))
        if not self.answer.strip() or len(self.answer) > ANSWER_CHARS:
            raise InvalidArticle(_("The answer must have 1 to %(n)d characters.") % {"n": ANSWER_CHARS})
        if self.kind not in Kind.values:
            raise InvalidArticle(_("There is no kind of article named “%(kind)s”.") % {"kind": self.kind})
        for keyword in self.keywords:
            if not keyword.strip() or len(keyword) > KEYWORD_CHARS or keyword == self.title:
                raise InvalidArticle(
                    _("Keyword “%(word)s”: 1 to %(n)d characters, and not the title itself.")
                    % {"word": keyword, "n": KEYWORD_CHARS}
                )
        if any(not question.strip() or len(question) > QUESTION_CHARS for question in self.questions):
            raise InvalidArticle(_("Each way of asking must have 1 to %(n)d characters.") % {"n": QUESTION_CHARS})
        if any(not fact.text.strip() or not fact.law.strip() for fact in self.facts):
            raise InvalidArticle(_("Each source needs the fact and the law or document it comes from."))
        if self.public and not self.facts:
            raise InvalidArticle(_("An article for citizens needs at least one source."))
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise InvalidArticle(_("The last day of validity lies before the first."))


@dataclass(frozen=True, slots=True)
class FileEntry:
    """An article of a file: its code, its content, and where it stands (for messages)."""

    where: str
    code: str = ""
    content: ArticleContent | None = None
    error: str = ""


@dataclass(slots=True)
class ImportReport:
    """What an import did. `errors` are sentences, each beginning with the file."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[str] = field(default_factory=list)


def read_directory(directory: Path) -> list[FileEntry]:
    """Every article of the *.yml files of a folder: one mapping, a list of them, or one a YAML document."""
    entries: list[FileEntry] = []
    for path in sorted(Path(directory).glob("*.yml")):
        try:
            with path.open(encoding="utf-8") as file:
                documents = list(yaml.load_all(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        except yaml.YAMLError as error:
            entries.append(FileEntry(where=path.name, error=str(error).replace("\n", " ")))
            continue
        for document in documents:
            for row in document if isinstance(document, list) else [document]:
                entries.append(_entry(path.name, row))
    return entries


def _entry(where: str, row: Any) -> FileEntry:
    if not isinstance(row, dict) or not row.get("code"):
        return FileEntry(where=where, error=_("An entry without a code."))
    code = str(row["code"])
    try:
        return FileEntry(where=f"{where} {code}", code=code, content=content_from(row))
    except (InvalidArticle, KeyError, TypeError, ValueError) as error:
        problem = _("field %(field)s is missing") % {"field": error} if isinstance(error, KeyError) else str(error)
        return FileEntry(where=f"{where} {code}", error=problem)


def content_from(row: dict[str, Any]) -> ArticleContent:
    """Content from a mapping of the file format; raises InvalidArticle, KeyError, TypeError or ValueError."""
    content = ArticleContent(
        category=str(row["category"]),
        title=str(row["title"]).strip(),
        answer=str(row["answer"]).strip(),
        kind=str(row.get("kind") or Kind.FAQ),
        questions=_texts(row.get("questions")),
        body=str(row.get("body") or "").strip(),
        facts=tuple(_fact(fact) for fact in row.get("facts") or ()),
        keywords=_texts(row.get("keywords")),
        owner=str(row.get("owner") or ""),
        duty_items=_texts(row.get("duty_items")),
        regions=_texts(row.get("regions")),
        public=bool(row.get("public", True)),
        valid_from=_day(row.get("valid_from")),
        valid_to=_day(row.get("valid_to")),
        review_by=_day(row.get("review_by")),
    )
    content.check()
    return content


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(text).strip() for text in value or ())


def _fact(row: dict[str, Any]) -> Fact:
    return Fact(
        text=str(row["text"]).strip(),
        law=str(row["law"]).strip(),
        article=str(row.get("article") or ""),
        date=_day(row.get("date")),
        document_number=str(row.get("document_number") or ""),
        url=str(row.get("url") or ""),
    )


def _day(value: Any) -> dt.date | None:
    if value in (None, ""):
        return None
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
