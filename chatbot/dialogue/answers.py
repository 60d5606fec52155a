"""What a text answers when one kind of answer is expected: a value, a refusal to say, or nothing that can be used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from chatbot.dialogue import short_answers
from chatbot.dialogue.state import Choice, Slot
from chatbot.nlu import rules
from chatbot.nlu.numerals import parse_number
from chatbot.nlu.text import bare, without_fillers
from chatbot.nlu.types import NOISE, Understanding

VALUE, SKIP, BAD, NOTHING = "value", "skip", "bad", "nothing"

_SAME_PHONE = re.compile(
    r"(就|用|打|是)?(这个|现在(的|这个)?|来电(的)?|打进来(的)?|打过来(的)?|本机|刚才)(这个)?(手机|电话|号码|号)+"
)
_ORDINAL = re.compile(
    r"^(?:第|选|要|是)?(?P<number>[0-9]|[一二两三四五六七八九])(?:个|项|号|种|条|分|星|颗星)?(?:的|吧|那个|啊|呀|了)*$"
)
_SCORE = re.compile(r"(?P<number>[0-9]|[一二两三四五])\s*(?:分|星|颗星?)")
_SCORE_WORDS = (
    (1, ("非常不满", "很不满意", "极其不满", "特别不满", "非常差", "太差", "verydissatisfied")),
    (2, ("不满意", "不太满意", "不满", "差评", "不认可", "不好", "dissatisfied")),
    (5, ("非常满意", "很满意", "特别满意", "十分满意", "满分", "五星", "好评", "verysatisfied")),
    (3, ("基本满意", "一般", "还行", "还可以", "马马虎虎", "及格", "中评", "凑合")),
    (4, ("满意", "比较满意", "挺好", "不错", "satisfied")),
)
_ENOUGH_LIKE = 0.6
_SHORT_CHARS = 6


@dataclass(frozen=True, slots=True)
class Answered:
    """`kind` is VALUE (with `slot`), SKIP (does not know or will not say), BAD (right shape, wrong content) or NOTHING."""

    kind: str
    slot: Slot | None = None


def read(expecting: str, heard: Understanding, *, choices: list[Choice], seq: int, question: str = "") -> Answered:
    """The answer of kind `expecting` in what was heard. Places are read by the platform, see `Turn.take_place`.

    `question` is a duty item's own yes-no question, whose words an answer may take up (没被困, 能过).
    """
    if expecting == "yes_no" and question:
        return _yes_no_to(question, heard, seq)
    reader = {
        "yes_no": _yes_no,
        "phone": _phone,
        "time": _time,
        "number": _number,
        "order_number": _order_number,
        "query_code": _query_code,
        "score": _score,
    }.get(expecting)
    if reader is not None:
        return reader(heard, seq)
    if expecting == "choice":
        return _choice(heard, choices, seq)
    return _text(heard, seq)


def declines(heard: Understanding) -> bool:
    """Whether the person does not know, has none, or does not want to say."""
    return rules.says("skip", heard.text) or rules.yes_or_no(heard.text) == rules.NO


def _slot(value: str, text: str, confidence: float, seq: int) -> Answered:
    return Answered(VALUE, Slot(value=value, text=text, confidence=confidence, seq=seq))


def _yes_no(heard: Understanding, seq: int) -> Answered:
    if heard.intent in {"affirm", "deny"} and heard.engine == "rules":
        return _slot("yes" if heard.intent == "affirm" else "no", heard.text, heard.confidence, seq)
    return Answered(NOTHING)


def _yes_no_to(question: str, heard: Understanding, seq: int) -> Answered:
    said = short_answers.yes_or_no(heard.text, question)
    if said:
        return _slot(said, heard.text, 0.9, seq)
    plain = _yes_no(heard, seq)
    # 没问题 and 有问题 judge what was read back; beside a question of fact they say nothing.
    if plain.slot and "问题" not in heard.text:
        return plain
    return Answered(SKIP) if rules.says("skip", heard.text) else Answered(NOTHING)


def _phone(heard: Understanding, seq: int) -> Answered:
    spans = heard.all("phone")
    if spans:
        return _slot(spans[-1].value, spans[-1].text, spans[-1].confidence, seq)
    if _SAME_PHONE.search(bare(heard.text)):
        return Answered(VALUE, Slot(value="same", text=heard.text, seq=seq))
    if declines(heard) or rules.says("anonymous", heard.text):
        return Answered(SKIP)
    return Answered(NOTHING)


def _time(heard: Understanding, seq: int) -> Answered:
    span = heard.first("time")
    if span:
        return _slot(span.value, span.text, span.confidence, seq)
    if declines(heard):
        return Answered(SKIP)
    if heard.intent == "give_time" and heard.confidence >= 0.5:
        return _slot(heard.text, heard.text, 0.5, seq)
    return Answered(NOTHING)


def _number(heard: Understanding, seq: int) -> Answered:
    rough = short_answers.amount(heard.text)
    if rough and rough.exact is None:
        return _slot(rough.words, rough.words, 0.8, seq)  # 两三个, 十来户: no figure is made of it
    span = heard.first("number")
    value = int(span.value) if span else parse_number(without_fillers(heard.text))
    if value is None and rough:
        value = rough.exact
    if value is not None:
        return _slot(str(value), heard.text, 0.9, seq)
    return Answered(SKIP) if declines(heard) else Answered(NOTHING)


def _order_number(heard: Understanding, seq: int) -> Answered:
    spans = heard.all("order_number")
    good = [span for span in spans if span.confidence >= 0.9]
    if good:
        return _slot(good[-1].value, good[-1].text, 1.0, seq)
    if spans or any(span.kind in {"phone", "query_code", "id_number"} for span in heard.spans):
        return Answered(BAD)
    return Answered(SKIP) if declines(heard) else Answered(NOTHING)


def _query_code(heard: Understanding, seq: int) -> Answered:
    span = heard.first("query_code")
    if span:
        return _slot(span.value, span.text, span.confidence, seq)
    return Answered(SKIP) if declines(heard) else Answered(NOTHING)


def _score(heard: Understanding, seq: int) -> Answered:
    plain = without_fillers(heard.text)
    match = _SCORE.search(plain) or _ORDINAL.match(plain)
    number = parse_number(match.group("number")) if match else None
    if number is not None and 1 <= number <= 5:
        return _slot(str(number), heard.text, 1.0, seq)
    if match is None:
        for score, words in _SCORE_WORDS:
            if any(word in plain for word in words):
                return _slot(str(score), heard.text, 0.9, seq)
    return Answered(NOTHING)


def _choice(heard: Understanding, choices: list[Choice], seq: int) -> Answered:
    named = next((choice for choice in choices if without_fillers(heard.text) == bare(choice.label)), None)
    if named is None and short_answers.none_of(heard.text):
        other = short_answers.other(choices)
        return _slot(other.value, other.label, 1.0, seq) if other else Answered(SKIP)
    counted = None if named or declines(heard) else short_answers.counted(heard.text, choices)
    picked = named or counted or pick(heard.text, choices)
    if picked:
        # Who says 三盏 is told 三盏 back, though the form has only 几盏.
        return _slot(picked.value, heard.text if counted and _short(heard.text) else picked.label, 1.0, seq)
    return Answered(SKIP) if declines(heard) else Answered(NOTHING)


def _short(text: str) -> bool:
    return len(bare(text)) <= _SHORT_CHARS


def pick(text: str, choices: list[Choice]) -> Choice | None:
    """The choice that `text` names: by its value, its number (第二个), or words of its label."""
    plain = without_fillers(text)
    for choice in choices:
        if text.strip() == choice.value or plain == bare(choice.label):
            return choice
    match = _ORDINAL.match(plain)
    if match:
        number = parse_number(match.group("number"))
        return next((choice for choice in choices if choice.key == str(number)), None)
    if len(plain) < 2:
        return None
    inside = [choice for choice in choices if bare(choice.label) in plain or plain in bare(choice.label)]
    if len(inside) == 1:
        return inside[0]
    likeness = sorted(((SequenceMatcher(None, plain, bare(c.label)).ratio(), n) for n, c in enumerate(choices)), reverse=True)
    if likeness and likeness[0][0] >= _ENOUGH_LIKE and (len(likeness) == 1 or likeness[0][0] - likeness[1][0] > 0.1):
        return choices[likeness[0][1]]
    return None


def _text(heard: Understanding, seq: int) -> Answered:
    if heard.intent == NOISE:
        return Answered(NOTHING)
    if declines(heard):
        return Answered(SKIP)
    if len(bare(heard.text)) < 2:
        return Answered(NOTHING)
    return _slot(heard.text, heard.text, 0.8, seq)
