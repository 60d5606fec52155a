"""Writing Excel files that are safe to open: no text becomes a formula, each file says who took it and when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

# What a spreadsheet takes for the beginning of a formula or of a call to another program (OWASP, "CSV Injection"),
# full-width forms included, since some programs fold them.
FORMULA = re.compile(r"^[\s\u3000]*[=+\-@＝＋－＠|%]")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*%?")
CELL_MAX = 32_767
SHEET_NAME_BAD = re.compile(r"[\\/*?:\[\]]")


def neutral(text: str) -> str:
    """`text` as a spreadsheet shows it but never runs it: an apostrophe goes before what looks like a formula."""
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    if text[:1] in ("\t", "\r", "\n") or (FORMULA.match(text) and not NUMBER.fullmatch(text)):
        text = "'" + text
    return text[:CELL_MAX]


def cell_value(value: Any) -> Any:
    """A value as a cell takes it: times in the city's time and without a zone, lists in lines, everything else as text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None) if timezone.is_aware(value) else value
    if isinstance(value, list | tuple):
        value = "\n".join(str(entry) for entry in value)
    return neutral(str(value))


class BookWriter:
    """An Excel file that is written row by row to disk; memory stays flat however long the list is."""

    def __init__(self) -> None:
        self.book = Workbook(write_only=True)

    def sheet(
        self, title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]], *, mark: str = "", widths: Sequence[int] = ()
    ) -> int:
        """Write a sheet; `mark` becomes its first line and the foot of every printed page. Returns how many rows."""
        sheet = self.book.create_sheet(SHEET_NAME_BAD.sub(" ", title)[:31])
        for position in range(1, len(headings) + 1):
            sheet.column_dimensions[get_column_letter(position)].width = widths[position - 1] if widths else 20
        sheet.freeze_panes = "A3" if mark else "A2"
        if mark:
            sheet.oddHeader.center.text = sheet.oddFooter.center.text = mark.replace("&", "&&")[:200]
            line = WriteOnlyCell(sheet, value=neutral(mark))
            line.font = Font(color="808080", italic=True)
            sheet.append([line])
        heads = []
        for heading in headings:
            head = WriteOnlyCell(sheet, value=neutral(str(heading)))
            head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="E8EDF5")
            head.alignment = Alignment(vertical="center")
            heads.append(head)
        sheet.append(heads)
        count = 0
        for row in rows:
            sheet.append([self._cell(sheet, value) for value in row])
            count += 1
        return count

    @staticmethod
    def _cell(sheet: Any, value: Any) -> Any:
        value = cell_value(value)
        if isinstance(value, datetime):
            cell = WriteOnlyCell(sheet, value=value)
            cell.number_format = "yyyy-mm-dd hh:mm:ss"
            return cell
        return value

    def save(self, path: Path) -> None:
        """Close the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.book.save(path)
