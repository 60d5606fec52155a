"""A question without a sure answer: the nearest articles are offered, and the one that is picked is told with its source."""

from __future__ import annotations

import pytest

from chatbot.dialogue.moves import KEY, START, TEXT
from tests.chatbot.test_dialogue import Conversation

QUESTION = "请问买房有什么优惠政策"


@pytest.fixture
def offered(services):
    talk = Conversation(services)
    talk.do(START)
    talk.offer = talk.do(TEXT, QUESTION)[-1]
    return talk


def kinds(moves):
    return [(move.kind, move.prompt) for move in moves]


def test_at_most_three_titles_and_a_person_are_offered(offered):
    move = offered.offer
    assert move.prompt == "consult.near" and move.text.startswith("您是不是想问")
    assert [(c.key, c.label) for c in move.choices] == [
        ("1", "租房提取住房公积金"),
        ("2", "购买首套住房补贴"),
        ("3", "房屋产权登记"),
        ("4", "找人工"),
    ]
    assert all(choice.label in move.speech for choice in move.choices)  # who only hears must hear them
    assert move.data == {"known": False, "gap_id": "7"}


@pytest.mark.parametrize(
    ("kind", "said"), [(KEY, "1"), (TEXT, "第一个"), (TEXT, "租房提取住房公积金"), (TEXT, "gjj-01"), (TEXT, "租房提取")]
)
def test_picking_one_answers_with_its_source(offered, kind, said):
    moves = offered.do(kind, said)
    assert moves[0].kind == "answer" and "第二十四条" in moves[0].text
    assert (moves[0].data["article_code"], moves[0].data["version"]) == ("gjj-01", 2)
    assert offered.state.flow == ""


@pytest.mark.parametrize(("kind", "said"), [(KEY, "4"), (TEXT, "找人工"), (TEXT, "第四个")])
def test_a_person_can_be_picked(offered, kind, said):
    assert offered.do(kind, said)[-1].kind == "hand_over"
    assert offered.state.owner == "person"


@pytest.mark.parametrize("said", ["都不是", "不是", "没有", "不知道"])
def test_none_of_them_offers_a_person(offered, said):
    assert kinds(offered.do(TEXT, said)) == [("ask", "consult.offer_person")]


def test_an_article_that_was_withdrawn_meanwhile_is_not_told(offered):
    assert kinds(offered.do(TEXT, "第二个")) == [("ask", "consult.offer_person")]


def test_another_question_is_simply_asked(offered):
    moves = offered.do(TEXT, "租房怎么提取公积金")
    assert moves[0].kind == "answer"


def test_two_that_are_not_understood_hand_over(offered):
    offered.do(TEXT, "咕噜咕噜")
    assert offered.do(TEXT, "呜哇呜哇")[-1].kind == "hand_over"


def test_in_english(services):
    talk = Conversation(services, language="en")
    talk.do(START)
    talk.do(TEXT, "我想咨询一下")
    move = talk.do(TEXT, "What do I get for 买房")[-1]
    assert move.prompt == "consult.near" and move.text.startswith("Did you mean")
    assert move.choices[-1].label == "Talk to a person" and "press its key" in move.speech
    assert talk.do(KEY, "1")[0].text.count("Source:") == 1
