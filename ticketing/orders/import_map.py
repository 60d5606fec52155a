"""The mapping of an import: which column holds what, what its words mean, how its dates are written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl.utils.datetime import from_excel

from ticketing.exchange.tables import Layout, text_of
from ticketing.orders.workflow import State

# Every field that can be read, with its name on the page and the headings under which other systems keep it.
FIELDS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "number": (
        gettext_lazy("number in the source"),
        ("工单编号", "工单号", "编号", "受理编号", "流水号", "业务编号", "number", "id"),
    ),
    "created_at": (
        gettext_lazy("received"),
        ("受理时间", "登记时间", "创建时间", "来电时间", "诉求时间", "created_at", "created"),
    ),
    "content": (gettext_lazy("content"), ("诉求内容", "工单内容", "内容", "反映内容", "问题描述", "content", "description")),
    "title": (gettext_lazy("title"), ("工单标题", "标题", "诉求标题", "主题", "title", "subject")),
    "wish": (gettext_lazy("wish"), ("诉求目的", "期望", "群众诉求", "wish")),
    "order_type": (gettext_lazy("type"), ("诉求类型", "工单类型", "类型", "业务类型", "type", "order_type")),
    "channel": (gettext_lazy("channel"), ("来源渠道", "渠道", "受理渠道", "诉求来源", "来源", "channel")),
    "duty_item": (gettext_lazy("duty item"), ("事项", "诉求事项", "问题分类", "事项分类", "内容分类", "item", "duty_item")),
    "region": (gettext_lazy("region"), ("所属区域", "区域", "行政区划", "所属街道", "街道", "region")),
    "place": (gettext_lazy("place"), ("事发地址", "诉求地址", "地址", "事发地点", "地点", "place", "address")),
    "unit": (gettext_lazy("unit"), ("承办单位", "主办单位", "办理单位", "责任单位", "unit")),
    "state": (gettext_lazy("state"), ("工单状态", "状态", "办理状态", "state", "status")),
    "urgency": (gettext_lazy("urgency"), ("紧急程度", "urgency")),
    "secrecy": (gettext_lazy("secrecy"), ("是否保密", "保密", "secrecy")),
    "name": (gettext_lazy("citizen's name"), ("姓名", "诉求人", "来电人", "联系人", "name")),
    "phone": (gettext_lazy("citizen's telephone"), ("联系电话", "电话", "来电号码", "手机号", "联系方式", "phone")),
    "dispatched_at": (gettext_lazy("dispatched"), ("派单时间", "派发时间", "转办时间", "dispatched_at")),
    "signed_at": (gettext_lazy("signed"), ("签收时间", "signed_at")),
    "replied_at": (gettext_lazy("replied"), ("答复时间", "回复时间", "办理时间", "replied_at")),
    "reply": (gettext_lazy("reply"), ("答复内容", "办理结果", "回复内容", "处理结果", "办理情况", "reply")),
    "solved": (gettext_lazy("solved"), ("是否解决", "解决情况", "solved")),
    "closed_at": (gettext_lazy("closed"), ("办结时间", "结案时间", "归档时间", "closed_at", "closed")),
    "satisfaction": (gettext_lazy("satisfaction, 1 to 5"), ("满意度", "满意情况", "评价", "satisfaction")),
}
NEEDED = ("number", "created_at", "content")
TIMES = ("created_at", "dispatched_at", "signed_at", "replied_at", "closed_at")
STATES = tuple(
    state.value
    for state in (
        State.TRIAGE,
        State.DISPATCHED,
        State.PROCESSING,
        State.REPLY_REVIEW,
        State.CALLBACK,
        State.CLOSED,
        State.CLOSED_DIRECT,
        State.REJECTED,
        State.TRANSFERRED,
        State.WITHDRAWN,
    )
)
# Words that mean the same in every city; a mapping adds its own and may overrule these.
WORDS: dict[str, dict[str, str]] = {
    "state": {
        **{state: state for state in STATES},
        "待派单": "triage",
        "待派发": "triage",
        "待签收": "dispatched",
        "办理中": "processing",
        "处理中": "processing",
        "待审核": "reply_review",
        "待回访": "callback",
        "已办结": "closed",
        "办结": "closed",
        "已归档": "closed",
        "已结案": "closed",
        "直接办结": "closed_direct",
        "直接答复": "closed_direct",
        "不予受理": "rejected",
        "已转办": "transferred",
        "已撤单": "withdrawn",
    },
    "channel": {
        "电话": "voice",
        "热线电话": "voice",
        "来电": "voice",
        "网站": "form",
        "网络": "form",
        "微信": "chat",
        "在线": "chat",
        "短信": "sms",
        "APP": "form",
        "小程序": "form",
        "voice": "voice",
        "chat": "chat",
        "sms": "sms",
        "form": "form",
    },
    "urgency": {
        "一般": "normal",
        "普通": "normal",
        "紧急": "urgent",
        "特急": "critical",
        "特别紧急": "critical",
        "normal": "normal",
        "urgent": "urgent",
        "critical": "critical",
    },
    "secrecy": {
        "否": "open",
        "不保密": "open",
        "公开": "open",
        "是": "confidential",
        "保密": "confidential",
        "open": "open",
        "confidential": "confidential",
        "sealed": "sealed",
    },
    "solved": {"是": "1", "否": "0", "已解决": "1", "未解决": "0", "解决": "1", "1": "1", "0": "0", "true": "1", "false": "0"},
    "satisfaction": {
        "非常满意": "5",
        "满意": "4",
        "基本满意": "3",
        "一般": "3",
        "不满意": "2",
        "非常不满意": "1",
        "5": "5",
        "4": "4",
        "3": "3",
        "2": "2",
        "1": "1",
        "未评价": "",
        "未回访": "",
        "无法联系": "",
    },
    "order_type": {},
    "duty_item": {},
    "unit": {},
    "region": {},
}
FORMATS: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M:%S")
FORMATS += ("%Y年%m月%d日 %H时%M分", "%Y%m%d%H%M%S", "%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日")
KEYS = {"source", "sheet", "heading_row", "encoding", "delimiter", "columns", "defaults", "values", "dates"}
MAP_MAX = 100_000


class BadMap(ValueError):
    """The mapping cannot be used; the message says what to change."""


@dataclass(frozen=True, slots=True)
class ImportMap:
    """A mapping, read and checked."""

    source: str
    columns: dict[str, str]
    layout: Layout = field(default_factory=Layout)
    defaults: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    dates: tuple[str, ...] = FORMATS
    text: str = ""

    @property
    def sha256(self) -> str:
        """Names the mapping by its content."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def check_headings(self, headings: Iterable[str]) -> None:
        """Raise BadMap for columns that the file does not have."""
        there = set(headings)
        missing = [column for column in self.columns.values() if column not in there]
        if missing:
            values = {"missing": ", ".join(missing), "there": ", ".join(sorted(there))[:500]}
            raise BadMap(_("The file has no column %(missing)s. Its columns: %(there)s.") % values)

    def moment(self, value: Any) -> datetime | None:
        """A time out of a cell, in the city's time; None for an empty one. Raises ValueError for what is no time."""
        if value is None or value == "":
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and 20_000 < value < 80_000:
            value = from_excel(value)  # days since 1900, as Excel keeps a date whose cell has no format
        found = value if isinstance(value, datetime) else self._parsed(text_of(value))
        return found if timezone.is_aware(found) else timezone.make_aware(found)

    def _parsed(self, text: str) -> datetime:
        for pattern in self.dates:
            try:
                return datetime.strptime(text, pattern)
            except ValueError:
                continue
        return datetime.fromisoformat(text)


