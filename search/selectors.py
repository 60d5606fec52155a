"""The reads of the knowledge base."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from search import ranking
from search.analysis import fold
from search.errors import EngineError
from search.models import Article, ArticleVersion, KnowledgeGap, Synonym, VersionStep
from search.workflow import State

PAGE_LIMIT = 20
REVIEW_WARNING_DAYS = 30


@dataclass(frozen=True, slots=True)
class Found:
    """One article in a list of results. `sure` is true when it may be given as the answer."""

    code: str
    version: int
    title: str
    answer: str
    category: str
    score: float
    sure: bool
    public: bool
    valid_to: dt.date | None


@dataclass(frozen=True, slots=True)
class Results:
    """A list of results and how it came about."""

    query: str
    items: tuple[Found, ...] = ()
    engine: str = ""
    degraded: bool = False
    reason: str = ""
    took_ms: float = 0.0
    error: str = field(default="")


def synonyms() -> list[tuple[str, ...]]:
    """Active groups of synonyms in the folded form that questions have."""
    rows = Synonym.objects.filter(is_active=True).values_list("word", "also")
    groups = (tuple(dict.fromkeys(filter(None, map(fold, (word, *also))))) for word, also in rows)
    return [group for group in groups if len(group) > 1]


def readable_versions(*, codes: list[str], audience: str, on: dt.date) -> dict[str, ArticleVersion]:
    """Published versions in force on `on` that `audience` may read, by code. The rows decide, not the index."""
    versions = _readable(audience, on).filter(published_for__code__in=codes)
    return {version.article.code: version for version in versions.select_related("article", "owner_unit")}


def find(*, text: str, limit: int = PAGE_LIMIT, audience: str = "citizen", region: str = "") -> Results:
    """Articles for a text, best first. Never raises for an engine that is away: `error` says so."""
    on = timezone.localdate()
    try:
        ranked = ranking.rank(text=text, audience=audience, region=region, on=on, synonyms=synonyms())
    except EngineError as error:
        return Results(query=text, error=str(error))
    versions = readable_versions(codes=[candidate.code for candidate in ranked.candidates], audience=audience, on=on)
    candidates = [candidate for candidate in ranked.candidates if candidate.code in versions]
    sure = ranking.certainty(candidates) >= ranking.settings_of_ranking().threshold
    items = [
        Found(
            code=candidate.code,
            version=versions[candidate.code].number,
            title=versions[candidate.code].title,
            answer=versions[candidate.code].answer,
            category=versions[candidate.code].category,
            score=candidate.score,
            sure=sure and position == 0,
            public=versions[candidate.code].public,
            valid_to=versions[candidate.code].valid_to,
        )
        for position, candidate in enumerate(candidates)
    ]
    return Results(
        query=text,
        items=tuple(items[:limit]),
        engine=ranked.engine,
        degraded=ranked.degraded,
        reason=ranked.reason,
        took_ms=ranked.took_ms,
    )


def suggest(*, text: str, limit: int = 5, audience: str = "staff", region: str = "") -> list[Found]:
    """Articles worth showing beside a conversation or under a search box: only those with something in common."""
    items = find(text=text, limit=limit, audience=audience, region=region).items
    return [item for item in items if item.score >= ranking.settings_of_ranking().worth_showing]


def article(*, code: str, audience: str = "citizen", on: dt.date | None = None) -> ArticleVersion | None:
    """The published version of an article that `audience` may read; None when there is none in force."""
    found = readable_versions(codes=[code], audience=audience, on=on or timezone.localdate())
    return found.get(code)


def version_of(*, code: str, number: int, audience: str = "citizen") -> ArticleVersion | None:
    """A certain version that was released once, as an order or a conversation cited it."""
    released = [State.PUBLISHED, State.SUPERSEDED] + ([State.WITHDRAWN] if audience == "staff" else [])
    versions = ArticleVersion.objects.filter(article__code=code, number=number, state__in=released)
    if audience != "staff":
        versions = versions.filter(public=True)
    return versions.select_related("article", "owner_unit").first()


def categories(*, audience: str = "citizen") -> list[tuple[str, int]]:
    """First parts of the category paths with the number of articles that can be read today, by name."""
    versions = _readable(audience, timezone.localdate())
    counted: dict[str, int] = {}
    for path in versions.values_list("category", flat=True):
        head = path.split("/")[0]
        counted[head] = counted.get(head, 0) + 1
    return sorted(counted.items())


def in_category(*, category: str, audience: str = "citizen") -> list[ArticleVersion]:
    """Articles whose category path begins with `category`, by title."""
    below = Q(category=category) | Q(category__startswith=f"{category}/")
    versions = _readable(audience, timezone.localdate()).filter(below)
    return list(versions.select_related("article").order_by("title")[:200])


def gaps(*, status: str = KnowledgeGap.Status.OPEN) -> QuerySet[KnowledgeGap]:
    """Gaps of one status, most asked first."""
    return KnowledgeGap.objects.filter(status=status).select_related("article").order_by("-count", "-last_asked_at")


def gap_counts() -> dict[str, int]:
    """Number of gaps by status."""
    counted = KnowledgeGap.objects.values("status").annotate(number=Count("pk"))
    return dict.fromkeys(KnowledgeGap.Status.values, 0) | {row["status"]: row["number"] for row in counted}


def waiting_versions() -> QuerySet[ArticleVersion]:
    """Versions on their way through the three steps, oldest first."""
    states = [State.DRAFT, State.SUBMITTED, State.REVIEWED]
    return ArticleVersion.objects.filter(state__in=states).select_related("article").order_by("created_at")


def due_for_check(*, on: dt.date | None = None) -> QuerySet[ArticleVersion]:
    """Published versions to be checked again within 30 days, or whose validity ends by then, soonest first."""
    until = (on or timezone.localdate()) + dt.timedelta(days=REVIEW_WARNING_DAYS)
    return (
        ArticleVersion.objects.filter(published_for__isnull=False, state=State.PUBLISHED)
        .filter(Q(review_by__lte=until) | Q(valid_to__lte=until))
        .select_related("article")
        .order_by(F("review_by").asc(nulls_last=True))
    )


def trail(*, version: ArticleVersion) -> QuerySet[VersionStep]:
    """Who took which step with a version, oldest first."""
    return version.steps.order_by("pk")


def article_row(*, code: str) -> Article | None:
    """The article under a code whatever its state."""
    return Article.objects.select_related("published").filter(code=code).first()


def _readable(audience: str, on: dt.date) -> QuerySet[ArticleVersion]:
    """Published versions in force on `on`; citizens see the public ones only."""
    versions = ArticleVersion.objects.filter(published_for__isnull=False, state=State.PUBLISHED).filter(
        Q(valid_from=None) | Q(valid_from__lte=on), Q(valid_to=None) | Q(valid_to__gte=on)
    )
    return versions if audience == "staff" else versions.filter(public=True)
