"""Three steps, by three roles; nobody checks work of their own; every forbidden step is refused."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from search import actions, selectors
from search.errors import IllegalStep, InvalidArticle, KnowledgeError, NotAllowed
from search.models import ArticleVersion
from search.workflow import BY_VERB, STEPS, State
from tests.search.conftest import content
from ticketing.organisation.actor import SYSTEM, Actor
from ticketing.organisation.models import Staff
from ticketing.organisation.roles import Role
from ticketing.outbox.models import Job

pytestmark = pytest.mark.django_db


def actor(role: Role, staff_id: int | None = None) -> Actor:
    return Actor(kind="staff", role=role, name=role.value, staff_id=staff_id)


def at(state: State, **changes: Any) -> ArticleVersion:
    """A version in `state`, brought there by the verbs."""
    version = actions.save_draft(content=content(**changes), actor=SYSTEM, code="one")
    way = {
        State.DRAFT: (),
        State.SUBMITTED: ("submit",),
        State.REVIEWED: ("submit", "review"),
        State.PUBLISHED: ("submit", "review", "publish"),
        State.WITHDRAWN: ("submit", "review", "publish", "withdraw"),
        State.SUPERSEDED: ("submit", "review", "publish"),
    }[state]
    for verb in way:
        take(verb, version, SYSTEM)
    if state is State.SUPERSEDED:
        at(State.PUBLISHED, title="另一个标题")
    version.refresh_from_db()
    assert version.state == state
    return version


def take(verb: str, version: ArticleVersion, by: Actor) -> Any:
    return getattr(actions, verb)(version=version, actor=by, note="理由")


@pytest.mark.parametrize(("state", "verb"), list(product(State, BY_VERB)))
def test_every_step_from_every_state_by_every_role(state: State, verb: str):
    step = BY_VERB[verb]
    version = at(state)
    for role in Role:
        if role in step.roles and state in step.sources:
            continue
        with pytest.raises(KnowledgeError):
            take(verb, version, actor(role))
    version.refresh_from_db()
    assert version.state == state
    if state in step.sources:
        role = next(role for role in step.roles if role not in (Role.SYSTEM, Role.ADMIN))
        take(verb, version, actor(role))
        version.refresh_from_db()
        assert version.state == step.target


def test_a_refused_step_says_what_is_possible():
    with pytest.raises(IllegalStep) as refusal:
        actions.publish(version=at(State.DRAFT), actor=SYSTEM)
    assert refusal.value.allowed == ("submit",)


@pytest.mark.parametrize("step", [step for step in STEPS if step.second_person], ids=lambda step: step.verb)
def test_nobody_checks_work_of_their_own(step: Any):
    me = Staff.objects.create(username="me", display_name="我")
    version = actions.save_draft(content=content(), actor=actor(Role.ADMIN, me.pk), code="one")
    for verb in ("submit", "review")[: list(BY_VERB).index(step.verb) and 1 + (step.verb == "publish")]:
        take(verb, version, SYSTEM)
    with pytest.raises(NotAllowed):
        take(step.verb, version, actor(Role.ADMIN, me.pk))
    other = Staff.objects.create(username="other", display_name="他")
    assert take(step.verb, version, actor(Role.ADMIN, other.pk)).state == step.target


def test_a_released_version_is_replaced_and_never_changed():
    first = at(State.PUBLISHED)
    with pytest.raises(IllegalStep):
        actions.save_draft(content=content(title="改动"), actor=SYSTEM, version=first)
    second = actions.save_draft(content=content(title="第二版"), actor=SYSTEM, code="one")
    assert second.number == 2
    assert selectors.article(code="one").title == "标题"
    for verb in ("submit", "review", "publish"):
        take(verb, second, SYSTEM)
    assert selectors.article(code="one").title == "第二版"
    assert selectors.version_of(code="one", number=1).title == "标题"
    assert [step.verb for step in selectors.trail(version=second)] == ["save_draft", "submit", "review", "publish"]


def test_a_returned_draft_needs_a_remark_and_can_be_changed_again():
    version = at(State.SUBMITTED)
    with pytest.raises(InvalidArticle):
        actions.reject(version=version, actor=SYSTEM, note=" ")
    version = actions.reject(version=version, actor=SYSTEM, note="依据不全")
    assert actions.save_draft(content=content(title="补全"), actor=SYSTEM, version=version).title == "补全"


def test_publish_and_withdraw_promise_the_index_job_with_the_code():
    version = at(State.REVIEWED)
    assert not Job.objects.filter(kind="search.index").exists()
    take("publish", version, SYSTEM)
    assert [job.payload for job in Job.objects.filter(kind="search.index")] == [{"code": "one"}]
    Job.objects.all().delete()
    take("withdraw", version, SYSTEM)
    assert [job.payload for job in Job.objects.filter(kind="search.index")] == [{"code": "one"}]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"title": ""}, "128"),
        ({"title": "长" * 129}, "128"),
        ({"category": " / "}, "."),
        ({"answer": ""}, "2000"),
        ({"kind": "poem"}, "poem"),
        ({"keywords": ("标题",)}, "标题"),
        ({"keywords": ("长" * 21,)}, "20"),
        ({"questions": ("",)}, "200"),
        ({"facts": ()}, "."),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "."),
    ],
)
def test_content_that_breaks_a_rule_is_refused(changes: dict[str, Any], word: str):
    with pytest.raises(InvalidArticle, match=word):
        actions.save_draft(content=content(**changes), actor=SYSTEM)


def test_two_articles_may_not_share_a_title():
    at(State.PUBLISHED)
    with pytest.raises(InvalidArticle, match="one"):
        actions.save_draft(content=content(), actor=SYSTEM, code="two")


def test_an_article_without_a_code_gets_one_from_its_title():
    codes = [actions.save_draft(content=content(title="新办法"), actor=SYSTEM).article.code for _ in range(2)]
    assert codes == ["新办法", "新办法-2"]