def read_map(text: str) -> ImportMap:
    """A mapping from its YAML text. Raises BadMap."""
    if len(text) > MAP_MAX:
        raise BadMap(_("The mapping is too long."))
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadMap(_("The mapping is no YAML: %(error)s") % {"error": str(error)[:200]}) from error
    if not isinstance(data, Mapping):
        raise BadMap(_("The mapping must name columns: see the example."))
    if unknown := set(map(str, data)) - KEYS:
        raise BadMap(_("Unknown entries of the mapping: %(names)s.") % {"names": ", ".join(sorted(unknown))})
    columns = _texts(data, "columns")
    defaults = _texts(data, "defaults")
    if unknown := (set(columns) | set(defaults)) - set(FIELDS):
        values = {"names": ", ".join(sorted(unknown)), "known": ", ".join(FIELDS)}
        raise BadMap(_("Unknown fields: %(names)s. Known are: %(known)s.") % values)
    if missing := [name for name in NEEDED if name not in columns]:
        raise BadMap(_("The mapping names no column for: %(names)s.") % {"names": ", ".join(missing)})
    words = data.get("values") or {}
    if not isinstance(words, Mapping) or not all(isinstance(entry, Mapping) for entry in words.values()):
        raise BadMap(_("“values” must hold, for a field, words and their meaning."))
    if unknown := set(map(str, words)) - set(WORDS):
        raise BadMap(_("Words cannot be mapped for: %(names)s.") % {"names": ", ".join(sorted(unknown))})
    merged = {name: known | {str(k): str(v) for k, v in (words.get(name) or {}).items()} for name, known in WORDS.items()}
    row = data.get("heading_row", 1)
    if not isinstance(row, int) or not 1 <= row <= 100:
        raise BadMap(_("“heading_row” must be a row between 1 and 100."))
    dates = data.get("dates") or FORMATS
    place = {key: str(data.get(key) or "") for key in ("sheet", "encoding", "delimiter")}
    layout = Layout(heading_row=row, **place)
    return ImportMap(
        source=str(data.get("source") or "import")[:60],
        columns={name: re.sub(r"\s+", "", column) for name, column in columns.items()},
        layout=layout,
        defaults=defaults,
        values=merged,
        dates=(dates,) if isinstance(dates, str) else tuple(map(str, dates)),
        text=text,
    )


def _texts(data: Mapping[Any, Any], key: str) -> dict[str, str]:
    found = data.get(key) or {}
    if not isinstance(found, Mapping):
        raise BadMap(_("“%(key)s” must hold names and values.") % {"key": key})
    return {str(name): str(value) for name, value in found.items() if value is not None}


def guess_map(headings: Iterable[str], *, source: str = "") -> str:
    """A mapping, as YAML text, from headings that other systems use; what is not recognised is left out."""
    there = {heading.lower(): heading for heading in headings if heading}
    columns: dict[str, str] = {}
    for name, (_label, usual) in FIELDS.items():
        found = next((there[word.lower()] for word in usual if word.lower() in there), None)
        if found is not None and found not in columns.values():
            columns[name] = found
    data: dict[str, Any] = {
        "source": source or "import",
        "columns": columns,
        "defaults": {"order_type": "help", "channel": "voice"},
    }
    if "state" not in columns:
        data["defaults"]["state"] = "closed"
    data["values"] = {"order_type": {}, "state": {}, "channel": {}}
    return str(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
