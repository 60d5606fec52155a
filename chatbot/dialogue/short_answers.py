"""Short answers that mean something only beside their question: 没有 to 有没有人受伤, 三盏 to 坏了几盏, 都不是 to a choice.

Pure functions on text. What is not clearly one or the other is left to be asked again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.dialogue.state import Choice
from chatbot.nlu.numerals import parse_number
from chatbot.nlu.text import bare, join_han, without_fillers

YES, NO = "yes", "no"

_HEDGES = re.compile(
    r"^(?:那个|这个|哦|嗯|呃|啊|唉|反正|其实|确实|真的|好像|应该|应该是|可能|大概|估计|似乎|暂时|目前|现在|当时|这会儿?|到现在|我们?|俺|它|他们?|都|还|也|倒|就|并|是(?=有|没|能|不))+"
)
_PARTICLES = re.compile(r"[的了啊呀呢吧嘛哦哈过着吗么哎诶喔]+")
_NEGATED = re.compile(r"^(?:没有|没得|没能|没|未曾|未|无|不是|不能|不会|不可以|不可能|不|莫得|冇)(?P<rest>.*)$")
_CANNOT = re.compile(r"^.{0,4}(?:[^了]不(?:了|到|过去?|来|去|进|出|开|动|下|上)|过不去|进不来|进不去|出不去|出不来)")
_AFFIRMED = re.compile(r"^(?:有|是|能|会|可以|已经|在|得)(?P<rest>.*)$")
_CAN = re.compile(r"^(?:能|可以|会)")
_ASKS = re.compile(r"吗$|[?？]|怎|什么|为啥|多少|哪|能不能|是不是|(?<!没)有没有")
_BUT = re.compile(r"但是?|不过|只是|可是|除了")
_CLAUSE = re.compile(r"[,，。.;；!！\s]+")
_EMPTY = "人 什么 啥 这种 这 那 一个人 这种情况 这个情况 这回事 事 有 有有 没有 没 能 太能 行 可以 来得及 呢"
_ALONE = frozenset(["", *_EMPTY.split()])
_LONGEST_REST = 14
_HALF = 0.5


def yes_or_no(text: str, question: str) -> str:
    """YES, NO or "" for what `text` answers to a yes-no `question` such as 有没有人受伤.

    Beside the words that are a yes or a no anywhere, these count: the question's own verb (能, 签了, 没被困), and a denial or
    an affirmation of what it asks (没人受伤, 有两个人受伤了). Unknown (不知道, 没注意) is neither.

    >>> yes_or_no("没有人", "现在有没有人被困？"), yes_or_no("过不去", "消防车能不能通过？"), yes_or_no("没注意", "有没有人受伤？")
    ('no', 'no', '')
    """
    plain = bare(join_han(text))
    asked = _content(question)
    if not plain or not asked or _ASKS.search(text):
        return ""
    clauses = [piece for piece in (_without_hedges(bare(clause)) for clause in _CLAUSE.split(join_han(text))) if piece]
    if not clauses:
        return ""
    found = _clause(clauses[0], question, asked)
    for other in clauses[1:]:
        contrary = _clause(_without_hedges(_BUT.sub("", other)), question, asked)
        if found and contrary and contrary != found:
            return ""  # 没有人受伤，但是车砸坏了: both, so it is asked again
    return found


def _clause(plain: str, question: str, asked: str) -> str:
    if _about_ability(question):
        if _CANNOT.match(plain):
            return NO
        if _CAN.match(plain) and len(plain) <= _LONGEST_REST:
            return YES
    plain = _without_hedges(_PARTICLES.sub("", plain) or plain)
    denied = _NEGATED.match(plain)
    if denied:
        rest = _PARTICLES.sub("", denied.group("rest"))
        return NO if rest in _ALONE or _of(rest, asked) >= _HALF else ""
    affirmed = _AFFIRMED.match(plain)
    if affirmed and len(affirmed.group("rest")) <= _LONGEST_REST and not _denies(affirmed.group("rest"), asked):
        rest = _PARTICLES.sub("", affirmed.group("rest"))
        has = plain.startswith("有") and "有" in question
        return YES if rest in _ALONE or has or _of(rest, asked) >= _HALF else ""
    if 1 <= len(plain) <= _LONGEST_REST and not _denies(plain, asked) and _of(plain, asked) >= _HALF:
        return YES
    return ""


def _about_ability(question: str) -> bool:
    return any(words in question for words in ("能不能", "可不可以", "能否")) or bool(re.search("能.*吗", question))


def _content(question: str) -> str:
    """What a question asks about, without the words that make it a question."""
    return re.sub(r"有没有|能不能|是不是|可不可以|现在|之前|您|你|吗|呢|已经", "", bare(question))


def _denies(text: str, asked: str) -> bool:
    """Whether `text` holds a no that is not the question's own (不舒服)."""
    return any(found.group() not in asked for found in re.finditer("[没不无].?", text))


def _of(part: str, whole: str) -> float:
    """The share of the characters of `part` that `whole` has too."""
    return sum(char in whole for char in part) / len(part) if part else 0.0


