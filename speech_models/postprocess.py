"""From a recogniser's words to text that people read and rules understand.

Spaces between Chinese words go, spoken numbers become figures, and names that sound like a name of the gazetteer are
written as it writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from speech_models.numerals import written

_LATIN = re.compile(r"(?<=[A-Za-z]) (?=[A-Za-z])")
# Sounds that speakers of many regions do not keep apart, and that recognisers confuse.
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("l", "n"))
_FINALS = (("ang", "an"), ("eng", "en"), ("ing", "in"))


@lru_cache(maxsize=4096)
def _sound(character: str) -> str:
    syllable = lazy_pinyin(character, style=Style.NORMAL)[0]
    for heard, folded in _INITIALS:
        if syllable.startswith(heard):
            syllable = folded + syllable[len(heard) :]
            break
    for heard, folded in _FINALS:
        if syllable.endswith(heard):
            syllable = syllable[: -len(heard)] + folded
    return syllable


def sound(text: str) -> tuple[str, ...]:
    """How a text sounds without tones, near sounds counted as equal: one syllable per character."""
    return tuple(_sound(character) for character in text)


class Names:
    """Names to correct against (streets, places, units), looked up by sound.

    Two names that sound alike are both left alone, and so are names under three characters: too much sounds like them.
    """

    def __init__(self, names: Iterable[str]) -> None:
        by_sound: dict[tuple[str, ...], set[str]] = {}
        for name in names:
            if len(name) >= 3:
                by_sound.setdefault(sound(name), set()).add(name)
        self._by_sound = {key: next(iter(found)) for key, found in by_sound.items() if len(found) == 1}
        self._known = {name for found in by_sound.values() for name in found}
        self._lengths = sorted({len(key) for key in self._by_sound}, reverse=True)

    def correct(self, text: str) -> str:
        """The text with every stretch that sounds like exactly one name written as that name; longest first."""
        if not self._lengths:
            return text
        sounds = sound(text)
        out: list[str] = []
        position = 0
        while position < len(text):
            for length in self._lengths:
                stretch = text[position : position + length]
                if len(stretch) < length:
                    continue
                name = stretch if stretch in self._known else self._by_sound.get(sounds[position : position + length])
                if name is not None:
                    out.append(name)
                    position += length
                    break
            else:
                out.append(text[position])
                position += 1
        return "".join(out)


_NO_NAMES = Names(())


def clean(text: str, *, names: Names = _NO_NAMES) -> str:
    """Recognised words, separated by spaces, as text.

    >>> clean("昨天 晚上 八 点 半 中山路 三 百 二 十 号 停电")
    '昨天晚上8点半中山路320号停电'
    """
    marked = _LATIN.sub("\0", text.strip())
    joined = "".join(written(marked.split())).replace("\0", " ")
    return names.correct(joined)


def is_digits(text: str) -> bool:
    """Whether a cleaned text is one row of digits."""
    return text.isascii() and text.isdigit()
