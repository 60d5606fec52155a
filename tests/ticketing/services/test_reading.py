"""Dirty words read for what they certainly say, and kept as text where they are not certain."""

from __future__ import annotations

from typing import Any

import pytest

from ticketing.services import reading
from ticketing.services.reading import Notes


def kinds(notes: Notes) -> set[str]:
    return {remark.kind for remark in notes.remarks}


@pytest.mark.parametrize(
    ("raw", "value", "measure", "remark"),
    [
        ("20(工作日)", 20, "working_days", ""),
        ("90(自然日)", 90, "natural_days", ""),
        ("5个工作日", 5, "working_days", "limit_words"),
        ("２０个工作日内办结", 20, "working_days", "limit_words"),
        ("二十个工作日", 20, "working_days", "limit_words"),
        ("一百二十日", 120, "natural_days", "limit_words"),
        ("1个月", 1, "months", "limit_words"),
        ("半年", None, "", "limit_unread"),
        ("一年", 12, "months", "limit_words"),
        ("两周", 14, "natural_days", "limit_words"),
        ("当场办结", 0, "working_days", "limit_words"),
        ("即办", 0, "working_days", "limit_words"),
        ("2小时", 2, "working_hours", "limit_words"),
        ("受理后5个工作日，公示10个工作日", None, "", "limit_unread"),
        ("按规定办理", None, "", "limit_unread"),
        ("1.5个工作日", None, "", "limit_unread"),
        ("", None, "", ""),
    ],
)
def test_limits(raw: str, value: int | None, measure: str, remark: str) -> None:
    notes = Notes()
    found = reading.limit(raw, "legal_limit", notes)
    assert (found.value, found.measure) == (value, measure)
    assert kinds(notes) == ({remark} if remark else set())


@pytest.mark.parametrize(
    ("raw", "numbers", "remark"),
    [
        ("0771-5550011", ["0771-5550011"], ""),
        ("0771-5550011转1", ["0771-5550011-1"], "phone_form"),
        ("0771-5550011；0771-5550012", ["0771-5550011", "0771-5550012"], "phone_list"),
        ("0771-5550011/0771-5550012", ["0771-5550011", "0771-5550012"], "phone_list"),
        ("0771-12345-1", ["0771-12345-1"], ""),
        ("0771–12345", ["0771-12345"], "phone_form"),
        ("12345", ["12345"], ""),
        ("（0771）5550011", ["0771-5550011"], "phone_form"),
        ("400-555-0011", ["400-555-0011"], ""),
        ("拨打12345或0771-5550011", ["12345", "0771-5550011"], "phone_list"),
        ("0771-5550011，受理时间：上午08：30-12:00", ["0771-5550011"], "phone_words"),
        ("登录网站（http://x.example/）查询，联系电话0771-5550011", ["0771-5550011"], "phone_words"),
        ("无w", [], "phone_unread"),
    ],
)
def test_telephones(raw: str, numbers: list[str], remark: str) -> None:
    notes = Notes()
    assert reading.phones(raw, "phones", notes) == numbers
    assert remark in kinds(notes) if remark else not kinds(notes)


@pytest.mark.parametrize("word", ["无", "暂无", "-", "null", " 无 ", "无。", "", None])
def test_words_for_nothing_are_empty(word: Any) -> None:
    assert reading.plain(word, "x", Notes()) == ""


def test_markup_and_unseen_characters_go_and_are_noted() -> None:
    notes = Notes()
    assert reading.plain("<p>甲&nbsp;乙</p><br/>丙\u200b<b>丁</b>", "x", notes) == "甲 乙\n丙丁"
    assert {"html", "control"} <= kinds(notes)
    assert reading.plain("甲 < 乙 且 乙 > 丙", "x", Notes()) == "甲 < 乙 且 乙 > 丙"


def test_a_place_loses_its_label_and_gives_its_windows() -> None:
    text, windows = reading.place("办理地点：某路1号政务大厅1-4号窗口、综合窗", "place", Notes())
    assert text == "某路1号政务大厅1-4号窗口、综合窗" and "1-4号窗口" in windows
    notes = Notes()
    assert reading.place("无线下办理窗口", "place", notes) == ("", []) and kinds(notes) == {"no_window"}


def test_laws_are_cited_with_their_article_and_forms_are_none() -> None:
    found = reading.laws(
        "依据《中华人民共和国律师法》（2017年修正）第十条第二款和《申请表》，参照《某省实施〈森林法〉办法》第五条。"
    )
    assert found == [
        {"law": "中华人民共和国律师法", "article": "第十条第二款"},
        {"law": "某省实施〈森林法〉办法", "article": "第五条"},
    ]
