"""Reading tables that people send: Excel and text files in the encodings that are met, with limits on their size."""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

CHUNK = 1 << 20
TEXT_TYPES, BOOK_TYPES = (".csv", ".tsv", ".txt"), (".xlsx", ".xlsm")
UNPACKED_MAX = 2 * 1024**3  # an .xlsx is a zip: one of some kilobytes can unpack to more than a disk holds
COLUMNS_MAX = 300
CELL_MAX = 200_000
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u200b-\u200f\u2028\u2029]")
DELIMITERS = ",\t;|"

csv.field_size_limit(10 * 1024 * 1024)


class UnreadableTable(ValueError):
    """The file cannot be read as a table; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the table is in the file. Encoding and delimiter are found out when they are empty."""

    sheet: str = ""
    heading_row: int = 1
    encoding: str = ""
    delimiter: str = ""


def sha256_of(path: Path) -> str:
    """The hash that names a file by its content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def encoding_of(path: Path) -> str:
    """UTF-8, UTF-16 with its mark, or GB18030 (which holds GBK and GB2312). Raises UnreadableTable for none of them."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableTable(_("The text is neither UTF-8 nor GB18030. Save the file again as UTF-8."))


def check_file(path: Path, *, name: str = "", max_bytes: int = 0) -> None:
    """Raise UnreadableTable for a type that cannot be read, an empty or a too large file, a book that is none."""
    suffix = Path(name or path.name).suffix.lower()
    if suffix == ".xls":
        raise UnreadableTable(_("Old Excel files (.xls) cannot be read. Save the table as .xlsx or .csv."))
    if suffix not in TEXT_TYPES + BOOK_TYPES:
        raise UnreadableTable(
            _("Only Excel (.xlsx) and text tables (.csv, .tsv) can be read, not “%(type)s”.") % {"type": suffix}
        )
    size = path.stat().st_size
    if not size:
        raise UnreadableTable(_("The file is empty."))
    if max_bytes and size > max_bytes:
        values = {"size": f"{size / 1024**2:.1f}", "limit": f"{max_bytes / 1024**2:.0f}"}
        raise UnreadableTable(_("The file has %(size)s MB; at most %(limit)s MB can be read here.") % values)
    if suffix in BOOK_TYPES:
        try:
            with zipfile.ZipFile(path) as book:
                if sum(entry.file_size for entry in book.infolist()) > UNPACKED_MAX:
                    raise UnreadableTable(_("The Excel file unpacks to more than 2 GB. Split the table."))
        except zipfile.BadZipFile:
            raise UnreadableTable(_("This is no Excel file, although its name says so.")) from None


def text_of(value: Any) -> str:
    """A cell as text: whole numbers without a point, times in ISO form, no control characters, no blanks around."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return CONTROL.sub("", str(value)).strip()[:CELL_MAX]


def headings_of(path: Path, layout: Layout = Layout()) -> list[str]:
    """The names of the columns."""
    for _number, cells in _lines(path, layout):
        if _number == layout.heading_row:
            return _headings(cells)
    raise UnreadableTable(_("There is no row %(row)d with the names of the columns.") % {"row": layout.heading_row})


def sheets_of(path: Path) -> list[str]:
    """The sheets of an Excel file; none for a text table."""
    if path.suffix.lower() not in BOOK_TYPES:
        return []
    with closing(_open_book(path)) as book:
        return list(book.sheetnames)


def read_rows(path: Path, layout: Layout = Layout()) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows below the headings as (row number in the file, cells by heading); empty rows are passed over."""
    headings: list[str] = []
    for number, cells in _lines(path, layout):
        if number < layout.heading_row:
            continue
        if number == layout.heading_row:
            headings = _headings(cells)
            continue
        if any(cell not in (None, "") for cell in cells):
            yield number, dict(zip(headings, cells, strict=False))
    if not headings:
        raise UnreadableTable(_("There is no row %(row)d with the names of the columns.") % {"row": layout.heading_row})


def count_rows(path: Path, layout: Layout = Layout()) -> int:
    """How many rows `read_rows` will give; one quick pass."""
    return sum(
        1 for number, cells in _lines(path, layout) if number > layout.heading_row and any(c not in (None, "") for c in cells)
    )


def _headings(cells: list[Any]) -> list[str]:
    found = [re.sub(r"\s+", "", text_of(cell)) for cell in cells]
    while found and not found[-1]:
        found.pop()
    if not found:
        raise UnreadableTable(_("The row with the names of the columns is empty."))
    if len(found) > COLUMNS_MAX:
        raise UnreadableTable(_("The table has %(count)d columns; is this the right file?") % {"count": len(found)})
    doubled = {name for name in found if name and found.count(name) > 1}
    if doubled:
        raise UnreadableTable(_("These columns occur twice: %(names)s.") % {"names": ", ".join(sorted(doubled))})
    return found


def _lines(path: Path, layout: Layout) -> Iterator[tuple[int, list[Any]]]:
    return _book_lines(path, layout) if path.suffix.lower() in BOOK_TYPES else _text_lines(path, layout)


def _open_book(path: Path) -> Any:
    try:
        return load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise UnreadableTable(_("This Excel file cannot be opened: %(error)s") % {"error": str(error)[:200]}) from error


def _book_lines(path: Path, layout: Layout) -> Iterator[tuple[int, list[Any]]]:
    with closing(_open_book(path)) as book:
        if layout.sheet and layout.sheet not in book.sheetnames:
            values = {"sheet": layout.sheet, "sheets": ", ".join(book.sheetnames)}
            raise UnreadableTable(_("There is no sheet “%(sheet)s”; the file has: %(sheets)s.") % values)
        sheet = book[layout.sheet] if layout.sheet else book.worksheets[0]
        sheet.reset_dimensions()  # what a writer says of its own size is often wrong
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            yield number, list(cells[: COLUMNS_MAX + 1])


def _text_lines(path: Path, layout: Layout) -> Iterator[tuple[int, list[Any]]]:
    encoding = layout.encoding or encoding_of(path)
    try:
        with path.open(encoding=encoding, newline="") as file:
            delimiter = layout.delimiter
            if not delimiter:
                head = file.read(8192)
                file.seek(0)
                first = next((line for line in head.splitlines() if line.strip()), "")
                delimiter = max(DELIMITERS, key=first.count)
            for number, cells in enumerate(csv.reader(file, delimiter=delimiter), 1):
                yield number, list(cells)
    except (UnicodeDecodeError, LookupError) as error:
        raise UnreadableTable(_("The text cannot be read as %(encoding)s.") % {"encoding": encoding}) from error
    except csv.Error as error:
        raise UnreadableTable(_("The text table cannot be read: %(error)s") % {"error": error}) from error
