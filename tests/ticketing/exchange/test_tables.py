"""Tables that people send: encodings, types, limits, and what cannot be read."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from ticketing.exchange.tables import Layout, UnreadableTable, check_file, count_rows, headings_of, read_rows, text_of
from ticketing.exchange.workbook import BookWriter, neutral

TEXT = '编号,标题\n1,路灯不亮\n,\n2,"多行\n内容"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_text_tables_are_read_in_the_encodings_that_are_met(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(TEXT, encoding=encoding)
    assert headings_of(path) == ["编号", "标题"]
    assert [(n, r["标题"]) for n, r in read_rows(path)] == [(2, "路灯不亮"), (4, "多行\n内容")]
    assert count_rows(path) == 2


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "t.txt"
    path.write_text(f"编号{delimiter}标题\n1{delimiter}路灯，不亮\n", encoding="utf-8")
    assert [row for _, row in read_rows(path)] == [{"编号": "1", "标题": "路灯，不亮"}]


def test_excel_is_read_from_the_named_sheet_and_heading_row(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["别的"])
    sheet = book.create_sheet("工单")
    for row in (["2025年工单"], ["编 号", "时间"], [13800.0, datetime(2025, 3, 1, 8, 30)], [None, None]):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    layout = Layout(sheet="工单", heading_row=2)
    rows = list(read_rows(tmp_path / "t.xlsx", layout))
    assert rows == [(3, {"编号": 13800, "时间": datetime(2025, 3, 1, 8, 30)})]
    assert [text_of(v) for v in rows[0][1].values()] == ["13800", "2025-03-01 08:30:00"]
    with pytest.raises(UnreadableTable, match="工单"):
        headings_of(tmp_path / "t.xlsx", Layout(sheet="没有"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xls", b"x"),
        ("a.exe", b"x"),
        ("a.csv", b""),
        ("a.xlsx", b"no zip"),
        ("big.csv", b"x" * 2000),
    ],
)
def test_what_cannot_be_read_is_refused_with_words(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableTable) as refused:
        check_file(path, max_bytes=1000)
    assert len(str(refused.value)) > 5


def test_a_zip_that_is_no_book_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as file:
        file.writestr("x", "y")
    with pytest.raises(UnreadableTable):
        headings_of(tmp_path / "a.xlsx")
    (tmp_path / "b.csv").write_bytes(b"\xff\x81\x20\x00\xfe")
    with pytest.raises(UnreadableTable):
        headings_of(tmp_path / "b.csv")
    (tmp_path / "c.csv").write_text("甲,甲\n1,2\n", encoding="utf-8")
    with pytest.raises(UnreadableTable, match="甲"):
        headings_of(tmp_path / "c.csv")


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1+1", "%0A"])
def test_text_never_becomes_a_formula(tmp_path: Path, text: str) -> None:
    writer = BookWriter()
    writer.sheet("清单", ["=标题"], [[text]], mark="=水印")
    writer.save(tmp_path / "t.xlsx")
    sheet = load_workbook(tmp_path / "t.xlsx").worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells] == ["s", "s", "s"]
    assert all(not cell.value.startswith(("=", "+", "-", "@")) for cell in cells)


@pytest.mark.parametrize("text", ["-5", "+12.5", "12%", "路灯=坏", "", "a\x00b"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text.replace("\x00", "")


def test_a_book_survives_what_people_type() -> None:
    writer = BookWriter()
    count = writer.sheet("a/b:c*" * 10, ["甲"], [["🙂\x0b" * 40_000], [None], [["一", "二"]], [True], [2.5]])
    target = io.BytesIO()
    writer.book.save(target)
    assert count == 5 and load_workbook(target).worksheets[0]["A4"].value == "一\n二"
