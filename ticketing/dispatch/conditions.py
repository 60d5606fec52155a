"""The conditions of dispatch rules: a small language that staff write, compiled once and asked of every order.

    "路灯" and not "红绿灯"                     words that the order holds
    any("漏气", "煤气味") or all("电梯", "困")   any, or all, of several words
    region = "东城区" and item = "020303"       facts by code or by name; a region holds all below it
    urgency != "normal"

The words of the language may be written in Chinese too: 且 或 非 任一 全部 事项 类别 区域 类型 紧急程度. A condition that does not
read well is refused with the position of the character at which reading stopped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _

MOST_CHARACTERS = 2000
DEEPEST = 30

AND, OR, NOT = frozenset({"and", "且", "并且"}), frozenset({"or", "或", "或者"}), frozenset({"not", "非"})
ANY, ALL = frozenset({"any", "任一"}), frozenset({"all", "全部"})
FIELDS = {
    "item": "item", "事项": "item",
    "category": "category", "类别": "category",
    "region": "region", "区域": "region",
    "type": "type", "类型": "type",
    "urgency": "urgency", "紧急程度": "urgency",
}  # fmt: skip
QUOTES = {'"': '"', "“": "”", "'": "'", "「": "」"}
TOKEN = re.compile(r"\s*(?:(!=|≠|=|＝|\(|（|\)|）|,|，|、)|([\"“'「])|(\w+)|(\S))")
SAME = {"＝": "=", "≠": "!=", "（": "(", "）": ")", "，": ",", "、": ","}


class ConditionError(ValueError):
    """A condition that cannot be read; `position` is the character at which reading stopped, counted from 1."""

    def __init__(self, what: str, position: int) -> None:
        super().__init__(_("Character %(position)d: %(what)s") % {"position": position, "what": what})
        self.position = position


@dataclass(frozen=True, slots=True)
class Subject:
    """What a condition looks at: the words of an order, and its facts by code and by name."""

    text: str
    facts: dict[str, frozenset[str]]


Test = Callable[[Subject], bool]


class Named(NamedTuple):
    """A fact that a condition asks for, and where it stands in the text."""

    field: str
    value: str
    position: int


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition: call it with a Subject. `named`: the codes and names it asks for."""

    test: Test
    named: tuple[Named, ...]

    def __call__(self, subject: Subject) -> bool:
        return self.test(subject)


@lru_cache(maxsize=2000)
def compile_condition(text: str) -> Condition:
    """The condition behind a text. Raises ConditionError."""
    if len(text) > MOST_CHARACTERS:
        raise ConditionError(_("a condition has at most %(most)d characters") % {"most": MOST_CHARACTERS}, MOST_CHARACTERS + 1)
    return _Reader(text).read()


class _Token(NamedTuple):
    kind: str  # sign, text, word or end
    value: str
    position: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while found := TOKEN.match(text, at):
        sign, quote, word, strange = found.groups()
        start = found.start(found.lastindex or 0)
        at = found.end()
        if sign:
            yield _Token("sign", SAME.get(sign, sign), start + 1)
        elif quote:
            end = text.find(QUOTES[quote], at)
            if end < 0:
                raise ConditionError(_("this quotation mark is never closed"), start + 1)
            if not text[at:end].strip():
                raise ConditionError(_("there is nothing between the quotation marks"), start + 1)
            yield _Token("text", text[at:end], start + 1)
            at = end + 1
        elif word:
            yield _Token("word", word, start + 1)
        else:
            raise ConditionError(_("“%(found)s” has no meaning here") % {"found": strange}, start + 1)
    yield _Token("end", "", len(text) + 1)


