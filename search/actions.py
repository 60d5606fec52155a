"""The writes of the knowledge base. Each change of what the public sees raises the article's revision and promises
a job `search.index` in the same transaction."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from search.analysis import fold_query
from search.content import ArticleContent, ImportReport, read_directory
from search.errors import IllegalStep, InvalidArticle, NotAllowed
from search.models import Article, ArticleVersion, GapAsk, KnowledgeGap, SourceFact, Synonym, VersionStep
from search.tasks import INDEX_JOB, REBUILD_JOB
from search.workflow import BY_VERB, EDITORS, READERS_OF_GAPS, STEPS, State
from ticketing.organisation.actor import SYSTEM, Actor
from ticketing.organisation.models import Level, Unit
from ticketing.organisation.roles import Role
from ticketing.outbox.actions import enqueue

GAP_QUESTION_CHARS = 200
_MANY = 20  # an import of more changes than this promises one rebuild, not a job each
_PERSONAL_NUMBER = re.compile(r"\d(?:[\s-]?[\dxX]){5,}")


# --- Writing -----------------------------------------------------------------------------------------------------------
def save_draft(*, content: ArticleContent, actor: Actor, code: str = "", version: ArticleVersion | None = None) -> ArticleVersion:
    """Keep a draft: of a new article, as the next version of the article `code`, or over the draft `version`.

    Raises InvalidArticle, NotAllowed, IllegalStep (when `version` is no draft any more).
    """
    _need(actor, EDITORS)
    content.check()
    with transaction.atomic():
        if version is not None:
            version = ArticleVersion.objects.select_for_update().get(pk=version.pk)
            if version.state != State.DRAFT:
                raise IllegalStep(_("Only a draft can be changed; a released version is replaced by a new one."))
            _check_title(content.title, version.article)
        else:
            article, _created = Article.objects.select_for_update().get_or_create(code=code or _code_for(content.title))
            _check_title(content.title, article)
            last = article.versions.order_by("-number").values_list("number", flat=True).first() or 0
            version = ArticleVersion(article=article, number=last + 1)
        _fill(version, content, actor, _city_bureaus())
        _note(version, "save_draft", actor)
    return version


def submit(*, version: ArticleVersion, actor: Actor, note: str = "") -> ArticleVersion:
    """Hand a draft to the reviewer (采编 -> 审核)."""
    return _step(version, "submit", actor, note)


def review(*, version: ArticleVersion, actor: Actor, note: str = "") -> ArticleVersion:
    """Approve a submitted version (审核 -> 签发); not by its author."""
    return _step(version, "review", actor, note, reviewer=actor.name)


def reject(*, version: ArticleVersion, actor: Actor, note: str) -> ArticleVersion:
    """Return a version to its author; a remark is required."""
    if not note.strip():
        raise InvalidArticle(_("Say in a few words what is to be changed."))
    return _step(version, "reject", actor, note)


def publish(*, version: ArticleVersion, actor: Actor, note: str = "") -> ArticleVersion:
    """Release a reviewed version (签发); the version before it is superseded."""
    with transaction.atomic():
        article = Article.objects.select_for_update().get(pk=version.article_id)
        version = ArticleVersion.objects.select_for_update().get(pk=version.pk)
        _check_step(version, "publish", actor)
        article.versions.filter(state=State.PUBLISHED).update(state=State.SUPERSEDED)
        version.state, version.publisher, version.published_at = State.PUBLISHED, actor.name, timezone.now()
        version.save(update_fields=["state", "publisher", "published_at"])
        _note(version, "publish", actor, note)
        _changed(article, published=version)
    return version


def withdraw(*, version: ArticleVersion, actor: Actor, note: str) -> ArticleVersion:
    """Take the published version away from everyone at once; a remark is required."""
    if not note.strip():
        raise InvalidArticle(_("Say in a few words why the article is withdrawn."))
    with transaction.atomic():
        article = Article.objects.select_for_update().get(pk=version.article_id)
        version = ArticleVersion.objects.select_for_update().get(pk=version.pk)
        _check_step(version, "withdraw", actor)
        version.state = State.WITHDRAWN
        version.save(update_fields=["state"])
        _note(version, "withdraw", actor, note)
        _changed(article, published=None)
    return version


def rate_article(*, code: str, helpful: bool) -> None:
    """Count one reader's opinion on a published article; an unknown code changes nothing."""
    field = "helpful" if helpful else "unhelpful"
    Article.objects.filter(code=code, published__isnull=False).update(**{field: F(field) + 1})


