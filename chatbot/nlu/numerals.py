"""Chinese numerals as they are spoken: 三百六十五, 两千零五, 十二, 一万二, and digit strings such as 幺三八零零."""

from __future__ import annotations

import re

DIGITS = {
    "零": 0, "〇": 0, "洞": 0, "一": 1, "幺": 1, "壹": 1, "二": 2, "两": 2, "俩": 2, "贰": 2, "三": 3, "叁": 3, "四": 4, "肆": 4,
    "五": 5, "伍": 5, "六": 6, "陆": 6, "七": 7, "拐": 7, "柒": 7, "八": 8, "捌": 8, "九": 9, "勾": 9, "玖": 9,
}  # fmt: skip
UNITS = {"十": 10, "百": 100, "千": 1000}
BIG_UNITS = {"万": 10_000, "亿": 100_000_000}

NUMERAL = "[零〇一二两三四五六七八九十百千万亿]"
_SPOKEN_DIGIT = "零〇一幺二两三四五六七八九0-9"
_RUN = re.compile(rf"[{_SPOKEN_DIGIT}](?:[ \-,、，。.]?[{_SPOKEN_DIGIT}])+")
_REPEATED = re.compile(rf"([一二两三四五六七八九])个([{_SPOKEN_DIGIT}])(?![{_SPOKEN_DIGIT}十百千万点月年])")


def parse_number(text: str) -> int | None:
    """The whole number that `text` spells in Arabic or Chinese numerals, or None when it is not one number.

    A last digit without its unit counts for the next lower one, as in speech: 一万二 is 12,000 and 三百五 is 350.
    """
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,15}", text):
        return int(text)
    if not text or any(c not in DIGITS and c not in UNITS and c not in BIG_UNITS for c in text):
        return None
    if all(c in DIGITS for c in text):
        return int("".join(str(DIGITS[c]) for c in text))
    total = section = 0
    digit: int | None = None
    last_unit = 0
    zero_before = False
    for char in text:
        if char in DIGITS:
            if digit:
                return None  # two digits side by side among units: 二三百 is a guess, not a number
            zero_before = DIGITS[char] == 0 or (zero_before and digit == 0)
            digit = DIGITS[char]
        elif char in UNITS:
            section += (1 if digit is None or digit == 0 else digit) * UNITS[char]
            digit, last_unit, zero_before = None, UNITS[char], False
        else:
            total = (
                (total + section + (digit or 0)) * BIG_UNITS[char] if char == "亿" else total + (section + (digit or 0)) * 10_000
            )
            section, digit, last_unit, zero_before = 0, None, BIG_UNITS[char], False
    if digit:
        section += digit * (last_unit // 10 if last_unit > 10 and not zero_before else 1)
    return total + section


def digit_runs(text: str) -> list[tuple[str, int, int]]:
    """Runs of two or more digits, Arabic or spoken one by one, as (digits, start, end).

    Pauses (blank, hyphen, comma) inside a run are skipped, and 三个零 counts as 000.
    """
    expanded, places = _expand_repeats(text)
    runs = []
    for match in _RUN.finditer(expanded):
        digits = "".join(str(DIGITS[c]) if c in DIGITS else c for c in match.group() if c in DIGITS or c.isdigit())
        runs.append((digits, places[match.start()], places[match.end() - 1] + 1))
    return runs


def _expand_repeats(text: str) -> tuple[str, list[int]]:
    """The text with 三个零 written out, and for each of its characters the place it came from (the end of the phrase)."""
    out: list[str] = []
    places: list[int] = []
    at = 0
    for match in _REPEATED.finditer(text):
        out.extend(text[at : match.start()])
        places.extend(range(at, match.start()))
        count = DIGITS[match.group(1)]
        out.extend(match.group(2) * count)
        places.extend([match.start()] + [match.end() - 1] * (count - 1))
        at = match.end()
    out.extend(text[at:])
    places.extend(range(at, len(text)))
    return "".join(out), places


def spoken_digits(digits: str, *, group: tuple[int, ...] = (), telephone: bool = True) -> str:
    """Digits as they are read out, one by one, in groups with pauses; on the telephone 1 is 幺.

    `group` gives the sizes of the groups, the last one is repeated; empty means one group.
    """
    names = "零幺二三四五六七八九" if telephone else "零一二三四五六七八九"
    said = "".join(names[int(c)] for c in digits if c.isdigit())
    if not group:
        return said
    parts, at, sizes = [], 0, list(group)
    while at < len(said):
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        parts.append(said[at : at + size])
        at += size
    return "，".join(parts)
