"""Text as understanding wants it: folded, without control characters, bounded in length."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARS = 500
"""Longer texts are cut here: Rasa's parse time grows with length and blocks its only thread (measured: 100 kB, 20 s)."""

_CONTROL = re.compile(
    r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
_SPACES = re.compile(r"\s+")
_HAN = r"\u3400-\u9fff"
_GAP_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}]) (?=[{_HAN}])")
_PUNCTUATION = re.compile(r"[^\w\u3400-\u9fff]+|_+")
_FILLERS = re.compile(r"^(?:那个|这个|就是说|就是|嗯+|呃+|额+|啊+|哎+呀?|唉+|诶+|哦+|噢+|喂+|那么|然后)+")


def normalise(text: str) -> str:
    """NFKC-folded, one space for many, no control or direction marks, at most MAX_CHARS characters."""
    # Cut before folding as well: one ligature can fold into 18 characters.
    folded = unicodedata.normalize("NFKC", str(text)[: MAX_CHARS * 4])
    return _SPACES.sub(" ", _CONTROL.sub("", folded)).strip()[:MAX_CHARS]


def bare(text: str) -> str:
    """Only letters, digits and Chinese characters, lower case: for comparing with word lists."""
    return _PUNCTUATION.sub("", text).lower()


def without_fillers(text: str) -> str:
    """`bare` text without the hesitations people begin with."""
    stripped = bare(text)
    return _FILLERS.sub("", stripped) or stripped


def join_han(text: str) -> str:
    """Text without the spaces that recognisers put between Chinese words."""
    return _GAP_BETWEEN_HAN.sub("", text)


def same_length_fold(text: str) -> str:
    """Lower case, keeping every character at its place (a character whose lower case is longer stays as it is)."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