# --- Bulk --------------------------------------------------------------------------------------------------------------
def import_articles(directory: Path | str, *, actor: Actor = SYSTEM) -> ImportReport:
    """Bring in every article of a folder as published versions; the same content again changes nothing.

    A broken entry is reported and the rest goes on. Only the system and administrators import.
    """
    _need(actor, frozenset({Role.SYSTEM, Role.ADMIN}))
    report = ImportReport()
    entries = read_directory(Path(directory))
    with transaction.atomic():
        rows = Article.objects.filter(code__in=[entry.code for entry in entries]).select_related("published")
        known = {row.code: row for row in rows.annotate(last_number=Max("versions__number"))}
        titles = dict(ArticleVersion.objects.filter(state=State.PUBLISHED).values_list("title", "article__code"))
        changed: dict[str, ArticleContent] = {}
        seen: set[str] = set()
        for entry in entries:
            if entry.content is None:
                report.errors.append(f"{entry.where}: {entry.error}")
                continue
            if entry.code in seen:
                report.errors.append(f"{entry.where}: " + _("this code was used before."))
                continue
            seen.add(entry.code)
            row = known.get(entry.code)
            if row is not None and row.published is not None and row.published.fingerprint == entry.content.fingerprint():
                report.unchanged += 1
            elif titles.setdefault(entry.content.title, entry.code) != entry.code:
                report.errors.append(
                    f"{entry.where}: " + _("The article %(code)s has this title already.") % {"code": titles[entry.content.title]}
                )
            else:
                changed[entry.code] = entry.content
                report.created += row is None
                report.updated += row is not None
        _publish_many(changed, known, actor)
        if len(changed) > _MANY:
            enqueue(kind=REBUILD_JOB, payload={}, key="all")
        else:
            for code in changed:
                enqueue(kind=INDEX_JOB, payload={"code": code}, key=code)
    return report


def import_synonyms(path: Path | str | None = None) -> int:
    """Bring in synonyms from a YAML list of groups, the official word first in each; by default those of the city.

    Whether a group is switched on stays as editors left it. Returns the number of groups.
    """
    with Path(path or settings.CITY_DIR / "synonyms.yml").open(encoding="utf-8") as file:
        rows = yaml.safe_load(file)
    groups: dict[str, list[str]] = {}
    for word, *also in rows:
        groups.setdefault(str(word), []).extend(str(other) for other in also)
    for word, also in groups.items():
        Synonym.objects.update_or_create(word=word, defaults={"also": list(dict.fromkeys(also))})
    return len(groups)


def save_synonym(*, synonym: Synonym) -> Synonym:
    """Keep a synonym; it works from the next question on. Raises InvalidArticle when it says nothing."""
    synonym.word = synonym.word.strip()
    synonym.also = [word.strip() for word in synonym.also if word.strip() and word.strip() != synonym.word]
    if not synonym.word or not synonym.also:
        raise InvalidArticle(_("A synonym needs the official word and at least one that people say."))
    synonym.save()
    return synonym


