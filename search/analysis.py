"""How text becomes terms. Ours, and in front of both engines, so that a laptop and a cluster answer alike.

Folding: NFKC (full width to half width), traditional to simplified characters, lower case, punctuation to breaks.
Terms: a run of Han characters gives its overlapping pairs (公积金 -> 公积 积金), a run of Latin letters or digits is one
term. Each term has a sound: its pinyin without tones, with the pairs that Mandarin speakers and recognisers confuse made
equal (zh/z, ch/c, sh/s, n/l, -ng/-n), so that 公基金 still finds 公积金.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import opencc
from pypinyin import Style, lazy_pinyin

QUERY_MAX_CHARS = 200
"""What of a question is looked at. Longer text holds a story, not a question; its head tells the matter."""

_TO_SIMPLIFIED = opencc.OpenCC("t2s")
_RUNS = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+|[a-z0-9]+")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_LONGEST_TERM = 40

# Said to be polite or to open a question; they carry no matter. Longest first, so that a part does not spoil the whole.
_FILLERS = sorted(
    (
        "请问一下", "我想问一下", "我想咨询一下", "我想了解一下", "我要咨询一下", "帮我查一下", "麻烦问一下", "打扰一下",
        "想问一下", "想咨询一下", "想了解一下", "咨询一下", "问一下", "了解一下", "请问", "我想问", "我想咨询", "我想了解",
        "想问", "麻烦", "你好", "您好", "谢谢", "劳驾", "那个", "就是说", "这样子", "你们", "您这边", "能不能告诉我",
        "告诉我", "我想知道", "想知道", "是不是", "什么的", "啊", "呢", "吗", "吧", "呀", "嘛", "哦", "嗯", "呃", "哈",
    ),
    key=len,
    reverse=True,
)  # fmt: skip
_FILLER = re.compile("|".join(map(re.escape, _FILLERS)))


@dataclass(frozen=True, slots=True)
class Term:
    """One term and the sound it makes (the same as the text for Latin letters and digits)."""

    text: str
    sound: str
    start: int = 0  # where it stands in the folded text
    end: int = 0


def fold(text: str) -> str:
    """Lower-case simplified half-width text in which everything but letters, digits and Han is one blank."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return " ".join(_RUNS.findall(_TO_SIMPLIFIED.convert(folded)))


def fold_query(text: str) -> str:
    """A folded question without its courtesies, at most QUERY_MAX_CHARS long; the courtesies alone stay as they are."""
    # Folding can shorten text (blanks, punctuation), so that a little more is read than is kept.
    folded = fold(text[: QUERY_MAX_CHARS * 4])[:QUERY_MAX_CHARS].strip()
    bare = " ".join(_FILLER.sub(" ", folded).split())
    return bare or folded


def terms(folded: str) -> list[Term]:
    """Character pairs of Han runs (a lone character stands for itself) and whole Latin or digit runs, with sounds."""
    found: list[Term] = []
    for match in _RUNS.finditer(folded):
        run, at = match.group(), match.start()
        if not _HAN.match(run):
            found.append(Term(run[:_LONGEST_TERM], run[:_LONGEST_TERM], at, match.end()))
            continue
        sounds = _sounds(run)
        if len(run) == 1:
            found.append(Term(run, sounds[0], at, at + 1))
        found.extend(Term(run[i : i + 2], sounds[i] + sounds[i + 1], at + i, at + i + 2) for i in range(len(run) - 1))
    return found


def characters(folded: str) -> list[str]:
    """Single Han characters and whole Latin or digit runs: the net under the pairs."""
    found: list[str] = []
    for run in _RUNS.findall(folded):
        found.extend(run if _HAN.match(run) else [run[:_LONGEST_TERM]])
    return found


def joined(texts: Iterable[str]) -> str:
    """Terms of several texts as one string parted by blanks: what both engines take as already tokenised."""
    return " ".join(term.text for text in texts for term in terms(fold(text)))


def joined_sounds(texts: Iterable[str]) -> str:
    """Sounds of several texts as one string parted by blanks."""
    return " ".join(term.sound for text in texts for term in terms(fold(text)))


def joined_characters(texts: Iterable[str]) -> str:
    """Characters of several texts as one string parted by blanks."""
    return " ".join(char for text in texts for char in characters(fold(text)))


@dataclass(frozen=True, slots=True)
class Concept:
    """A word of a question that has synonyms: where it stands in the question, and the other words for it."""

    start: int
    end: int
    others: tuple[str, ...]


def concepts(folded: str, synonyms: Sequence[tuple[str, ...]]) -> list[Concept]:
    """Words of the question that have synonyms, the longest first where they overlap, at most eight."""
    found: list[tuple[str, tuple[str, ...]]] = [
        (word, tuple(other for other in group if other != word)) for group in synonyms for word in group if word in folded
    ]
    taken: dict[tuple[int, int], dict[str, None]] = {}
    for word, others in sorted(found, key=lambda entry: -len(entry[0])):
        start = folded.index(word)
        span = (start, start + len(word))
        if any(start < end and begin < span[1] and (begin, end) != span for begin, end in taken):
            continue
        # 住房公积金 in the question needs no 公积金 beside it, and must not become 住房住房公积金.
        taken.setdefault(span, {}).update(dict.fromkeys(other for other in others if other not in folded))
    return [Concept(start, end, tuple(others)) for (start, end), others in list(taken.items())[:8] if others]


@lru_cache(maxsize=8192)
def _sounds(run: str) -> tuple[str, ...]:
    """Folded pinyin of each character of a Han run; a character without pinyin sounds as itself."""
    syllables = lazy_pinyin(run, style=Style.NORMAL, errors=_each)
    if len(syllables) != len(run):
        syllables = [lazy_pinyin(char, style=Style.NORMAL)[0] for char in run]
    return tuple(_blur(syllable) for syllable in syllables)


def _each(unknown: str) -> Any:
    """Characters without pinyin one by one, so that every character keeps its place."""
    return list(unknown)


def _blur(syllable: str) -> str:
    """One syllable with confusable sounds made equal."""
    for confused, kept in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        if syllable.startswith(confused):
            syllable = kept + syllable[2:]
    if syllable.startswith("l") and len(syllable) > 1:
        syllable = "n" + syllable[1:]
    return syllable[:-1] if syllable.endswith("ng") else syllable
