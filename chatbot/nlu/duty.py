"""Which duty item a text is about: words people use for it, and likeness of characters to its name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import log, sqrt

from chatbot.nlu.text import bare

SURE = 0.55
"""From this score on, and with MARGIN before the next, an item is taken without asking."""
MARGIN = 0.12
FLOOR = 0.2
"""Below this the text is about nothing in the list."""

_PLAIN_WORDS = re.compile(
    r"我要|我想|投诉|举报|反映|请问|咨询|一下|帮忙|希望|你们|我们|他们|这个|那个|问题|情况|处理|解决|没有|什么|怎么"
)


@dataclass(frozen=True, slots=True)
class DutyEntry:
    """A duty item as it is matched."""

    code: str
    name: str
    keywords: tuple[str, ...] = ()
    category: str = ""
    order_type: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An item with its score from 0 to 1 and the keywords that were met."""

    entry: DutyEntry
    score: float
    words: tuple[str, ...]


class DutyIndex:
    """All duty items, for ranking. Immutable; small enough to be scored whole (hundreds of items, about a millisecond)."""

    def __init__(self, entries: Iterable[DutyEntry]) -> None:
        self._entries = tuple(entries)
        grams = [_grams(" ".join((entry.name, entry.name, *entry.keywords, entry.category))) for entry in self._entries]
        spread = Counter(gram for row in grams for gram in row)
        count = max(1, len(self._entries))
        self._weight = {gram: log((1 + count) / (1 + number)) + 1 for gram, number in spread.items()}
        self._vectors = [self._unit(row) for row in grams]
        self._by_gram: dict[str, list[tuple[int, float]]] = {}
        for number, vector in enumerate(self._vectors):
            for gram, value in vector.items():
                self._by_gram.setdefault(gram, []).append((number, value))
        self._sharing = Counter(bare(word) for entry in self._entries for word in {entry.name, *entry.keywords})

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, code: str) -> DutyEntry | None:
        """The item of that code."""
        return next((entry for entry in self._entries if entry.code == code), None)

    def rank(self, text: str, limit: int = 5) -> list[Ranked]:
        """Items the text may be about, best first; empty when nothing reaches FLOOR."""
        plain = bare(text)
        likeness = [0.0] * len(self._entries)
        for gram, value in self._unit(_grams(_PLAIN_WORDS.sub(" ", plain))).items():
            for number, other in self._by_gram.get(gram, ()):
                likeness[number] += value * other
        ranked = []
        for number, entry in enumerate(self._entries):
            words = tuple(word for word in dict.fromkeys((entry.name, *entry.keywords)) if bare(word) and bare(word) in plain)
            # A word counts for more the longer it is and the fewer items share it; a second word adds half of what is left.
            missing = 1.0
            for word in words:
                weight = min(0.8, 0.28 + 0.11 * len(bare(word))) / sqrt(self._sharing[bare(word)])
                missing *= 1 - weight
            score = 1 - missing * (1 - min(1.0, 0.9 * likeness[number]))
            if score >= FLOOR:
                ranked.append(Ranked(entry, round(score, 3), words))
        ranked.sort(key=lambda row: (-row.score, row.entry.code))
        return ranked[:limit]

    def _unit(self, grams: Counter[str]) -> dict[str, float]:
        vector = {gram: (1 + log(count)) * self._weight[gram] for gram, count in grams.items() if gram in self._weight}
        length = sqrt(sum(value * value for value in vector.values()))
        return {gram: value / length for gram, value in vector.items()} if length else {}


def is_sure(ranked: list[Ranked] | list[tuple[float, str]]) -> bool:
    """Whether the best of `ranked` stands out enough to be taken without asking."""
    scores = [row.score if isinstance(row, Ranked) else row[0] for row in ranked[:2]]
    return bool(scores) and scores[0] >= SURE and (len(scores) == 1 or scores[0] - scores[1] >= MARGIN)


def _grams(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for piece in text.split():
        plain = bare(piece)
        found.update(plain[i : i + 2] for i in range(len(plain) - 1))
        found.update(plain[i : i + 3] for i in range(len(plain) - 2))
    return found
