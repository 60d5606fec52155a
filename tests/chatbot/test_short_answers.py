"""Short spoken answers beside their question: yes and no to questions of fact, numbers to choices, neither and unknown."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.dialogue import short_answers
from chatbot.dialogue.moves import START, TEXT
from chatbot.dialogue.ports import Question, QuestionChoice
from chatbot.dialogue.state import Choice
from chatbot.nlu.numerals import parse_number
from tests.chatbot import conftest
from tests.chatbot.test_dialogue import Conversation

HURT, PASS, SIGNED, NOTICE = "有没有人受伤？", "消防车现在能不能通过？", "有没有签订劳动合同？", "您已经申请办理了吗？"
TRAPPED, SMELL, ILL = "现在有没有人被困在电梯里？", "现在有没有闻到燃气味？", "有没有人吃了以后身体不舒服？"

NO = "没有 没 没有啊 没有的 没有没有 没呢 没得 无 不是 不是的 暂时没有 目前没有 应该没有 好像没有 还没有 都没有 我没有"
NO_TO_ALL = NO.split()
YES_TO_ALL = ["有", "有的", "有啊", "是", "是的", "确实有", "好像有", "应该有", "有有有"]
SAID = {
    HURT: (
        ["有人受伤", "有人受伤了", "有一个", "有两个人", "有，两个人受伤", "受伤了", "有个老人"],
        ["没人", "没有人", "没人受伤", "没有人受伤", "没受伤", "没有，都没受伤", "没人受伤，都没有"],
    ),
    PASS: (
        ["能", "能过", "能通过", "可以", "可以过", "能的"],
        ["不能", "不能过", "过不去", "过不了", "不能通过", "进不来", "不可以"],
    ),
    SIGNED: (["签了", "签过", "签订了", "有合同", "签了合同"], ["没签", "没有签", "没签合同", "还没签", "没有合同", "没有签订"]),
    NOTICE: (
        ["申请了", "已经申请了", "申请过", "办理了", "已经办理"],
        ["没申请", "还没", "还没申请", "还没有申请", "没有办理", "没来得及"],
    ),
    TRAPPED: (["有人被困", "有人", "困住了", "有三个人被困"], ["没人被困", "没有被困", "没人", "没有人在里面"]),
    SMELL: (["闻到了", "有味", "有一股味", "有燃气味"], ["没闻到", "没有味", "没闻到味", "没有闻到"]),
    ILL: (["有人不舒服", "有两个人", "有"], ["没人不舒服", "没有不舒服", "没有人不舒服"]),
}
NEITHER = [
    "不知道",
    "不清楚",
    "没注意",
    "没看清",
    "不好说",
    "什么意思",
    "路灯坏了三盏",
    "昨天晚上",
    "有没有人受伤",
    "你再说一遍",
    "",
]


@pytest.mark.parametrize("question", SAID)
@pytest.mark.parametrize("text", NO_TO_ALL)
def test_every_no_is_a_no_to_every_question_of_fact(question, text):
    assert short_answers.yes_or_no(text, question) == "no"


@pytest.mark.parametrize("question", SAID)
@pytest.mark.parametrize("text", YES_TO_ALL)
def test_every_yes_is_a_yes(question, text):
    assert short_answers.yes_or_no(text, question) == "yes"


@pytest.mark.parametrize(("question", "text"), [(q, text) for q, (yes, _) in SAID.items() for text in yes])
def test_yes_in_the_questions_own_words(question, text):
    assert short_answers.yes_or_no(text, question) == "yes"


@pytest.mark.parametrize(("question", "text"), [(q, text) for q, (_, no) in SAID.items() for text in no])
def test_no_in_the_questions_own_words(question, text):
    assert short_answers.yes_or_no(text, question) == "no"


@pytest.mark.parametrize("question", [HURT, PASS, SIGNED])
@pytest.mark.parametrize("text", NEITHER)
def test_what_is_neither_is_no_answer(question, text):
    assert short_answers.yes_or_no(text, question) == ""


def test_both_at_once_is_asked_again():
    assert short_answers.yes_or_no("没有人受伤，但是车砸坏了", "有没有人受伤或者东西被砸坏？") == ""


@given(
    st.sampled_from(["", "嗯", "哦", "那个", "就是", "现在", "好像", "应该", "目前"]),
    st.sampled_from([(text, "no") for text in ("没有", "没人受伤", "没受伤", "没有人")] + [(text, "yes") for text in ("有", "有人受伤", "有两个人")]),
    st.sampled_from(["", "啊", "呢", "的", "了", "。", "，谢谢"]),
    st.sampled_from(["", " "]),
)  # fmt: skip
def test_hesitations_and_particles_change_nothing(before, said, after, gap):
    text, meaning = said
    assert short_answers.yes_or_no(f"{before}{gap}{gap.join(text)}{after}", HURT) == meaning


@pytest.mark.parametrize(
    ("question", "value", "read_back"),
    [
        (HURT, "no", "没有人受伤"),
        (HURT, "yes", "有人受伤"),
        (TRAPPED, "no", "现在没有人被困在电梯里"),
        (PASS, "no", "消防车现在不能通过"),
        (PASS, "yes", "消防车现在能通过"),
        ("有人受伤吗？", "no", "有人受伤：没有"),
        ("收到过停水通知吗？", "no", "收到过停水通知：没有"),
        (NOTICE, "yes", "您已经申请办理了：是"),
        ("Is anybody hurt?", "no", "Is anybody hurt：No"),
    ],
)
def test_the_read_back_says_it_as_people_do(question, value, read_back):
    words = ("Yes", "No") if question.isascii() else ("是", "不是")
    said = short_answers.statement(question, value, yes=words[0], no=words[1])
    assert said == read_back and "不对" not in said


# --- numbers to choices ------------------------------------------------------------------------------------------------

LAMPS = [Choice("一盏", "one", "1"), Choice("几盏", "several", "2"), Choice("整条路", "road", "3")]
NUMERALS = "一二三四五六七八九十"


def lamp(text):
    found = short_answers.counted(text, LAMPS)
    return found.value if found else ""


@pytest.mark.parametrize(
    "form", ["{}盏", "坏了{}盏", "{}盏灯", "大概{}盏", "有{}盏", "{}个", "坏了{}个灯", "{}", "就{}盏", "{}盏都坏了", "嗯{}盏"]
)
@pytest.mark.parametrize("number", [*NUMERALS, *"123456789", "12", "十二", "两", "二十"])
def test_a_number_of_lamps_chooses_among_one_and_several(form, number):
    value = parse_number(number)
    wanted = "one" if value == 1 else "several"
    if form == "{}盏都坏了" and value == 1:
        wanted = "road"  # 一盏都坏了 is no number; all of them is meant
    assert lamp(form.format(number)) == wanted


@pytest.mark.parametrize(
    "text", ["两三个", "三四盏", "好几盏", "好几个", "几盏", "十来盏", "十几盏", "一两盏", "几十盏", "好多", "很多盏", "二三十盏"]
)
def test_what_is_about_a_number_is_several(text):
    assert lamp(text) == "several"


@pytest.mark.parametrize("text", ["整条路", "全坏了", "都坏了", "整条路都不亮", "一片都不亮", "所有的灯", "一条路都不亮"])
def test_all_of_them(text):
    assert lamp(text) == "road"


@pytest.mark.parametrize("text", ["第三个", "选2", "2号", "路灯", "昨天", "你好"])
def test_the_number_of_a_choice_is_no_number_of_lamps(text):
    assert lamp(text) == ""


@pytest.mark.parametrize("labels", [("白天", "晚上", "凌晨"), ("我家", "一栋楼", "整个小区"), ("一小块", "一条车道", "整条路")])
@pytest.mark.parametrize("text", ["三个", "两三个", "3"])
def test_choices_that_are_no_numbers_are_not_counted(labels, text):
    assert short_answers.counted(text, [Choice(label, label, str(n)) for n, label in enumerate(labels, 1)]) is None


@pytest.mark.parametrize("text", ["都不是", "都不是的", "这几个都不是", "都不对", "没有一个对的", "其他", "其他的", "别的"])
def test_none_of_them(text):
    assert short_answers.none_of(text)


@pytest.mark.parametrize("text", ["都坏了", "不是这个", "第三个", "都是", "不对"])
def test_what_is_not_none_of_them(text):
    assert not short_answers.none_of(text)


# --- through the dialogue ------------------------------------------------------------------------------------------------

FALLEN = [
    Question("place", "place", "坏的路灯在哪条路？", True),
    Question("extent", "choice", "坏了几盏？", True, (QuestionChoice("one", "一盏"), QuestionChoice("many", "几盏"), QuestionChoice("road", "整条路"))),
    Question("hurt", "yes_no", "有没有人受伤？", True),
    Question("people", "number", "大约影响多少人？"),
    Question("cause", "choice", "是什么原因？", False, (QuestionChoice("wind", "大风"), QuestionChoice("car", "车撞"), QuestionChoice("dig", "施工"))),
]  # fmt: skip


@pytest.fixture
def asked(services, monkeypatch):
    """A report about a lamp, up to the first of its questions."""
    monkeypatch.setitem(conftest.QUESTIONS, "0101", FALLEN)
    talk = Conversation(services, phone="13900001234")
    talk.do(START)
    talk.do(TEXT, "中山路的路灯坏了 从昨天晚上开始的 希望尽快修好")
    return talk


def say(talk, *texts):
    """Says them one after the other; returns what was shown last."""
    for text in texts:
        moves = talk.do(TEXT, text)
    return "\n".join(move.text for move in moves)


PATHS = list(
    itertools.product(
        [("坏了三盏", "many"), ("两三个", "many"), ("就一盏", "one"), ("3", "many"), ("都坏了", "road"), ("不清楚", None)],
        [("没有", "no", "没有人受伤"), ("没人", "no", "没有人受伤"), ("不是", "no", "没有人受伤"), ("没注意", None, "")],
        [("两三个", "两三个"), ("十几户人", "十几户"), ("5", "5"), ("大概二十个人", "20"), ("不知道", None)],
        [("都不是", None), ("大风刮的", "wind"), ("不知道", None), ("第三个", "dig")],
    )
)


@pytest.mark.parametrize("path", PATHS[::7], ids=lambda path: "-".join(step[0] for step in path))
def test_every_way_through_the_questions_reaches_the_read_back(asked, services, path):
    extent, hurt, people, cause = path
    shown = say(asked, *(step[0] for step in path))
    assert asked.state.step == "confirm", shown
    assert hurt[2] in shown and "不对" not in shown
    say(asked, "对")
    wanted = {"extent": extent[1], "hurt": hurt[1], "people": people[1], "cause": cause[1]}
    assert services.created[0].answers == {name: value for name, value in wanted.items() if value}


def test_the_number_said_is_read_back_not_only_the_choice(asked):
    assert "坏了几盏：三盏" in say(asked, "三盏", "没有", "不知道", "不知道")


def test_two_that_are_not_understood_still_hand_over(asked):
    say(asked, "一盏")
    say(asked, "咕噜咕噜")
    asked.do(TEXT, "呜哇呜哇")
    assert asked.state.owner == "person"


@pytest.mark.parametrize("text", ["都不是", "不知道", "不清楚"])
def test_a_street_of_two_districts_that_is_in_none_is_kept_in_words(services, text):
    talk = Conversation(services, phone="13900001234")
    talk.do(START)
    talk.do(TEXT, "解放路垃圾堆了三天没人清 希望清走")
    assert talk.state.step == "place_which"
    say(talk, text)
    assert talk.state.step == "confirm"
    say(talk, "对")
    assert (services.created[0].place_code, services.created[0].place_text) == ("", "解放路")