# --- Gaps --------------------------------------------------------------------------------------------------------------
def file_gap(
    *,
    question: str,
    nearest: Sequence[dict[str, object]] = (),
    conversation_ref: str = "",
    region: str = "",
    article: Article | None = None,
) -> KnowledgeGap | None:
    """Note that a question found no answer, or (with `article`) that an answer is said to be wrong.

    The same question again raises the count, once a conversation. Numbers that may belong to a person are masked before
    anything is kept. Returns None for a text without any letter. A closed gap that is asked again opens anew.
    """
    shown = _PERSONAL_NUMBER.sub("***", " ".join(question[: GAP_QUESTION_CHARS * 4].split()))[:GAP_QUESTION_CHARS]
    folded = fold_query(shown)
    if not folded:
        return None
    kind = KnowledgeGap.Kind.CORRECTION if article else KnowledgeGap.Kind.MISSING
    key = hashlib.sha256(f"{kind}\n{article.code if article else ''}\n{folded}".encode()).hexdigest()
    now = timezone.now()
    with transaction.atomic():
        gap, _created = KnowledgeGap.objects.select_for_update().get_or_create(
            key=key, defaults={"kind": kind, "question": shown, "article": article, "first_asked_at": now}
        )
        try:
            with transaction.atomic():
                GapAsk.objects.create(gap=gap, conversation_ref=conversation_ref[:80], region=region[:20], at=now)
        except IntegrityError:  # the same conversation asked before
            return gap
        gap.count += 1
        gap.last_asked_at = now
        gap.nearest = list(nearest)
        if gap.status == KnowledgeGap.Status.ANSWERED:
            gap.status = KnowledgeGap.Status.OPEN
        gap.save(update_fields=["count", "last_asked_at", "nearest", "status"])
    return gap


def close_gap(*, gap: KnowledgeGap, actor: Actor, article: Article | None = None, note: str = "") -> KnowledgeGap:
    """Close a gap: by the article that answers it now, or with a remark why the knowledge base need not answer it."""
    _need(actor, READERS_OF_GAPS)
    if article is None and not note.strip():
        raise InvalidArticle(_("Name the article that answers it, or say why none is needed."))
    if article is not None and article.published_id is None:
        raise InvalidArticle(_("The article %(code)s is not published.") % {"code": article.code})
    with transaction.atomic():
        gap = KnowledgeGap.objects.select_for_update(of=("self",)).get(pk=gap.pk)
        if gap.status != KnowledgeGap.Status.OPEN:
            raise IllegalStep(_("This gap was closed by %(name)s.") % {"name": gap.closed_by})
        gap.status = KnowledgeGap.Status.ANSWERED if article else KnowledgeGap.Status.DISMISSED
        gap.article = article or gap.article
        gap.closed_by, gap.closed_at, gap.note = actor.name, timezone.now(), note.strip()[:500]
        gap.save(update_fields=["status", "article", "closed_by", "closed_at", "note"])
    return gap


def reopen_gap(*, gap: KnowledgeGap, actor: Actor) -> KnowledgeGap:
    """Take a closing back."""
    _need(actor, READERS_OF_GAPS)
    with transaction.atomic():
        gap = KnowledgeGap.objects.select_for_update(of=("self",)).get(pk=gap.pk)
        gap.status, gap.closed_by, gap.closed_at = KnowledgeGap.Status.OPEN, "", None
        gap.save(update_fields=["status", "closed_by", "closed_at"])
    return gap


# --- Parts -------------------------------------------------------------------------------------------------------------
def _need(actor: Actor, roles: Iterable[Role]) -> None:
    if actor.role not in roles:
        raise NotAllowed(_("Your role (%(role)s) may not do this.") % {"role": actor.role.label})


def _check_step(version: ArticleVersion, verb: str, actor: Actor) -> None:
    step = BY_VERB[verb]
    _need(actor, step.roles)
    if State(version.state) not in step.sources:
        allowed = tuple(other.verb for other in STEPS if State(version.state) in other.sources)
        raise IllegalStep(
            _("“%(step)s” is not possible: the version is “%(state)s”.")
            % {"step": step.label, "state": version.get_state_display()},
            allowed=allowed,
        )
    if step.second_person and actor.staff_id is not None and actor.staff_id == version.author_staff_id:
        raise NotAllowed(_("You wrote this version; another person must take this step."))


def _step(version: ArticleVersion, verb: str, actor: Actor, note: str, **names: str) -> ArticleVersion:
    with transaction.atomic():
        version = ArticleVersion.objects.select_for_update().get(pk=version.pk)
        _check_step(version, verb, actor)
        version.state = BY_VERB[verb].target
        for field, value in names.items():
            setattr(version, field, value)
        version.save(update_fields=["state", *names])
        _note(version, verb, actor, note)
    return version


