"""The dialogue engine: conversations as tables, and what must hold for every conversation whatever is said."""

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.dialogue import prompts
from chatbot.dialogue.acts import ACTS
from chatbot.dialogue.engine import step
from chatbot.dialogue.flows import flows
from chatbot.dialogue.moves import KEY, MOVE_KINDS, SILENCE, START, TEXT, Move, Utterance
from chatbot.dialogue.state import BOT, PERSON, DialogueState
from chatbot.nlu import rules
from tests.chatbot.conftest import ScriptedServices

TRANSCRIPTS = yaml.safe_load(Path(__file__).with_name("transcripts.yml").read_text(encoding="utf-8"))


class Conversation:
    """A conversation whose state goes through JSON after every turn, as it does in a database."""

    def __init__(self, services, *, phone="", channel="chat", language="zh-hans"):
        self.services = services
        self.state = DialogueState.begin(channel=channel, language=language, caller_phone=phone)
        self.seq = 0

    def do(self, kind, text="", confidence=None):
        self.seq += 1
        before = json.dumps(self.state.to_json(), ensure_ascii=False)
        done = step(state=self.state, utterance=Utterance(text, kind, self.seq, confidence), services=self.services)
        assert json.dumps(self.state.to_json(), ensure_ascii=False) == before, "the state handed in was changed"
        self.state = DialogueState.from_json(json.loads(json.dumps(done.state.to_json())))
        assert self.state.to_json() == done.state.to_json()
        for move in done.moves:
            assert move.kind in MOVE_KINDS
            assert Move.from_json(json.loads(json.dumps(move.to_json()))) == move
        return done.moves


@pytest.mark.parametrize("case", TRANSCRIPTS, ids=[case["name"] for case in TRANSCRIPTS])
def test_transcript(case, services):
    number = services.known_order(**case["order"]) if "order" in case else ""
    talk = Conversation(services, phone=case.get("phone", ""), language=case.get("language", "zh-hans"))
    assert [move.kind for move in talk.do(START)] == ["say"]
    for turn in case["turns"]:
        if "silence" in turn:
            moves = talk.do(SILENCE)
        else:
            kind, said = (KEY, turn["key"]) if "key" in turn else (TEXT, turn["say"])
            moves = talk.do(kind, said.replace("$number", number))
        shown = "\n".join(move.text for move in moves)
        assert [move.kind for move in moves] == turn["does"], f"after {turn}: {shown} {services.heard[-1:]}"
        if "prompt" in turn:
            assert [move.prompt for move in moves if move.prompt] == turn["prompt"], shown
        for words in turn.get("says", ()):
            assert words in shown
        if "handed" in turn:
            assert moves[-1].data["slots"].items() >= turn["handed"].items()
            assert moves[-1].data["summary"]
    if "created" in case:
        draft = services.created[-1]
        assert {name: getattr(draft, name) for name in case["created"]} == case["created"]
    if case.get("nothing_created"):
        assert services.created == []
    if "done" in case:
        assert [verb for verb, *_ in services.done] == case["done"]
    if "owner" in case:
        assert talk.state.owner == case["owner"]


# --- what holds for every conversation -----------------------------------------------------------------------------------

