"""What is decided by rules before any classifier: emergencies, a person wanted, yes and no, numbers that prove themselves.

The word lists are data beside this file (words.yml, emergency.yml). Everything here is pure and bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from chatbot.nlu.numerals import NUMERAL, digit_runs, parse_number
from chatbot.nlu.text import bare, join_han, without_fillers
from chatbot.nlu.times import find_times
from chatbot.nlu.types import Span
from ticketing.orders.numbers import is_valid as is_order_number

HERE = Path(__file__).resolve().parent
YES, WEAK_YES, NO = "yes", "weak_yes", "no"

_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{2,3}\d{7,8}")
_SERVICE_LINE = re.compile(r"(?:400|800)\d{7}")
_ID_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_NAME = re.compile(
    r"(?:免贵姓|我姓|姓名是?|名字(?:是|叫|写)?|我叫|本人叫?|叫我|姓)(?P<name>[\u4e00-\u9fff]{1,4}?)"
    r"(?:(?P<title>先生|女士|小姐|同志|师傅|老师|阿姨|大姐|大爷)|(?=[,，。 ]|$|就|,|的|是|住|电话|手机|我))"
)
_AMOUNT = re.compile(rf"(?P<number>[0-9]+|{NUMERAL}+)(?=\s?(?:[个人户家楼层块元次辆台只条米平斤亩张]|万|千米|公里|分贝))")
# Characters of hesitation and of noise on a line: a text of nothing else says nothing.
_EMPTY_TALK = re.compile(r"^[嗯恩唔啊阿哦噢喔额呃哎唉诶欸哈呵嘿嘻呀哟咦咳咕噜嘟滴呜哇嗨么吧呢哼]*$")
_WORDLESS = re.compile(r"^[^\w\u3400-\u9fff]*$")


@dataclass(frozen=True, slots=True)
class Emergency:
    """A matter that cannot wait: its code and the number to call at once."""

    code: str
    number: str


@dataclass(frozen=True, slots=True)
class _Matter:
    emergency: Emergency
    hits: tuple[re.Pattern[str], ...]
    cancels: tuple[re.Pattern[str], ...]


@cache
def _words() -> dict[str, Any]:
    return dict(yaml.safe_load((HERE / "words.yml").read_text(encoding="utf-8")))


@cache
def _pattern(key: str, part: str = "pattern") -> re.Pattern[str] | None:
    source = _words()[key].get(part)
    return re.compile(source) if source else None


@cache
def _matters() -> tuple[tuple[_Matter, ...], tuple[re.Pattern[str], ...]]:
    data = yaml.safe_load((HERE / "emergency.yml").read_text(encoding="utf-8"))
    matters = tuple(
        _Matter(
            Emergency(row["code"], row["number"]),
            tuple(re.compile(source) for source in row["any"]),
            tuple(re.compile(source) for source in row.get("not", ())),
        )
        for row in data["matters"]
    )
    return matters, tuple(re.compile(source) for source in data["cancels"])


def find_emergency(text: str) -> Emergency | None:
    """The first matter of emergency.yml in `text`, None when there is none or when it is asked about, past or only feared."""
    plain = bare(text)
    matters, cancels = _matters()
    if any(pattern.search(plain) for pattern in cancels):
        return None
    for matter in matters:
        if any(hit.search(plain) for hit in matter.hits) and not any(cancel.search(plain) for cancel in matter.cancels):
            return matter.emergency
    return None


def says(key: str, text: str) -> bool:
    """Whether `text` matches the pattern `key` of words.yml and not its exception."""
    plain = bare(text)
    hit, exception = _pattern(key), _pattern(key, "not")
    forms = (plain, without_fillers(plain), text.lower())  # the last one keeps the blanks between English words
    return bool(hit and any(hit.search(form) for form in forms)) and not (exception and exception.search(plain))


def declared_intent(text: str) -> str:
    """The intent the person declares (我要表扬 ...), empty when the text does not begin with such a declaration."""
    pattern = _pattern("declared")
    match = pattern.match(without_fillers(text)) if pattern else None
    if match is None:
        return ""
    intents: dict[str, str] = _words()["declared"]["intents"]
    return next(intent for start, intent in intents.items() if match.group("verb").startswith(start))


def is_question(text: str) -> bool:
    """Whether `text` asks something."""
    return bool(_pattern("question") and _pattern("question").search(text))  # type: ignore[union-attr]


def find_wish(text: str) -> str:
    """What the person wants done, from words such as 希望 and 要求; empty when it is not said."""
    pattern = _pattern("wish")
    match = pattern.search(text) if pattern else None
    return match.group("wish").strip() if match else ""


def yes_or_no(text: str) -> str:
    """YES, WEAK_YES (only a hesitation such as 嗯), NO, or an empty string when it is neither.

    Only whole texts made of the listed words count: 对 is a yes, 对面 is none, 对但是时间不对 is none.
    """
    plain = bare(join_han(text))
    if plain and all(char in _weak() for char in plain):
        return WEAK_YES
    yes, no = _answers()
    stripped = without_fillers(plain)
    for candidate in (plain, stripped):
        # Yes first: 没错 and 没有问题 are made of words that alone would be a no.
        if yes.fullmatch(candidate):
            return YES
        if no.fullmatch(candidate):
            return NO
    return ""


@cache
def _weak() -> frozenset[str]:
    return frozenset(_words()["weak_words"])


@cache
def _answers() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = _words()

    def compiled(key: str, tail: str) -> re.Pattern[str]:
        body = "|".join(sorted((re.escape(str(word)) for word in words[key]), key=len, reverse=True))
        return re.compile(rf"(?:(?:{body}){words[tail]})+")

    return compiled("yes_words", "yes_tail"), compiled("no_words", "no_tail")


def is_noise(text: str) -> bool:
    """Whether `text` carries no word: empty, punctuation, emoji, a hesitation, one stray letter, one character over and over."""
    if _WORDLESS.match(text):
        return True
    plain = bare(text)
    if _EMPTY_TALK.match(plain):
        return True
    if len(plain) > 3 and len(set(plain)) == 1 and not plain.isdigit():
        return True
    # A keyboard run such as qwert: Latin letters without a vowel pattern of words, nothing Chinese, no digit.
    return bool(re.fullmatch(r"[a-z]{1,12}", plain)) and (
        len(plain) < 2 or not re.search(r"[aeiouy]", plain) or plain in _keyboard()
    )


@cache
def _keyboard() -> frozenset[str]:
    rows = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    return frozenset(row[a:b] for row in rows for a in range(len(row)) for b in range(a + 3, len(row) + 1))


def is_id_number(number: str) -> bool:
    """Whether the last character fits the seventeen before it (GB 11643-1999, ISO 7064 MOD 11-2)."""
    if not re.fullmatch(r"\d{17}[\dXx]", number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


def find_spans(text: str, now: datetime) -> list[Span]:
    """Numbers, times and names in `text` that rules can recognise, without overlap, in order."""
    spans: list[Span] = []
    for match in _ID_NUMBER.finditer(text):
        proven = is_id_number(match.group())
        spans.append(_span("id_number", match.group().upper(), text, match.start(), match.end(), 1.0 if proven else 0.4))
    for digits, start, end in digit_runs(text):
        if not _taken(spans, start, end):
            spans.extend(_numbers_in(digits, text, start, end))
    for found in find_times(text, now):
        if not _taken(spans, found.start, found.end):
            spans.append(_span("time", found.value, text, found.start, found.end, 0.95 if found.exact else 0.7))
    for match in _AMOUNT.finditer(text):
        value = parse_number(match.group("number"))
        if value is not None and not _taken(spans, match.start(), match.end()):
            spans.append(_span("number", str(value), text, match.start(), match.end(), 0.9))
    named = _NAME.search(text)
    if named and not _taken(spans, named.start("name"), named.end("name")):
        name = named.group("name") + (named.group("title") or "")
        spans.append(_span("name", name, text, named.start("name"), named.start("name") + len(name), 0.8))
    return sorted(spans, key=lambda span: span.start)


def _numbers_in(digits: str, text: str, start: int, end: int) -> list[Span]:
    """The telephone or order number that a run of digits is, by its length and its proof."""
    if is_order_number(digits) and _month_and_day(digits):
        return [_span("order_number", digits, text, start, end, 1.0)]
    if _MOBILE.fullmatch(digits):
        return [_span("phone", digits, text, start, end, 1.0)]
    if len(digits) == 13 and digits.startswith("86") and _MOBILE.fullmatch(digits[2:]):
        return [_span("phone", digits[2:], text, start, end, 1.0)]
    if _LANDLINE.fullmatch(digits) or _SERVICE_LINE.fullmatch(digits):
        return [_span("phone", digits, text, start, end, 0.9)]
    if len(digits) == 12:
        return [_span("order_number", digits, text, start, end, 0.3)]  # right length, wrong check digit: misheard or mistyped
    if len(digits) == 6:
        return [_span("query_code", digits, text, start, end, 0.8)]
    return []


def _month_and_day(digits: str) -> bool:
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31


def _taken(spans: list[Span], start: int, end: int) -> bool:
    return any(span.start < end and start < span.end for span in spans)


def _span(kind: str, value: str, text: str, start: int, end: int, confidence: float) -> Span:
    return Span(kind, value, text[start:end], start, end, confidence, "rules")
