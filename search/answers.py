"""The answer to a policy question, with article, version and sources; or the plain word that we do not know."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from search import actions, ranking, selectors
from search.errors import EngineError
from search.models import ArticleVersion

NEAREST = 3


@dataclass(frozen=True, slots=True)
class Source:
    """A law or document that an answer stands on."""

    title: str
    article: str
    date: dt.date | None
    url: str
    document_number: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Nearest:
    """An article that came near without being sure enough."""

    code: str
    title: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What may be told, and what it rests on. `score` is from 0 to 1, the same with every engine."""

    article_code: str
    version: int
    title: str
    text: str
    sources: tuple[Source, ...]
    score: float
    engine: str
    degraded: bool
    valid_until: dt.date | None
    reason: str = ""
    duty_items: tuple[str, ...] = ()
    nearest: tuple[Nearest, ...] = ()


@dataclass(frozen=True, slots=True)
class DontKnow:
    """No article is sure enough. `gap_id` is None when there was nothing to ask, or the search itself failed."""

    gap_id: int | None
    nearest: tuple[Nearest, ...]
    engine: str = ""
    degraded: bool = False
    reason: str = ""


def answer(
    *,
    question: str,
    audience: str = "citizen",
    region: str = "",
    conversation_ref: str = "",
    file_gap: bool = True,
) -> Answer | DontKnow:
    """Answer from a published article in force today, or file the question as a gap.

    Expired, not yet valid, withdrawn and (for citizens) internal articles never answer: the rows are asked again after
    the index. Never raises for an engine that is away; then nothing is filed, because the gap would be ours.
    """
    on = timezone.localdate()
    try:
        ranked = ranking.rank(text=question, audience=audience, region=region, on=on, synonyms=selectors.synonyms())
    except EngineError as error:
        return DontKnow(gap_id=None, nearest=(), degraded=True, reason=str(error))
    versions = selectors.readable_versions(codes=[candidate.code for candidate in ranked.candidates], audience=audience, on=on)
    candidates = [candidate for candidate in ranked.candidates if candidate.code in versions]
    rules = ranking.settings_of_ranking()
    sure = ranking.certainty(candidates)
    if candidates and sure >= rules.threshold:
        best = candidates[0]
        return Answer(
            article_code=best.code,
            version=versions[best.code].number,
            title=versions[best.code].title,
            text=versions[best.code].answer,
            sources=sources_of(versions[best.code]),
            score=sure,
            engine=ranked.engine,
            degraded=ranked.degraded,
            valid_until=versions[best.code].valid_to,
            reason=ranked.reason,
            duty_items=tuple(versions[best.code].duty_items),
            nearest=_nearest(candidates[1:], versions, rules.worth_showing),
        )
    nearest = _nearest(candidates, versions, rules.worth_showing)
    gap = None
    if file_gap:
        gap = actions.file_gap(
            question=question,
            nearest=[{"code": near.code, "score": near.score} for near in nearest],
            conversation_ref=conversation_ref,
            region=region,
        )
    return DontKnow(
        gap_id=gap.pk if gap else None,
        nearest=nearest,
        engine=ranked.engine,
        degraded=ranked.degraded,
        reason=ranked.reason,
    )


def sources_of(version: ArticleVersion) -> tuple[Source, ...]:
    """The laws and documents of a version, each once, in the order of its facts."""
    found: dict[tuple[str, str], Source] = {}
    for fact in version.facts.all():
        found.setdefault(
            (fact.law, fact.article),
            Source(fact.law, fact.article, fact.date, fact.url, fact.document_number, fact.text),
        )
    return tuple(found.values())


def _nearest(
    candidates: list[ranking.Candidate], versions: dict[str, ArticleVersion], worth_showing: float
) -> tuple[Nearest, ...]:
    return tuple(
        Nearest(candidate.code, versions[candidate.code].title, candidate.score)
        for candidate in candidates[:NEAREST]
        if candidate.score >= worth_showing
    )
