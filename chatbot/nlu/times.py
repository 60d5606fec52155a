"""Dates and times as people say them, relative to a given moment: 昨天晚上十点, 三天前, 上周五, 十月二十号, 半个月了."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chatbot.nlu.numerals import NUMERAL, parse_number

_N = rf"(?:[0-9]{{1,4}}|{NUMERAL}{{1,5}})"
_DAY_WORDS = {
    "大前天": -3, "前天": -2, "前儿": -2, "昨天": -1, "昨日": -1, "昨儿": -1, "昨晚": -1, "昨夜": -1,
    "今天": 0, "今日": 0, "今儿": 0, "今早": 0,
    "今晚": 0, "明天": 1, "明日": 1, "明儿": 1, "明早": 1, "明晚": 1, "后天": 2, "大后天": 3,
}  # fmt: skip
_PARTS = {
    "凌晨": 2, "半夜": 0, "深夜": 23, "后半夜": 3, "清晨": 6, "一大早": 7, "早上": 8, "早晨": 8, "早": 8, "上午": 10, "中午": 12,
    "下午": 15, "傍晚": 18, "晚上": 20, "夜里": 23, "夜间": 23, "晚": 20, "夜": 23,
}  # fmt: skip
_AFTERNOON = {"下午", "傍晚", "晚上", "夜里", "夜间", "晚", "夜", "深夜"}
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5}

_DAY = "|".join(sorted(_DAY_WORDS, key=len, reverse=True))
_PART = "|".join(sorted(_PARTS, key=len, reverse=True))
_CLOCK = rf"(?P<hour>{_N})(?:点钟?|时|:)(?:(?P<half>半)|(?P<quarter>[一三]刻)|(?P<minute>{_N})分?)?"

_DATE = re.compile(
    rf"(?:(?P<year>[0-9]{{4}}|[零〇一二三四五六七八九]{{4}}|今|去|前)年)?(?:(?P<month>[0-9]{{1,2}}|{NUMERAL}{{1,3}})月份?)"
    rf"(?:(?P<monthday>[0-9]{{1,2}}|{NUMERAL}{{1,3}})[日号])?(?P<monthpart>初|中旬|底|末)?"
)
_MONTHDAY = re.compile(
    rf"(?<![\w])?(?P<monthday>[0-9]{{1,2}}|{NUMERAL}{{1,3}})[日号](?!线|楼|院|机|码|店|门|铺|车|厅|窗|库|房|路|桥|\d)"
)
_RELATIVE_DAY = re.compile(rf"(?P<day>{_DAY})")
_WEEK = re.compile(r"(?P<which>上上|上|这|本|下)?(?:个)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末])")
_AGO = re.compile(
    rf"(?P<count>半|[0-9]{{1,4}}|{NUMERAL}{{1,5}}|几|好几)(?P<half>个半)?个?(?P<unit>多?(?:分钟|小时|钟头|天|日|周|星期|礼拜|月|年))(?:之|以)?前"
)
_LASTED = re.compile(
    rf"(?:已经|都|快|有|差不多|大概|将近)?(?P<count>半|[0-9]{{1,4}}|{NUMERAL}{{1,5}}|几|好几)(?P<half>个半)?个?"
    r"(?P<unit>(?:来|多)?(?:分钟|小时|钟头|天|周|星期|礼拜|月|年))(?P<more>多)?(?=了|没|不|左右|$|[,，。 ])"
)
_VAGUE = re.compile(
    r"上上?个?(?:星期|礼拜|周)|这个?(?:星期|礼拜|周)|上上?个月|这个月|本月|今年|去年(?:[春夏秋冬]天)?|前年|这[两几]天|前[两几]天|前阵子|前段时间|"
    r"最近|近期|刚才|刚刚|现在|一直|长期|很久|好久|周末|工作日|节假日|春节|国庆节?|五一|元旦|中秋节?|端午节?|清明节?|"
    r"(?:每天|天天|每晚|每周|每个月)(?:早上|中午|下午|晚上|夜里|凌晨)?"
)
_TIME_OF_DAY = re.compile(rf"(?P<part>{_PART})?(?:{_CLOCK})(?:左右|多|以后|之后)?|(?P<partonly>{_PART})")


@dataclass(frozen=True, slots=True)
class FoundTime:
    """A time in a text. `value` is ISO 8601 (a date, or a moment to the minute) or the words when they name no one moment."""

    value: str
    text: str
    start: int
    end: int
    exact: bool


def find_times(text: str, now: datetime) -> list[FoundTime]:
    """Times named in `text`, in order, not overlapping. `now` is the moment the words are relative to, in local time."""
    found: list[FoundTime] = []
    at = 0
    while at < len(text):
        best = _earliest(text, at, now)
        if best is None:
            break
        found.append(best)
        at = max(best.end, at + 1)
    return found


def _earliest(text: str, at: int, now: datetime) -> FoundTime | None:
    dated: list[tuple[int, int, date | None]] = []
    for pattern, resolve in ((_DATE, _month_date), (_RELATIVE_DAY, _relative_date), (_WEEK, _week_date), (_AGO, _ago_date)):
        match = pattern.search(text, at)
        if match:
            dated.append((match.start(), match.end(), resolve(match, now)))
    monthday = _MONTHDAY.search(text, at)
    if monthday and not _looks_like_address(text, monthday.start()):
        dated.append((monthday.start(), monthday.end(), _day_of_month(monthday, now)))
    for pattern in (_LASTED, _VAGUE):
        match = pattern.search(text, at)
        if match:
            dated.append((match.start(), match.end(), None))
    clock = _clock_from(text, at)
    first = min(dated, key=lambda item: (item[0], -item[1]), default=None)
    if clock and (first is None or clock[0] < first[0]):
        words = text[clock[0] : clock[1]]
        # Without a day the words name a moment only when it has already come today: 晚上十点以后, said at noon, is a habit.
        passed = clock[2] is not None and clock[2] <= (now.hour, now.minute)
        return _moment(text, clock[0], clock[1], now.date(), clock[2], fixed=passed and bool(re.search(r"点|时|:", words)))
    if first is None:
        return None
    start, end, day = first
    if day is None:
        return FoundTime(text[start:end], text[start:end], start, end, exact=False)
    ago = _AGO.match(text, start)
    if ago and any(word in ago.group("unit") for word in ("分钟", "小时", "钟头")):
        moment = now - _span(ago)
        return FoundTime(moment.strftime("%Y-%m-%dT%H:%M"), text[start:end], start, end, exact=True)
    # 昨晚 and 今早 carry their part of the day in the word itself, so the search for it starts one character early.
    follow = _clock_from(text, end - 1 if text[end - 1] in "早晚夜" else end)
    if follow and follow[0] <= end + 1 and follow[1] > end - 1:
        return _moment(text, start, max(end, follow[1]), day, follow[2], fixed=True)
    return FoundTime(day.isoformat(), text[start:end], start, end, exact=True)


def _clock_from(text: str, at: int) -> tuple[int, int, tuple[int, int] | None] | None:
    for match in _TIME_OF_DAY.finditer(text, at):
        part = match.group("part") or match.group("partonly")
        if match.group("hour") is None:
            if part in {"早", "晚", "夜"} and match.start() > at:
                continue  # 晚 inside another word (晚点, 早就) names no time
            return match.start(), match.end(), (_PARTS[part], 0)
        hour = parse_number(match.group("hour"))
        if hour is None or hour > 24 or _is_degree(match, text):
            continue
        minute = 0
        if match.group("half"):
            minute = 30
        elif match.group("quarter"):
            minute = 15 if match.group("quarter")[0] == "一" else 45
        elif match.group("minute"):
            minute = parse_number(match.group("minute")) or 0
        if minute > 59:
            continue
        if (part in _AFTERNOON and hour < 12 and not (part in {"夜里", "夜", "深夜", "夜间"} and hour < 6)) or (
            part == "中午" and hour < 3
        ):
            hour += 12
        return match.start(), match.end(), (hour % 24, minute)
    return None


def _is_degree(match: re.Match[str], text: str) -> bool:
    """一点, 晚一点 and 快两点 are amounts, not clocks, unless a part of the day of two characters leads them."""
    words = match.group()
    if not re.search(r"[一两]点$", words) or len(match.group("part") or "") > 1:
        return False
    return text[match.end() : match.end() + 1] not in {"钟", "多", "左"}


def _moment(text: str, start: int, end: int, day: date, clock: tuple[int, int] | None, *, fixed: bool) -> FoundTime:
    if text[end : end + 1] in {"到", "至", "-"} and (until := _clock_from(text, end + 1)) and until[0] == end + 1:
        end = until[1]
    words = text[start:end]
    if clock is None:
        return FoundTime(day.isoformat(), words, start, end, exact=True)
    if not fixed:
        return FoundTime(words, words, start, end, exact=False)
    return FoundTime(f"{day.isoformat()}T{clock[0]:02d}:{clock[1]:02d}", words, start, end, exact=True)


def _looks_like_address(text: str, start: int) -> bool:
    return bool(re.search(r"[路街道巷弄区园村楼院]$", text[:start]))


def _number(text: str | None) -> int | None:
    return parse_number(text) if text else None


def _month_date(match: re.Match[str], now: datetime) -> date | None:
    month, monthday = _number(match.group("month")), _number(match.group("monthday"))
    if month is None or not 1 <= month <= 12 or monthday is None:
        return None
    year_text = match.group("year")
    year = {"今": now.year, "去": now.year - 1, "前": now.year - 2}.get(year_text or "") or _number(year_text)
    found = _date(year or now.year, month, monthday)
    if found and year is None and found > now.date() + timedelta(days=31):
        return _date(now.year - 1, month, monthday)  # what is reported has happened: 十二月三号 said in January was last year
    return found


def _day_of_month(match: re.Match[str], now: datetime) -> date | None:
    monthday = _number(match.group("monthday"))
    if monthday is None or not 1 <= monthday <= 31:
        return None
    return _date(now.year, now.month, monthday)


def _relative_date(match: re.Match[str], now: datetime) -> date | None:
    return now.date() + timedelta(days=_DAY_WORDS[match.group("day")])


def _week_date(match: re.Match[str], now: datetime) -> date | None:
    if match.group("which") is None and match.group("weekday") == "末":
        return None
    monday = now.date() - timedelta(days=now.weekday())
    weeks = {"上上": -2, "上": -1, "下": 1}.get(match.group("which") or "", 0)
    found = monday + timedelta(weeks=weeks, days=_WEEKDAYS[match.group("weekday")])
    if match.group("which") is None and found > now.date():
        return found - timedelta(weeks=1)
    return found


def _ago_date(match: re.Match[str], now: datetime) -> date | None:
    if match.group("count") in {"几", "好几"}:
        return None
    return (now - _span(match)).date()


def _span(match: re.Match[str]) -> timedelta:
    unit = match.group("unit")
    count = 0.5 if match.group("count") == "半" else float(_number(match.group("count")) or 0)
    if match.group("half"):
        count += 0.5
    seconds = next(
        seconds
        for word, seconds in (
            ("分钟", 60), ("小时", 3600), ("钟头", 3600), ("天", 86_400), ("日", 86_400),
            ("周", 604_800), ("星期", 604_800), ("礼拜", 604_800), ("月", 30 * 86_400), ("年", 365 * 86_400),
        )
        if word in unit
    )  # fmt: skip
    return timedelta(seconds=min(count * seconds, 100 * 365 * 86_400))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
