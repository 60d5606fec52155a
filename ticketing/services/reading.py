"""Reading what service items say in the words of those who typed them: limits, telephones, materials, places, laws.

Nothing here guesses: a value that is not certain stays text, and a remark says so. The forms read are those met in the
open files of provincial service platforms (全国一体化政务服务平台 fields).
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

NOTHING = frozenset(
    {"", "无", "暂无", "没有", "空", "不详", "未知", "无。", "-", "--", "—", "/", "null", "none", "nan", "n/a", "undefined"}
)
TAG = re.compile(r"<(?:!--.*?--|/?[a-zA-Z][^<>]*)>", re.DOTALL)
BREAK = re.compile(r"<\s*(?:br|/p|/div|/li|/tr)\b[^<>]*>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\ufeff]")
FULL_WIDTH = re.compile(r"[０-９Ａ-Ｚａ-ｚ]")
SPACES = re.compile(r"[ \t\u00a0\u3000]+")

DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
IN_WORDS = re.compile(r"[零〇一二两三四五六七八九十百]+")
AT_ONCE = re.compile(r"即时|即办|当场|当天|当日|立等|马上|秒批|实时")
LIMIT = re.compile(
    r"(?P<value>\d+(?:\.\d+)?)\s*(?:个)?\s*[(\uff08]?\s*"
    r"(?P<unit>工作日|工作天|法定工作日|自然日|日历日|日历天|工作小时|小时|分钟|个?月|年|周|星期|天|日)"
)
MEASURES = {
    "工作日": ("working_days", 1.0),
    "工作天": ("working_days", 1.0),
    "法定工作日": ("working_days", 1.0),
    "自然日": ("natural_days", 1.0),
    "日历日": ("natural_days", 1.0),
    "日历天": ("natural_days", 1.0),
    "工作小时": ("working_hours", 1.0),
    "小时": ("working_hours", 1.0),
    "分钟": ("minutes", 1.0),
    "月": ("months", 1.0),
    "个月": ("months", 1.0),
    "年": ("months", 12.0),
    "周": ("natural_days", 7.0),
    "星期": ("natural_days", 7.0),
    "天": ("natural_days", 1.0),
    "日": ("natural_days", 1.0),
}
PHONE = re.compile(
    r"(?<![\d-])(?:[(\uff08]?(?:\+?86)?\s*0\d{2,3}[)\uff09]?\s*[-–—－]*\s*\d[\d ]{5,9}\d(?!\d)|[48]00[-\s]?\d{3,4}[-\s]?\d{3,4}(?!\d)"
    r"|0\d{2,3}\s*[-–—－]+\s*(?:1\d{4}|9\d{4})(?!\d)|1[3-9]\d{9}(?!\d)|1[12]\d{3}(?!\d)|9\d{4,5}(?!\d)|[2-8]\d{6,7}(?!\d))"
    r"(?:\s*(?:转|[-–—－])\s*\d{1,5}(?!\d)(?:[-–—－]\d{1,3}(?!\d))*)?"
)
PLACE_HEAD = re.compile(r"^\s*(?:办理|受理|办公)?(?:地点|地址)\s*[:\uff1a]\s*")
NO_WINDOW = re.compile(r"^(?:无线下办理窗口|无线下窗口|不设窗口|网上办理)$")
WINDOW = re.compile(
    r"[(\uff08]?([一二三四五六七八九十\dA-Z、,\uff0c~～至\-—–号]{1,24}(?:号)?(?:综合|受理|业务|服务)?窗口?)[)\uff09]?"
)
LAW = re.compile(
    r"《([^《》]{2,80}(?:〈[^〈〉]*〉[^《》]*|<[^<>]*>[^《》]*)?)》(?:\s*[(\uff08][^()\uff08\uff09]{0,60}[)\uff09])?\s*((?:第[零〇一二两三四五六七八九十百千\d]+[条款项点]){0,4})"
)
LAW_ENDS = re.compile(
    r"(?:法|条例|规定|办法|规则|细则|决定|通知|意见|标准|规程|规范|目录|公告|方案|批复|纲要|法典|章程|解释|指引|条款)(?:[(\uff08].*[)\uff09])?$"
)
FREE_ENTRY = re.compile(r"^(?:无条件(?:受理|办理|申请)?|无受理条件|无需条件|按需(?:申请|查询).*|直接(?:申请|办理|查询).*)[。.]?$")


@dataclass(frozen=True, slots=True)
class Remark:
    """One piece of dirt: its kind, the field it was in, what stood there and how it was read."""

    kind: str
    field: str
    raw: str
    read: str


@dataclass(slots=True)
class Notes:
    """The remarks on one row."""

    remarks: list[Remark] = field(default_factory=list)

    def add(self, kind: str, where: str, raw: Any, read: Any) -> None:
        """Note a piece of dirt; texts are kept short, for the report shows examples."""
        self.remarks.append(Remark(kind, where, str(raw)[:120], str(read)[:120]))


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A limit as value and measure; both are None and "" where the words could not be read."""

    value: int | None = None
    measure: str = ""


