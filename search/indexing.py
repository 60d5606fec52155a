"""From the rows to the index: how a published version becomes a document, and how an index is brought up to date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from search.analysis import characters, fold, joined, joined_characters, joined_sounds, terms
from search.engines.base import FIRST_DAY, LAST_DAY, Engine, IndexDocument, day_number
from search.models import Article, ArticleVersion
from search.workflow import State

_TITLE_PARTS = re.compile(r"[、，；。？?（）()]")
_SHORTEST_PART = 3
_MANY = 50  # from here a rebuild is cheaper than single changes


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a comparison of index and rows put right."""

    indexed: int = 0
    removed: int = 0
    rebuilt: bool = False


class PublishedDocuments:
    """Every published version as a document, read in portions; may be walked more than once."""

    def __len__(self) -> int:
        return Article.objects.filter(published__isnull=False).count()

    def __iter__(self) -> Iterator[IndexDocument]:
        versions = ArticleVersion.objects.filter(published_for__isnull=False, state=State.PUBLISHED)
        rows = versions.select_related("article").prefetch_related("facts").order_by("pk")
        for version in rows.iterator(chunk_size=200):
            yield document_of(version)


def document_of(version: ArticleVersion) -> IndexDocument:
    """The document of a version; `version.article` must be the row as it is now."""
    asked = [version.title, *version.questions]
    facts = [fact.text for fact in version.facts.all()]
    heading = [*asked, *version.keywords]
    fields = {
        "title": joined([version.title]),
        "questions": joined(version.questions),
        "keywords": joined([*version.keywords, *version.category.split("/")]),
        "answer": joined([version.answer, *facts]),
        "body": joined([version.body]),
        "characters": joined_characters(heading),
        "sounds": joined_sounds(heading),
    }
    whole = [*heading, version.answer, *facts, version.body, *version.category.split("/")]
    words = {word for name in ("title", "questions", "keywords", "answer", "body") for word in fields[name].split()}
    words.update(char for text in whole for char in characters(fold(text)))
    # 居住证怎么办、要什么条件 is two ways of asking in one title.
    parts = [part for part in _TITLE_PARTS.split(version.title) if len(part) >= _SHORTEST_PART and part != version.title]
    passages = [list(terms(fold(text))) for text in (*asked, *parts)]
    return IndexDocument(
        code=version.article.code,
        version=version.number,
        revision=version.article.revision,
        public=version.public,
        valid_from=day_number(version.valid_from, default=FIRST_DAY),
        valid_to=day_number(version.valid_to, default=LAST_DAY),
        regions=tuple(version.regions),
        fields=fields,
        everything=" ".join(sorted(words)),
        passages=tuple(" ".join(term.text for term in passage) for passage in passages),
        passage_sounds=tuple(" ".join(term.sound for term in passage) for passage in passages),
    )


def sync_article(engine: Engine, code: str) -> None:
    """Bring one article in the index to what the rows say now. An article that is gone is taken out."""
    article = Article.objects.select_related("published").filter(code=code).first()
    if article is None:
        engine.remove({code: 0})
    elif article.published is None:
        engine.remove({code: article.revision})
    else:
        article.published.article = article
        engine.index([document_of(article.published)])


def reconcile(engine: Engine) -> Reconciled:
    """Compare code and revision of every article with the index and put right what differs; cheap when nothing does."""
    wanted = dict(Article.objects.filter(published__isnull=False).values_list("code", "revision"))
    there = engine.revisions()
    stale = [code for code, revision in wanted.items() if there.get(code) != revision]
    gone = [code for code in there if code not in wanted]
    if len(stale) > _MANY or (stale and not there):
        return Reconciled(indexed=engine.rebuild(PublishedDocuments()), removed=len(gone), rebuilt=True)
    for code in (*stale, *gone):
        sync_article(engine, code)
    return Reconciled(indexed=len(stale), removed=len(gone))