def _note(version: ArticleVersion, verb: str, actor: Actor, note: str = "") -> None:
    VersionStep.objects.create(version=version, verb=verb, by=actor.name, role=actor.role, note=note.strip()[:500])


def _changed(article: Article, *, published: ArticleVersion | None) -> None:
    article.published = published
    article.revision += 1
    article.changed_at = timezone.now()
    article.save(update_fields=["published", "revision", "changed_at"])
    enqueue(kind=INDEX_JOB, payload={"code": article.code}, key=article.code)


def _check_title(title: str, article: Article) -> None:
    others = ArticleVersion.objects.filter(title=title, state=State.PUBLISHED).exclude(article=article)
    if other := others.select_related("article").first():
        raise InvalidArticle(_("The article %(code)s has this title already.") % {"code": other.article.code})


def _code_for(title: str) -> str:
    code = slugify(title, allow_unicode=True)[:50] or "article"
    taken = Article.objects.filter(code__startswith=code).count()
    return f"{code}-{taken + 1}" if taken else code


def _fill(version: ArticleVersion, content: ArticleContent, actor: Actor, bureaus: list[Unit]) -> None:
    _set_content(version, content, actor, bureaus)
    version.save()
    version.facts.all().delete()
    SourceFact.objects.bulk_create(_facts(version, content))


def _set_content(version: ArticleVersion, content: ArticleContent, actor: Actor, bureaus: list[Unit]) -> None:
    for field in ("category", "kind", "title", "answer", "body", "owner", "public", "valid_from", "valid_to", "review_by"):
        setattr(version, field, getattr(content, field))
    for field in ("questions", "keywords", "duty_items", "regions"):
        setattr(version, field, list(getattr(content, field)))
    version.owner_unit = _unit_for(content.owner, bureaus)
    version.fingerprint = content.fingerprint()
    version.author, version.author_staff_id = actor.name, actor.staff_id


def _facts(version: ArticleVersion, content: ArticleContent) -> list[SourceFact]:
    return [
        SourceFact(
            version=version,
            position=position,
            text=fact.text,
            law=fact.law,
            article=fact.article,
            document_number=fact.document_number,
            date=fact.date,
            url=fact.url,
        )
        for position, fact in enumerate(content.facts)
    ]


def _publish_many(contents: dict[str, ArticleContent], known: Mapping[str, Article], actor: Actor) -> None:
    """New published versions of many articles in a few statements; the same rows that the three steps leave."""
    now, bureaus = timezone.now(), _city_bureaus()
    fresh = Article.objects.bulk_create(Article(code=code) for code in contents if code not in known)
    articles = {article.code: article for article in (*known.values(), *fresh)}
    ArticleVersion.objects.filter(article__code__in=contents, state=State.PUBLISHED).update(state=State.SUPERSEDED)
    versions: list[ArticleVersion] = []
    for code, content in contents.items():
        number = (getattr(articles[code], "last_number", None) or 0) + 1
        version = ArticleVersion(article=articles[code], number=number, state=State.PUBLISHED, published_at=now)
        _set_content(version, content, actor, bureaus)
        version.reviewer = version.publisher = actor.name
        versions.append(version)
    ArticleVersion.objects.bulk_create(versions)
    SourceFact.objects.bulk_create(
        fact for version, content in zip(versions, contents.values(), strict=True) for fact in _facts(version, content)
    )
    VersionStep.objects.bulk_create(
        VersionStep(version=version, verb="import", by=actor.name, role=actor.role) for version in versions
    )
    for version in versions:
        article = version.article
        article.published, article.revision, article.changed_at = version, article.revision + 1, now
    Article.objects.bulk_update([version.article for version in versions], ["published", "revision", "changed_at"])


def _city_bureaus() -> list[Unit]:
    return list(Unit.objects.filter(level=Level.CITY, is_active=True).exclude(kind=Unit.Kind.GOVERNMENT))


def _unit_for(function: str, bureaus: list[Unit]) -> Unit | None:
    """The city bureau that a function is named after: 医疗保障 finds any city's 医疗保障局; None when unclear."""
    named = [bureau for bureau in bureaus if function and function in bureau.name]
    return named[0] if len(named) == 1 else None
