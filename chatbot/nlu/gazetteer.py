"""Names of places, units and duty items found in a text: by their words, by other names, and by sound when misheard.

Built from plain entries, so it knows no table; `chatbot.selectors.vocabulary` fills it from the city's rows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import Style, pinyin

from chatbot.nlu.text import same_length_fold
from chatbot.nlu.types import Span

EXACT, ALIAS, BY_SOUND, BY_LIKE_SOUND, BY_PATTERN = 1.0, 0.95, 0.75, 0.65, 0.6
_MIN_BY_SOUND = 3
"""Names shorter than this are not looked for by sound: too many other words sound like them."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_NUMBER = r"[0-9零〇一二三四五六七八九十百两]+"
_INSIDE = re.compile(rf"(?:{_NUMBER}(?:号(?:楼|院|库|门)?|弄|巷|栋|幢|座|期|区|单元|室|楼|层|组|村|段|门|排|米))+")
_CORNER = re.compile(r"(?:和|跟|与|同)?(?:的)?(?:交叉口?|交汇处?|路口|口)")
_PLACE_LIKE = re.compile(
    r"[\u4e00-\u9fff]{2,5}?(?:大道|小区|花园|家园|广场|新村|公寓|市场|公园|中学|小学|幼儿园|医院|大厦|商场|超市|工业园|社区|路|街|巷|弄|苑|村|镇)"
    rf"(?:{_INSIDE.pattern})?"
)
_NOT_IN_NAMES = re.compile(
    r"^.*(?:条|座|要|想|在|到|去|从|是|的|了|有|个|住|们|这|那|说|叫|位于|靠近|反映|投诉|举报|附近|旁边|门口|对面|天|晚|里|上|下|和|跟|与|我|你|他|她)"
)
_GENERIC = re.compile(
    r"什么|哪|^(?:马|公|道|铁|高速公?|水|电|网|线|思|出|门|半|一条|这条|那条|走|修|铺|带|指|老|小|整条|农|全|本|外|乡|城|步行|大|过)(?:路|街|村|镇|巷|小区|社区|市场|公园|医院|超市|商场)$"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing with a name: `kind` is place, unit or duty_item; `region` tells places of one name apart."""

    kind: str
    code: str
    name: str
    aliases: tuple[str, ...] = ()
    region: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """An entry met under one of its names."""

    entry: Entry
    name: str
    confidence: float


class Gazetteer:
    """All names of a city, for fast lookup. Immutable: a new version of the data makes a new gazetteer."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._names: dict[str, list[Named]] = defaultdict(list)
        self._lengths: dict[str, set[int]] = defaultdict(set)
        self._sounds: dict[tuple[str, ...], list[Named]] = defaultdict(list)
        self._like_sounds: dict[tuple[str, ...], list[Named]] = defaultdict(list)
        self._sound_lengths: set[int] = set()
        self._by_code: dict[str, Entry] = {}
        self.size = 0
        for entry in entries:
            self.size += 1
            if entry.kind == "place":
                self._by_code[entry.code] = entry
            for position, name in enumerate((entry.name, *entry.aliases)):
                if len(name) >= 2:
                    self._add(Named(entry, name, ALIAS if position else EXACT))

    def _add(self, named: Named) -> None:
        folded = same_length_fold(named.name)
        self._names[folded].append(named)
        self._lengths[folded[0]].add(len(folded))
        if len(folded) >= _MIN_BY_SOUND and named.entry.kind == "place" and all(_HAN.match(c) for c in folded):
            sounds = tuple(_sound(c) for c in folded)
            self._sounds[sounds].append(named)
            self._like_sounds[tuple(_like(s) for s in sounds)].append(named)
            self._sound_lengths.add(len(folded))

    def namesakes(self, code: str) -> list[Entry]:
        """The place of that code first, then all others of the same name."""
        entry = self._by_code.get(code)
        if entry is None:
            return []
        others = [named.entry for named in self._names.get(same_length_fold(entry.name), ()) if named.name == named.entry.name]
        return [entry] + [other for other in others if other.kind == "place" and other.code != code]

    def find(self, text: str) -> list[Span]:
        """Places, units and duty items in `text`: the longest names first, then by sound, then what looks like a place."""
        folded = same_length_fold(text)
        spans: list[Span] = []
        at = 0
        while at < len(folded):
            hit = self._longest(folded, at)
            if hit is None:
                at += 1
                continue
            named, end = hit
            end = _reach(text, end) if named.entry.kind == "place" else end
            spans.append(_span(named, text, at, end, named.confidence))
            at = end
        spans.extend(self._by_sound(folded, text, spans))
        spans.extend(_by_pattern(text, spans))
        return sorted(spans, key=lambda span: span.start)

    def _longest(self, folded: str, at: int) -> tuple[Named, int] | None:
        for length in sorted(self._lengths.get(folded[at], ()), reverse=True):
            named = self._names.get(folded[at : at + length])
            if named:
                return max(named, key=lambda n: n.confidence), at + length
        return None

    def _by_sound(self, folded: str, text: str, taken: list[Span]) -> Iterator[Span]:
        if not self._sounds:
            return
        sounds = [_sound(c) if _HAN.match(c) else "" for c in folded]
        mine: list[Span] = []
        for length in sorted(self._sound_lengths, reverse=True):
            for start in range(len(folded) - length + 1):
                end = start + length
                window = tuple(sounds[start:end])
                if "" in window or _overlaps(taken, start, end) or _overlaps(mine, start, end):
                    continue
                named, confidence = self._sounds.get(window), BY_SOUND
                if not named:
                    named, confidence = self._like_sounds.get(tuple(_like(s) for s in window)), BY_LIKE_SOUND
                # The last character says what kind of place it is and is heard well: 路 must be a 路.
                if named and named[0].name[-1] == folded[end - 1]:
                    span = _span(named[0], text, start, _reach(text, end), confidence, source="gazetteer-sound")
                    mine.append(span)
                    yield span


def _by_pattern(text: str, taken: list[Span]) -> Iterator[Span]:
    for match in _PLACE_LIKE.finditer(text):
        start = match.start()
        lead = _NOT_IN_NAMES.match(match.group()[:-1])
        if lead:
            start += lead.end()
        words = text[start : match.end()]
        if len(words) >= 3 and not _overlaps(taken, start, match.end()) and not _GENERIC.search(words):
            yield Span("place", words, words, start, match.end(), BY_PATTERN, "pattern")


def _reach(text: str, end: int) -> int:
    """The end of a place with its house number, building, and corner."""
    inside = _INSIDE.match(text, end)
    if inside:
        end = inside.end()
    corner = _CORNER.match(text, end)
    return corner.end() if corner else end


def _span(named: Named, text: str, start: int, end: int, confidence: float, source: str = "gazetteer") -> Span:
    return Span(named.entry.kind, named.entry.code, text[start:end], start, end, confidence, source)


def _overlaps(spans: list[Span], start: int, end: int) -> bool:
    return any(span.start < end and start < span.end for span in spans)


@lru_cache(maxsize=20_000)
def _sound(char: str) -> str:
    return pinyin(char, style=Style.NORMAL, errors="ignore", heteronym=False)[0][0] if _HAN.match(char) else ""


@lru_cache(maxsize=2_000)
def _like(sound: str) -> str:
    """One spelling for sounds that many speakers and the recogniser do not tell apart: zh/z, ch/c, sh/s, n/l, f/h, -ng/-n."""
    sound = re.sub(r"^(z|c|s)h", r"\1", sound)
    sound = re.sub(r"^(n)(?=[aeiouv])", "l", sound)
    sound = re.sub(r"^f", "h", sound)
    return re.sub(r"ng$", "n", sound)
