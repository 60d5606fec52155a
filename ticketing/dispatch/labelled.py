"""Tables of labelled messages (CSV text,label[,title]), read as they come: with dirt, which is counted and said."""

from __future__ import annotations

import csv
import html
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ticketing.dispatch.text_model import fold

COLUMNS = ("text", "label", "title")
DIRT = {
    "no_text": "without text or title: left out",
    "no_label": "without a label: left out",
    "title_only": "without text: the title stands for it",
    "entities": "with HTML entities: resolved",
    "blanks": "with line breaks, tabs or doubled blanks: closed up",
    "full_width": "with full-width or compatibility characters: folded",
    "ragged": "with more fields than the heading: the surplus left out",
    "duplicate": "the same as an earlier row",
    "contradiction": "the text of an earlier row with another label: both kept",
}


class UnreadableTable(ValueError):
    """The file cannot be read as a table of labelled messages; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Message:
    """One labelled message. `whole` is what is learned from: the title, where there is one, and the text."""

    text: str
    label: str
    title: str = ""

    @property
    def whole(self) -> str:
        """Title and text as one message; a title that the text repeats at its beginning is not said twice."""
        if not self.title or self.text.startswith(self.title):
            return self.text
        return f"{self.title}\n{self.text}" if self.text else self.title


@dataclass(slots=True)
class Table:
    """The rows that can be used, and how many were dirty in which way (`DIRT`)."""

    name: str
    messages: list[Message] = field(default_factory=list)
    rows: int = 0
    dirt: Counter[str] = field(default_factory=Counter)

    @property
    def labels(self) -> Counter[str]:
        """How many messages each label has."""
        return Counter(m.label for m in self.messages)

    def report(self) -> list[str]:
        """What was read, in sentences."""
        lines = [f"{self.name}: {self.rows} rows, {len(self.messages)} used, {len(self.labels)} labels."]
        lines.extend(f"  {self.dirt[kind]} rows {text}." for kind, text in DIRT.items() if self.dirt[kind])
        return lines


def cut(message: str, chars: int) -> str:
    """What is known of a message after its first `chars` characters.

    The message is cleaned first (entities, width, blanks), so that the characters counted are those a caller would say and not
    the indentation of a web page. A title counts as the beginning. 0 leaves the message whole.
    """
    return fold(message)[:chars] if chars else message


def read_table(path: Path, *, keep_duplicates: bool) -> Table:
    """Read a CSV file in UTF-8, with or without a byte order mark.

    `keep_duplicates`: a row that was there before is counted and kept (figures are to speak of every row of the file) or
    counted and left out (nothing is learned twice). Raises UnreadableTable with one sentence for whoever made the file.
    """
    try:
        raw = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UnreadableTable(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise UnreadableTable(f"{path} is a folder; a CSV file is needed.") from None
    except OSError as error:
        raise UnreadableTable(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnreadableTable(f"{path.name} is not UTF-8 (byte {error.start}): save it as CSV UTF-8.") from None
    return clean_rows(path.name, _rows(path.name, raw), keep_duplicates=keep_duplicates)


def _rows(name: str, raw: str) -> Iterable[tuple[dict[str, str], bool]]:
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.StringIO(raw.replace("\0", ""), newline=""))
    try:
        heading = [cell.strip().lower() for cell in next(reader, [])]
        missing = [column for column in COLUMNS[:2] if heading.count(column) != 1]
        if missing:
            found = ", ".join(cell for cell in heading if cell)[:120] or "nothing"
            raise UnreadableTable(
                f"{name} needs the columns text,label[,title] in its first line, each once; it has: {found} "
                f"(missing or doubled: {', '.join(missing)})."
            )
        places = {column: heading.index(column) for column in COLUMNS if column in heading}
        for cells in reader:
            if any(cells):
                yield {c: cells[n] if n < len(cells) else "" for c, n in places.items()}, len(cells) > len(heading)
    except csv.Error as error:
        raise UnreadableTable(f"{name} is not a CSV table: line {reader.line_num}: {error}.") from error


def clean_rows(name: str, rows: Iterable[tuple[dict[str, str], bool]], *, keep_duplicates: bool) -> Table:
    """Rows as messages, with what was dirty counted. Raises UnreadableTable when nothing is left."""
    table = Table(name)
    seen: dict[str, set[str]] = {}
    for cells, ragged in rows:
        table.rows += 1
        text, title = cells.get("text", "").strip(), cells.get("title", "").strip()
        label = clean_label(cells["label"])
        table.dirt["ragged"] += ragged
        if not fold(text) and not fold(title):
            table.dirt["no_text"] += 1
            continue
        if not label:
            table.dirt["no_label"] += 1
            continue
        message = Message(text, label, title)
        table.dirt["title_only"] += not text
        _note_dirt(table, message.whole)
        known = seen.setdefault(fold(message.whole), set())
        if label in known:
            table.dirt["duplicate"] += 1
            if not keep_duplicates:
                continue
        elif known:
            table.dirt["contradiction"] += 1
        known.add(label)
        table.messages.append(message)
    if not table.messages:
        raise UnreadableTable(f"{name} has no row with a text and a label.")
    return table


def clean_label(label: str) -> str:
    """A label without entities and without blanks that are there by accident."""
    return " ".join(html.unescape(label).replace("\ufeff", "").split())


def _note_dirt(table: Table, text: str) -> None:
    resolved = html.unescape(text)
    table.dirt["entities"] += resolved != text
    table.dirt["blanks"] += any(c in resolved for c in "\n\r\t\u3000\u00a0") or "  " in resolved
    # Full-width punctuation is how Chinese is written; letters and digits of that width are not.
    table.dirt["full_width"] += any("\uff10" <= c <= "\uff5a" and c.isalnum() for c in resolved)