def plain(value: Any, where: str, notes: Notes) -> str:
    """A field as clean text: markup, entities, unseen characters and doubled blanks gone, each with a remark."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    raw = str(value)
    text = raw
    if TAG.search(text) or ENTITY.search(text):
        text = html.unescape(TAG.sub("", BREAK.sub("\n", text)))
        notes.add("html", where, raw, text.strip())
    if UNSEEN.search(text):
        text = UNSEEN.sub("", text)
        notes.add("control", where, repr(raw), text.strip())
    shorter = "\n".join(line.strip() for line in SPACES.sub(" ", text).splitlines() if line.strip())
    if shorter != text:
        notes.add("spaces", where, repr(text), shorter)
    if shorter.strip().lower() in NOTHING:
        if shorter:
            notes.add("empty_word", where, shorter, "")
        return ""
    return shorter


def folded(text: str) -> str:
    """Full-width letters and digits in their usual width; Chinese punctuation stays."""
    return FULL_WIDTH.sub(lambda m: unicodedata.normalize("NFKC", m[0]), text)


def number_in_words(text: str) -> int | None:
    """A number below one thousand as Chinese writes it: 二十, 一百二十; None for anything else."""
    total, digit = 0, 0
    for c in text:
        if c in DIGITS:
            digit = DIGITS[c]
        elif c in "十百":
            total, digit = total + (digit or 1) * (10 if c == "十" else 100), 0
        else:
            return None
    return total + digit


def limit(raw: str, where: str, notes: Notes) -> TimeLimit:
    """A time limit such as "20(工作日)", "二十个工作日", "1个月" or "当场办结" as value and measure."""
    if not raw:
        return TimeLimit()
    text = folded(raw)
    if IN_WORDS.search(text):
        text = IN_WORDS.sub(lambda m: str(number_in_words(m[0])), text)
    found = LIMIT.findall(text)
    if not found and AT_ONCE.search(text):
        notes.add("limit_words", where, raw, "at once: 0 working_days")
        return TimeLimit(0, "working_days")
    if len(found) != 1:
        notes.add("limit_unread", where, raw, "kept as text")
        return TimeLimit()
    number, unit = found[0]
    measure, factor = MEASURES[unit]
    value = float(number) * factor
    if not value.is_integer() or value > 3660:
        notes.add("limit_unread", where, raw, "kept as text")
        return TimeLimit()
    if not re.fullmatch(r"\d+\((?:工作日|自然日)\)", raw):
        notes.add("limit_words", where, raw, f"{int(value)} {measure}")
    return TimeLimit(int(value), measure)


def phones(raw: str, where: str, notes: Notes) -> list[str]:
    """The telephone numbers in a field, with extensions, in their order and without doubles."""
    if not raw:
        return []
    text = re.sub(r"https?://[!-~]+|\d{1,2}[:\uff1a]\d{2}", " ", folded(raw))
    found: list[str] = []
    for match in PHONE.finditer(text):
        raw_number = re.sub(r"[-–—－]+|转", "-", re.sub(r"\s", "", match[0]))
        area = re.match(r"[(\uff08]?(?:\+?86)?(0\d{2,3})[)\uff09-]-?(.+)", raw_number)
        number = f"{area[1]}-{area[2]}" if area else re.sub(r"[()\uff08\uff09]", "", raw_number)
        if number not in found:
            found.append(number)
    if not found:
        notes.add("phone_unread", where, raw, "kept as text")
    elif len(found) > 1:
        notes.add("phone_list", where, raw, "; ".join(found))
    if found and re.search(r"[\u4e00-\u9fff]{2,}", re.sub(r"转", "", raw)):
        notes.add("phone_words", where, raw, "; ".join(found))
    elif found and len(found) == 1 and raw != found[0]:
        notes.add("phone_form", where, raw, found[0])
    return found


def texts(value: Any, where: str, notes: Notes) -> list[str]:
    """A list of short texts, whether it came as a list or as one text; empty and doubled entries go."""
    if value is None:
        return []
    entries = value if isinstance(value, list) else re.split(r"[\n;\uff1b]+", plain(value, where, notes))
    kept: list[str] = []
    for entry in entries:
        text = plain(entry, where, notes)
        if text and text in kept:
            notes.add("doubled_entry", where, text, "once")
        elif text:
            kept.append(text)
    return kept


def place(raw: str, where: str, notes: Notes) -> tuple[str, list[str]]:
    """A place and the windows named in it. "无线下办理窗口" is no place: the matter is done online."""
    text = PLACE_HEAD.sub("", raw)
    if NO_WINDOW.match(text):
        notes.add("no_window", where, raw, "online only")
        return "", []
    windows = [
        re.sub(r"^[、,，-]+|[、,，-]+$", "", w) for w in WINDOW.findall(text) if re.search(r"[一二三四五六七八九十\dA-Z]", w)
    ]
    return text, list(dict.fromkeys(windows))


def laws(text: str) -> list[dict[str, str]]:
    """Laws cited in running text as {law, article}; other titles in 《》, such as forms, are left out."""
    cited: list[dict[str, str]] = []
    for name, article in LAW.findall(text):
        entry = {"law": name.strip(), "article": article}
        if LAW_ENDS.search(name.strip()) and entry not in cited:
            cited.append(entry)
    return cited