def _without_hedges(text: str) -> str:
    left = text
    while left and (shorter := _HEDGES.sub("", left)) != left and shorter:
        left = shorter
    return left


def statement(question: str, value: str, *, yes: str, no: str) -> str:
    """A yes-no question and its answer as one statement for the read-back; `yes` and `no` are the words for plain answers.

    >>> statement("现在有没有人被困在电梯里？", "no", yes="是", no="不是")
    '现在没有人被困在电梯里'
    >>> statement("有人受伤吗？", "no", yes="是", no="不是")
    '有人受伤：没有'
    """
    topic = re.split(r"[？?]", question)[0].strip()
    for form, positive, negative in (
        ("有没有", "有", "没有"),
        ("能不能", "能", "不能"),
        ("可不可以", "可以", "不可以"),
        ("是不是", "是", "不是"),
    ):
        if form in topic:
            return topic.replace(form, positive if value == YES else negative, 1)
    labels = answer_words(question)
    said = (labels[0] if value == YES else labels[1]) if labels else (yes if value == YES else no)
    return f"{topic.removesuffix('吗')}：{said}"


def answer_words(question: str) -> tuple[str, str] | None:
    """The two words with which a Chinese yes-no question is answered: 有/没有, 能/不能. None when 是/不是 fit."""
    if "有没有" in question:
        return ("有", "没有")
    if "能不能" in question or re.search("能.*吗", question):
        return ("能", "不能")
    if re.search("(有|了|过|到).*吗", question):
        return ("有", "没有") if re.search("有.*吗", question) else ("是", "没有")
    return None


# --- choices -------------------------------------------------------------------------------------------------------------

_CLASSIFIERS = "个只盏户家人条栋层间辆次块米处棵座台件张户口根间门片位名楼排"
_APPROXIMATE = re.compile(
    r"(?P<words>(?:一两|一二|两三|二三|三四|三五|四五|五六|六七|七八|八九)[十百千万]?|好几[十百千万]?|[几数][十百千万]?|十几"
    r"|好些|十来|上百|上千|一些|好多|很多|许多)"
    rf"(?:多)?(?P<unit>[{_CLASSIFIERS}])?"
)
_EXACT = re.compile(rf"(?P<number>[0-9]+|[零一二两三四五六七八九十百千]+)(?:多)?(?P<unit>[{_CLASSIFIERS}])?(?=$|[^0-9])")
_ORDINAL = re.compile(r"第[0-9一二三四五六七八九]|选[0-9一二三四五六七八九]|[0-9一二三四五六七八九][号项]$")
_WHOLE = re.compile(r"[全整]|都|所有|一片|统统")
_NONE_OF = re.compile(
    r"^(?:(?:这|那)?[几些]?[个种项]?(?:都|全)(?:不是|没有|不对|不算)(?:这|其中)?(?:些|几个|几种)?"
    r"|没有一个(?:是|对)?的?|别的|其它|其他)(?:的|了|啊|吧|呀)*$"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of things as it was said; `exact` is None for 两三个 or 好几盏, which are several."""

    words: str
    exact: int | None


def amount(text: str) -> Amount | None:
    """The number of things that a short answer names: 三盏, 坏了3盏, 两三个, 好几个, 十来户. None when it names none."""
    plain = without_fillers(join_han(text))
    rough = _APPROXIMATE.search(plain)
    exact = _EXACT.search(plain)
    if rough and (not exact or rough.start() <= exact.start()):
        return Amount(rough.group(), None)
    if exact and (exact.group("unit") or exact.group() == plain):
        value = parse_number(exact.group("number"))
        return Amount(exact.group(), value) if value is not None else None
    return None


def counted(text: str, choices: Sequence[Choice]) -> Choice | None:
    """The choice that a number of things means where the choices are numbers: 一盏, 几盏, 整条路. None where they are not."""
    one, several, whole = _by_number(choices)
    if not (one or several):
        return None
    plain = without_fillers(join_han(text))
    if _ORDINAL.search(plain):
        return None
    found = amount(plain)
    if whole and _WHOLE.search(plain) and (found is None or found.exact in (None, 1)):
        return whole
    if found is None:
        return None
    if found.exact is None:
        return several
    return one.get(found.exact) or (several if found.exact >= 2 else None)


def _by_number(choices: Sequence[Choice]) -> tuple[dict[int, Choice], Choice | None, Choice | None]:
    exact: dict[int, Choice] = {}
    several = whole = None
    for choice in choices:
        label = bare(choice.label)
        if label.startswith(("几", "多")):
            several = choice
        elif _WHOLE.match(label):
            whole = choice
        elif (
            (found := _EXACT.match(label)) and found.group("unit") and (value := parse_number(found.group("number"))) is not None
        ):
            exact[value] = choice
    return exact if several or len(exact) > 1 else {}, several, whole


def none_of(text: str) -> bool:
    """Whether the person says that no choice fits: 都不是, 没有一个对的, 其他的."""
    return bool(_NONE_OF.match(without_fillers(join_han(text))))


def other(choices: Sequence[Choice]) -> Choice | None:
    """The choice for everything else, where there is one."""
    return next((c for c in choices if c.value in {"none", "other"} or bare(c.label) in {"其他", "其它", "都不是"}), None)
