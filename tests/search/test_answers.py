"""An answer with its source, or the plain word that we do not know. The same on both engines."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.utils import timezone

from search import actions, selectors
from search.answers import Answer, DontKnow, answer
from search.models import KnowledgeGap, Synonym
from tests.search.conftest import Knowledge
from ticketing.organisation.actor import SYSTEM


def test_an_answer_names_article_version_and_source(knowledge: Knowledge):
    found = answer(question="公积金怎么提取")
    assert isinstance(found, Answer)
    assert (found.article_code, found.version, found.engine, found.degraded) == ("fund", 1, knowledge.kind, False)
    assert found.text == "租房、购房、退休等情形可以提取住房公积金。"
    assert [(source.title, source.article, source.date) for source in found.sources] == [
        ("中华人民共和国民法典", "第一条", date(2021, 1, 1))
    ]


# Looked up together, because filling a cluster for each question would take longer than all of them.
QUESTIONS = {
    "请问一下老板不发工资找谁啊": "wages",
    "半夜工地打桩太吵怎么投诉": "noise",
    "住房公積金怎麼提取": "fund",
    "居住證怎麼辦": "permit",
    "居住证　怎么办？？": "permit",
}
MISHEARD = {
    "公基金怎么提取": "fund",
    "居住正怎么办": "permit",
    "领结婚正带什么": "marriage",
    "工资被拖千怎么投诉": "wages",
}
UNKNOWN = ["火星移民怎么申请", "明天会下雨吗", "给我写一首诗", "abc xyz 999"]
NO_QUESTION = ["", "   ", "？！……", "\x00\x07", "🙂🙂", "\u200b"]
QUERY_LANGUAGES = [
    '+-&&||!(){}[]^"~*?:\\/ 公积金怎么提取',
    "公积金怎么提取 OR code:wages",
    "'; DROP TABLE 公积金怎么提取",
]


def answered(questions: Iterable[str]) -> dict[str, str | None]:
    found = {question: answer(question=question) for question in questions}
    return {question: getattr(given, "article_code", None) for question, given in found.items()}


def test_questions_find_their_article(knowledge: Knowledge):
    assert answered(QUESTIONS) == QUESTIONS


def test_misheard_questions_find_their_article(knowledge: Knowledge):
    assert answered(MISHEARD) == MISHEARD


def test_what_nobody_wrote_about_is_not_answered_but_filed(knowledge: Knowledge):
    assert answered(UNKNOWN) == dict.fromkeys(UNKNOWN)
    assert set(KnowledgeGap.objects.values_list("question", flat=True)) == set(UNKNOWN)


def test_odd_characters_are_no_question(knowledge: Knowledge):
    assert answered(NO_QUESTION) == dict.fromkeys(NO_QUESTION)
    assert KnowledgeGap.objects.count() == 0


def test_query_languages_mean_nothing_here(knowledge: Knowledge):
    for question in QUERY_LANGUAGES:
        assert selectors.find(text=question).items[0].code == "fund", question


def test_a_question_of_100_kb_is_answered_in_bounded_time(knowledge: Knowledge):
    began = timezone.now()
    found = answer(question="公积金怎么提取 " + "啊" * 100_000)
    assert timezone.now() - began < timedelta(seconds=2)
    assert isinstance(found, Answer)
    long = answer(question="这件事情说来话长" * 12_500)
    assert isinstance(long, DontKnow)
    assert len(KnowledgeGap.objects.get(pk=long.gap_id).question) <= 200


def test_an_expired_article_answers_nobody_from_the_day_after(knowledge: Knowledge):
    today = timezone.localdate()
    knowledge.publish("fair", title="年货大集时间安排", answer="今天最后一天。", valid_to=today)
    knowledge.publish("past", title="老年食堂开放通知", answer="昨天到期。", valid_to=today - timedelta(days=1))
    knowledge.work()
    assert isinstance(answer(question="年货大集时间安排"), Answer)
    assert isinstance(answer(question="老年食堂开放通知"), DontKnow)


def test_an_article_answers_from_its_first_day(knowledge: Knowledge):
    today = timezone.localdate()
    knowledge.publish("new", title="暑期托管班报名", answer="今天开始。", valid_from=today)
    knowledge.publish("soon", title="冬季供暖补贴发放", answer="明天开始。", valid_from=today + timedelta(days=1))
    knowledge.work()
    assert isinstance(answer(question="暑期托管班报名"), Answer)
    assert isinstance(answer(question="冬季供暖补贴发放"), DontKnow)


def test_an_internal_article_answers_staff_alone(knowledge: Knowledge):
    knowledge.publish("inside", title="媒体来访登记口径", answer="转宣传科。", public=False, facts=())
    knowledge.work()
    assert isinstance(answer(question="媒体来访登记口径"), DontKnow)
    found = answer(question="媒体来访登记口径", audience="staff")
    assert isinstance(found, Answer)
    assert found.article_code == "inside"


def test_an_article_of_one_region_stays_there(knowledge: Knowledge):
    knowledge.publish("east", title="东片区停车月票办理", answer="到东片区窗口。", regions=("east",))
    knowledge.work()
    assert isinstance(answer(question="东片区停车月票办理", region="east"), Answer)
    assert isinstance(answer(question="东片区停车月票办理", region="west"), DontKnow)
    assert isinstance(answer(question="东片区停车月票办理"), Answer)


def test_a_withdrawn_article_vanishes_even_before_the_index_knows(knowledge: Knowledge):
    actions.withdraw(version=selectors.article(code="fund"), actor=SYSTEM, note="政策变了")
    assert isinstance(answer(question="公积金怎么提取"), DontKnow)
    knowledge.work()
    assert all(item.code != "fund" for item in selectors.find(text="公积金怎么提取").items)


def test_a_new_version_is_found_by_its_new_words_after_its_job(knowledge: Knowledge):
    knowledge.publish("fund", title="住房公积金提取条件", answer="新的规定。", questions=("装电梯可以取钱吗",))
    knowledge.work()
    found = answer(question="装电梯可以取钱吗")
    assert isinstance(found, Answer)
    assert (found.article_code, found.version, found.text) == ("fund", 2, "新的规定。")


def test_synonyms_work_from_the_next_question_on(knowledge: Knowledge):
    assert isinstance(answer(question="暂住条怎么弄"), DontKnow)
    actions.save_synonym(synonym=Synonym(word="居住证怎么办", also=["暂住条怎么弄"]))
    found = answer(question="暂住条怎么弄")
    assert isinstance(found, Answer)
    assert found.article_code == "permit"


def test_a_seat_is_shown_articles_without_filing_gaps(knowledge: Knowledge):
    found = selectors.suggest(text="那个老板三个月不发工资了我该找谁", limit=2)
    assert found[0].code == "wages"
    assert selectors.suggest(text="喂喂听得到吗", limit=2) == []
    assert KnowledgeGap.objects.count() == 0


def test_the_engine_away_is_no_gap_of_the_editors(db: None, index_settings: object):
    found = answer(question="公积金怎么提取")
    assert isinstance(found, DontKnow)
    assert (found.gap_id, found.degraded) == (None, True)
    assert "rebuild_index" in found.reason