SENTENCES = [
    "我要投诉", "中山路的路灯坏了", "翠湖小区垃圾堆了三天没人清", "我家停水了", "解放路", "脆胡小区", "人民路88号",
    "昨天晚上", "三天前", "不知道", "没有", "对", "不对", "嗯", "好的", "不对,是阳光花园", "电话错了", "13800001234",
    "幺三八零零零零幺二三四", "匿名", "保密", "几盏", "第一个", "希望尽快修好", "请问租房怎么提公积金", "养老金涨不涨",
    "查一下进度", "催一下", "我要补充", "撤单", "我要评价", "五分", "算了不报了", "再说一遍", "你好", "再见", "你是谁",
    "讲个故事", "。", "😀", "qwert", "12", "261122000019", "012345", "有厂子往河里排污水 我要举报", "建议装个红绿灯",
    "还有楼下的垃圾也没人管", "就打这个号码", "我姓王", "没错", "yes", "随便", "都不是",
]  # fmt: skip
KEYS = ["1", "2", "3", "5", "9", "#", "*", "13800001234", "261122000016", "12"]
UTTERANCES = st.one_of(
    st.tuples(st.just(TEXT), st.sampled_from(SENTENCES)),
    st.tuples(st.just(TEXT), st.sampled_from(SENTENCES)),
    st.tuples(st.just(KEY), st.sampled_from(KEYS)),
    st.tuples(st.just(TEXT), st.text(max_size=30)),
    st.tuples(st.just(SILENCE), st.just("")),
)
STARTS = st.sampled_from(
    [[], [(TEXT, "中山路的路灯坏了好几盏 从昨天开始的 希望修好")], [(TEXT, "翠湖小区垃圾堆了三天 希望清走")]]
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(start=STARTS, said=st.lists(UTTERANCES, max_size=14), phone=st.sampled_from(["", "13900001234"]))
def test_whatever_is_said_nothing_breaks_and_no_order_is_made_without_a_plain_yes(understander, start, said, phone):
    services = ScriptedServices(understander)
    services.known_order(phone=phone)
    talk = Conversation(services, phone=phone)
    talk.do(START)
    for kind, text in start + said:
        made, was_owner = len(services.created), talk.state.owner
        asked_to_confirm, choices = talk.state.step == "confirm", talk.state.choices
        known = set(talk.state.slots)
        moves = talk.do(kind, text)
        if was_owner != BOT:
            assert moves == []
        if len(services.created) > made:
            assert asked_to_confirm
            plain_yes = kind == TEXT and (rules.yes_or_no(text) == rules.YES or text in {choices[0].value, choices[0].label})
            assert plain_yes or (kind == KEY and text == "1")
            assert len(services.created) == made + 1
        asks = [move for move in moves if move.kind in {"ask", "read_back"}]
        assert len(asks) <= 1, "two questions in one turn"
        if moves and talk.state.owner == BOT and asks:
            assert asks[-1] == moves[-1], "the question comes last"
        if asks and talk.state.flow == "report" and talk.state.step in {"what", "place", "time", "wish", "phone"}:
            assert talk.state.step not in talk.state.slots, "asked what is known"
        assert known is not None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(said=st.lists(UTTERANCES, min_size=1, max_size=10), refuse=st.booleans())
def test_a_platform_out_of_order_never_breaks_the_conversation(understander, said, refuse):
    services = ScriptedServices(understander)
    services.known_order(phone="13900001234")
    services.broken, services.refuses = not refuse, "现在不能办理" if refuse else ""
    talk = Conversation(services, phone="13900001234")
    for kind, text in said:
        talk.do(kind, text)
    assert services.created == []


def test_the_draft_goes_to_the_person_when_the_order_cannot_be_made(services):
    talk = Conversation(services, phone="13900001234")
    talk.do(TEXT, "翠湖小区垃圾堆了三天没人清 希望清走")
    services.broken = True
    moves = talk.do(TEXT, "对")
    assert [move.kind for move in moves] == ["hand_over"]
    assert moves[0].prompt == "hand_over.unavailable"
    assert moves[0].data["slots"]["place"] == "E1"
    assert moves[0].data["reason"] == "unavailable"


def test_a_refusal_is_told_in_its_own_words(services):
    services.known_order(phone="13900001234")
    services.refuses = "已经评价过了。"
    talk = Conversation(services, phone="13900001234")
    moves = talk.do(TEXT, "我要评价 五分")
    assert moves[-1].kind == "hand_over"
    assert "已经评价过了" in moves[-1].text


def test_the_same_confirmation_twice_carries_the_same_serial(services):
    """A second process that works the same turn out again makes no second order: the platform keys creation by it."""
    talk = Conversation(services, phone="13900001234")
    talk.do(TEXT, "翠湖小区垃圾堆了三天没人清 希望清走")
    utterance = Utterance("对", TEXT, 9)
    for _ in range(2):
        step(state=talk.state, utterance=utterance, services=services)
    first, second = services.created
    assert first.serial == second.serial
    talk.do(TEXT, "对")
    talk.do(TEXT, "中山路的路灯坏了几盏 昨天开始 希望修好")
    talk.do(TEXT, "对")
    assert services.created[-1].serial != first.serial


def test_a_word_the_recogniser_doubts_confirms_nothing(services):
    talk = Conversation(services, phone="13900001234", channel="voice")
    talk.do(TEXT, "翠湖小区垃圾堆了三天没人清 希望清走")
    assert [move.prompt for move in talk.do(TEXT, "对", confidence=0.2)] == ["again.yes_no"]
    assert services.created == []
    assert talk.do(TEXT, "对", confidence=0.9)[0].kind == "order_created"


def test_digits_keyed_one_by_one_are_put_together(services):
    talk = Conversation(services)
    talk.do(TEXT, "翠湖小区垃圾堆了三天没人清 希望清走")
    assert talk.state.expecting == "phone"
    for digit in "1380000123":
        assert talk.do(KEY, digit) == []
    assert talk.do(KEY, "4")[-1].kind == "read_back"


def test_the_line_speaks_its_own_greeting(services):
    moves = Conversation(services).do(START, "您好，这里是供水热线。")
    assert moves[0].text == "您好，这里是供水热线。"
    assert [choice.value for choice in moves[0].choices] == ["consult", "report", "query", "human"]


def test_number_and_code_are_read_out_in_groups(services):
    talk = Conversation(services, phone="13900001234", channel="voice")
    talk.do(TEXT, "翠湖小区垃圾堆了三天没人清 希望清走")
    made = talk.do(TEXT, "对")[0]
    assert re.search(r"二六幺幺，二二零零，零零幺.", made.speech)
    assert "零幺二，三四五" in made.speech
    assert made.data["number"] in services.orders


def test_nobody_hears_of_an_order_by_a_number_alone(services):
    number = services.known_order()
    talk = Conversation(services)
    moves = talk.do(TEXT, f"查一下{number}")
    assert [move.prompt for move in moves] == ["order.code"]
    assert "路灯" not in "".join(move.text for move in moves)


def test_a_state_of_a_conversation_that_was_handed_over_stays_silent(services):
    state = DialogueState(owner=PERSON)
    assert step(state=state, utterance=Utterance("路灯坏了"), services=services).moves == []


# --- the texts -----------------------------------------------------------------------------------------------------------


def test_every_act_and_every_prompt_of_the_flows_exists():
    for flow in flows().values():
        for spec in flow.steps:
            assert not spec.do or spec.do in ACTS
            assert not spec.ask or prompts.all_prompts()[spec.ask].ask
    assert {spec.do for flow in flows().values() for spec in flow.steps if spec.do} == set(ACTS)


@pytest.mark.parametrize("prompt", prompts.all_prompts().values(), ids=lambda prompt: prompt.code)
def test_prompt(prompt):
    holders = {language: set(re.findall(r"\{(\w+)\}", text)) for language, text in prompt.text.items()}
    assert holders["zh"] == holders["en"]
    assert re.search(r"[\u4e00-\u9fff]|^\{", prompt.text["zh"])
    assert not re.search(r"[\u4e00-\u9fff]", prompt.text["en"])
    if prompt.ask:
        assert len(re.sub(r"\{\w+\}", "", prompt.speech["zh"])) < 25, "too long to be spoken"
        assert len(re.findall(r"[？?]", prompt.text["zh"])) <= 1, "one question at a time"
    if prompt.code.startswith("again."):
        assert "人工" in prompt.text["zh"], "a person is offered before anything is asked twice"
    if not prompt.code.startswith("choice."):
        assert not re.search(r"[0-9]", prompt.speech["zh"]), "digits are spoken as words"
    assert "工单" not in prompt.text["zh"], "citizens say 诉求"


def test_every_prompt_used_in_code_exists():
    code = "".join(path.read_text() for path in Path(prompts.__file__).parent.glob("*.py"))
    used = set(re.findall(r'(?:say|ask|words|hand_over)\(\s*"([a-z_0-9.]+)"', code)) - {"asked", "failures", "anger", "emergency"}
    used -= {"no_answer", "unavailable", "refused"}
    assert {name for name in used if not prompts.exists(name)} == set()
    for reason in ("asked", "failures", "anger", "emergency", "no_answer", "unavailable", "refused"):
        assert prompts.exists(f"hand_over.{reason}")


def test_fixed_prompts_can_be_recorded():
    fixed = {prompt.code for prompt in prompts.fixed_prompts()}
    assert {"greeting", "report.place", "again.yes_no", "hand_over.asked", "emergency.119"} <= fixed
    assert "report.created" not in fixed
