"""Questions without an answer: counted, masked, closed and opened again."""

import pytest

from search import actions, selectors
from search.errors import IllegalStep, InvalidArticle, NotAllowed
from search.models import GapAsk, KnowledgeGap
from tests.search.conftest import content
from ticketing.organisation.actor import BOT, SYSTEM
from ticketing.outbox import runner

pytestmark = pytest.mark.django_db


def test_the_same_question_is_counted_once_a_conversation():
    for conversation in ("a", "a", "b", ""):
        gap = actions.file_gap(question="请问火星移民怎么申请？", conversation_ref=conversation)
    assert actions.file_gap(question="火星移民怎么申请", conversation_ref="c").pk == gap.pk
    gap.refresh_from_db()
    assert gap.count == 4 == GapAsk.objects.filter(gap=gap).count()


@pytest.mark.parametrize(
    "question",
    ["我电话是199 0000 0001能查吗", "身份证11010119900101001X怎么补", "订单260301000123查不到", "打１９９００００００２１"],
)
def test_numbers_of_people_are_not_kept(question: str):
    kept = actions.file_gap(question=question).question
    assert "***" in kept
    assert sum(char.isdigit() for char in kept) < 6


def test_a_text_without_letters_is_no_gap():
    assert actions.file_gap(question="？？？") is None


def test_gaps_are_listed_most_asked_first():
    actions.file_gap(question="问题甲")
    for conversation in "xy":
        actions.file_gap(question="问题乙", conversation_ref=conversation)
    assert [gap.question for gap in selectors.gaps()] == ["问题乙", "问题甲"]
    assert selectors.gap_counts() == {"open": 2, "answered": 0, "dismissed": 0}


def test_a_gap_is_closed_by_a_published_article_and_opens_when_asked_again():
    gap = actions.file_gap(question="火星移民怎么申请")
    version = actions.save_draft(content=content(), actor=SYSTEM, code="mars")
    with pytest.raises(InvalidArticle, match="mars"):
        actions.close_gap(gap=gap, actor=SYSTEM, article=version.article)
    for verb in (actions.submit, actions.review, actions.publish):
        version = verb(version=version, actor=SYSTEM)
    runner.drain()
    article = selectors.article_row(code="mars")
    assert actions.close_gap(gap=gap, actor=SYSTEM, article=article).status == "answered"
    with pytest.raises(IllegalStep):
        actions.close_gap(gap=gap, actor=SYSTEM, article=article)
    assert actions.file_gap(question="火星移民怎么申请").status == "open"


def test_closing_needs_an_article_or_a_reason_and_a_role():
    gap = actions.file_gap(question="明天会下雨吗")
    with pytest.raises(InvalidArticle):
        actions.close_gap(gap=gap, actor=SYSTEM)
    with pytest.raises(NotAllowed):
        actions.close_gap(gap=gap, actor=BOT, note="不归我们管")
    assert actions.close_gap(gap=gap, actor=SYSTEM, note="不归我们管").status == "dismissed"
    assert actions.file_gap(question="明天会下雨吗").status == "dismissed"
    assert actions.reopen_gap(gap=gap, actor=SYSTEM).status == KnowledgeGap.Status.OPEN
