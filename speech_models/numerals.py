"""Spoken Chinese numbers to written ones: 八点二十分, 三百二十号, 幺三八零零."""

from __future__ import annotations

from collections.abc import Sequence

DIGITS = {"零": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "幺": 1, "两": 2, "〇": 0}
SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10000}
# Words after which a lone digit is a figure of an address, a clock or a date. 个, 次 and 起 are left as they are said.
UNITS = frozenset(["点", "分", "号", "日", "月", "年", "楼", "层", "单元", "室", "栋", "元", "块", "天", "小时", "分钟"])


def value(spoken: Sequence[str]) -> int | None:
    """The number that a row of digit and scale words says, or None when it is a bare row of digits.

    >>> value(["三", "百", "二", "十"])
    320
    """
    if not any(word in SCALES for word in spoken):
        return None
    total = section = digit = 0
    scale_before = 0
    for word in spoken:
        if word in DIGITS:
            digit = DIGITS[word]
            if word == "零":
                scale_before = 0
            continue
        scale = SCALES[word]
        if scale == 10000:
            total, section, digit = (total + section + digit) * scale, 0, 0
        else:
            section += (digit or (1 if scale == 10 else 0)) * scale
            digit = 0
        scale_before = scale
    if digit and scale_before > 10:  # 三百二 is 320, 三百零二 is 302
        digit *= scale_before // 10
    return total + section + digit


def written(words: Sequence[str]) -> list[str]:
    """Recognised words with spoken numbers written in figures.

    Rows of three and more digits become one string (telephone and order numbers), numbers with 十百千万 are computed,
    and a lone digit is written as a figure only before a unit, so that 一直, 一下 and 一个 stay words.
    """
    out: list[str] = []
    position = 0
    while position < len(words):
        end = position
        while end < len(words) and (words[end] in DIGITS or words[end] in SCALES):
            end += 1
        if end == position:
            out.append(words[position])
            position += 1
            continue
        run = words[position:end]
        follower = words[end] if end < len(words) else ""
        out.append(_write(run, follower))
        position = end
    return out


def _write(run: Sequence[str], follower: str) -> str:
    number = value(run)
    if (number is not None and any(word in DIGITS for word in run)) or (run == ["十"] and follower in UNITS):
        return str(number)
    if number is None and (len(run) >= 3 or "幺" in run or (len(run) >= 2 and follower in UNITS)):
        return "".join(str(DIGITS[word]) for word in run)
    if number is None and len(run) == 1 and follower in UNITS:
        return str(DIGITS[run[0]])
    return "".join(run)


_SPOKEN = "零一二三四五六七八九"


def spoken(number: int) -> str:
    """A number from 0 to 99,999,999 as it is said.

    >>> spoken(2026)
    '二千零二十六'
    """
    if not 0 <= number < 10**8:
        raise ValueError(f"{number} is not between 0 and 99,999,999; say its digits instead")
    if number < 10:
        return _SPOKEN[number]
    if number >= 10000:
        high, low = divmod(number, 10000)
        return spoken(high) + "万" + (("零" if low < 1000 else "") + spoken(low) if low else "")
    out, gap = "", False
    for scale, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, scale)
        if digit:
            out += ("零" if gap and out else "") + _SPOKEN[digit] + word
            gap = False
        else:
            gap = True
    return out.removeprefix("一") if out.startswith("一十") else out


def spelled(digits: str) -> str:
    """Digits one by one as on the telephone, 1 as 幺.

    >>> spelled("110")
    '幺幺零'
    """
    return "".join("幺" if digit == "1" else _SPOKEN[int(digit)] for digit in digits)