class _Reader:
    """Reads a condition from left to right: `or` binds loosest, then `and`, then `not`."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.at = self.depth = 0
        self.named: list[Named] = []

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.next
        self.at += 1
        return token

    def comes(self, words: frozenset[str]) -> bool:
        if self.next.kind == "word" and self.next.value.lower() in words:
            self.at += 1
            return True
        return False

    def sign(self, value: str) -> bool:
        if self.next.kind == "sign" and self.next.value == value:
            self.at += 1
            return True
        return False

    def wrong(self, wanted: str) -> ConditionError:
        if self.next.kind == "end":
            return ConditionError(_("%(wanted)s is missing at the end") % {"wanted": wanted}, self.next.position)
        values = {"wanted": wanted, "found": self.next.value}
        return ConditionError(_("here stands “%(found)s”, but %(wanted)s is expected") % values, self.next.position)

    def read(self) -> Condition:
        test = self.either()
        if self.next.kind != "end":
            raise self.wrong(_("“and”, “or” or the end"))
        return Condition(test, tuple(self.named))

    def either(self) -> Test:
        tests = [self.both()]
        while self.comes(OR):
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda subject: any(test(subject) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.comes(AND):
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda subject: all(test(subject) for test in tests)

    def one(self) -> Test:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ConditionError(_("brackets and “not” lie too deep in each other"), self.next.position)
        try:
            return self.one_inside()
        finally:
            self.depth -= 1

    def one_inside(self) -> Test:
        if self.comes(NOT):
            test = self.one()
            return lambda subject: not test(subject)
        if self.sign("("):
            test = self.either()
            if not self.sign(")"):
                raise self.wrong(_("a closing bracket"))
            return test
        if self.next.kind == "text":
            word = self.take().value
            return lambda subject: word in subject.text
        if self.comes(ANY):
            some = tuple(token.value for token in self.listed())
            return lambda subject: any(word in subject.text for word in some)
        if self.comes(ALL):
            every = tuple(token.value for token in self.listed())
            return lambda subject: all(word in subject.text for word in every)
        if self.next.kind == "word":
            return self.fact()
        raise self.wrong(_("a word in quotation marks, a fact or a bracket"))

    def fact(self) -> Test:
        token = self.take()
        name = FIELDS.get(token.value.lower())
        if name is None:
            known = ", ".join(field for field in FIELDS if field.isascii())
            what = _("“%(found)s” is no fact (%(known)s); words of the order stand in quotation marks")
            raise ConditionError(what % {"found": token.value, "known": known}, token.position)
        wanted = not self.sign("!=")
        if wanted and not self.sign("="):
            raise self.wrong(_("= or !="))
        tokens = self.listed() if self.next.value == "(" and self.next.kind == "sign" else [self.text()]
        self.named += [Named(name, t.value, t.position) for t in tokens]
        values = frozenset(t.value for t in tokens)
        return lambda subject: values.isdisjoint(subject.facts.get(name, frozenset())) is not wanted

    def listed(self) -> list[_Token]:
        if not self.sign("("):
            raise self.wrong(_("an opening bracket"))
        found = [self.text()]
        while self.sign(","):
            found.append(self.text())
        if not self.sign(")"):
            raise self.wrong(_("a comma or a closing bracket"))
        return found

    def text(self) -> _Token:
        if self.next.kind != "text":
            raise self.wrong(_("a value in quotation marks"))
        return self.take()


def quoted(value: str) -> str:
    """A value as it stands in a condition."""
    mark = next((m for m in ('"', "“", "「", "'") if m not in value and QUOTES[m] not in value), '"')
    return f"{mark}{value.replace(QUOTES[mark], '')}{QUOTES[mark]}"


def written(*, any_of: list[str], all_of: list[str], item: str = "", region: str = "", condition: str = "") -> str:
    """Lists of words, an item, a region and a condition as one condition in which all must hold."""
    parts = [f"({condition})" if condition.strip() else ""]
    for name, words in (("any", any_of), ("all", all_of)):
        if words:
            parts.append(quoted(words[0]) if len(words) == 1 else f"{name}({', '.join(map(quoted, words))})")
    parts += [f"{name} = {quoted(value)}" for name, value in (("item", item), ("region", region)) if value]
    given = [part for part in parts if part]
    return condition.strip() if len(given) == 1 and condition.strip() else " and ".join(given)
