"""Every message of the rooms: what the code and the templates ask for, and what the catalogues say to it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import polib
from django.utils.translation.template import templatize

from tests.house.tree import files, name

# Name of the function -> positions of (msgid, plural, context) among its arguments.
CALLS: dict[str, tuple[int, int | None, int | None]] = {
    "_": (0, None, None),
    "gettext": (0, None, None),
    "gettext_lazy": (0, None, None),
    "gettext_noop": (0, None, None),
    "pgettext": (1, None, 0),
    "pgettext_lazy": (1, None, 0),
    "ngettext": (0, 1, None),
    "ngettext_lazy": (0, 1, None),
    "npgettext": (1, 2, 0),
    "npgettext_lazy": (1, 2, 0),
}
# Blocks of the base templates that hold names of style classes.
NAMES_OF_STYLES = "html_class|body_class|main_class|theme"
# A unit of measure, the protocol's name of an error beside its words, a language named in itself.
NO_WORDS = re.compile(r"ms|HTTP \d{3}(, CSRF)?|English|中文")
_LITERAL = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_IN_TEMPLATE = re.compile(
    rf"(?<![\w.])(np?gettext|pgettext|gettext|_)\(\s*{_LITERAL}(?:\s*,\s*{_LITERAL})?(?:\s*,\s*{_LITERAL})?"
)


@dataclass(frozen=True)
class Message:
    """One message as the code asks for it."""

    msgid: str
    context: str | None
    plural: str | None
    where: str


def in_code(path: Path) -> Iterator[Message]:
    """Messages of a Python file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called not in CALLS:
            continue
        position, plural, context = CALLS[called]
        texts = [arg.value if isinstance(arg, ast.Constant) and isinstance(arg.value, str) else None for arg in node.args]
        if position < len(texts) and texts[position]:
            yield Message(
                texts[position] or "",
                texts[context] if context is not None else None,
                texts[plural] if plural is not None else None,
                f"{name(path)}:{node.lineno}",
            )


def in_template(path: Path) -> Iterator[Message]:
    """Messages of a template, as Django's own makemessages sees them."""
    source = templatize(path.read_text(encoding="utf-8"))
    for found in _IN_TEMPLATE.finditer(source):
        position, plural, context = CALLS[found[1]]
        texts = [ast.literal_eval(text) if text else None for text in found.groups()[1:]]
        if texts[position]:
            yield Message(
                texts[position],
                texts[context] if context is not None else None,
                texts[plural] if plural is not None else None,
                name(path),
            )


def all_messages() -> list[Message]:
    """Messages of all rooms."""
    found = [message for path in files(".py") for message in in_code(path)]
    found += [message for path in files(".html", ".txt") if "templates" in path.parts for message in in_template(path)]
    return found


def catalogues() -> dict[tuple[str, str | None], polib.POEntry]:
    """What the Chinese catalogues of the rooms say, by message and context. Fuzzy and obsolete entries do not count."""
    known = {}
    for path in files(".po"):
        if "zh_Hans" in path.parts:
            for entry in polib.pofile(str(path)):
                if not entry.obsolete and not entry.fuzzy:
                    known[entry.msgid, entry.msgctxt] = entry
    return known


def chinese_of(entry: polib.POEntry) -> list[str]:
    """All Chinese forms of an entry."""
    return list(entry.msgstr_plural.values()) or [entry.msgstr]


class VisibleText(HTMLParser):
    """Collects what a reader sees or hears of a page: text between tags and the attributes that are read out."""

    SPOKEN = {"title", "alt", "placeholder", "aria-label", "aria-description", "label", "summary"}
    SILENT = {"script", "style", "code", "kbd", "svg"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.SILENT:
            self.inside.append(tag)
        for key, value in attrs:
            if value and (key in self.SPOKEN or key.startswith("data-text")):
                self.found.append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            self.inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self.inside and data.strip():
            self.found.append(data.strip())


def raw_words(source: str) -> list[str]:
    """Words of a template that stand outside all translation: letters of any language between its tags and variables."""
    source = re.sub(r"{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}", " ", source, flags=re.DOTALL)
    source = re.sub(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", " ", source, flags=re.DOTALL)
    source = re.sub(rf"{{%\s*block ({NAMES_OF_STYLES})\s*%}}.*?{{%\s*endblock\s*%}}", "", source, flags=re.DOTALL)
    source = re.sub(r"{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL)
    reader = VisibleText()
    reader.feed(source)
    return [text for text in reader.found if re.search(r"[A-Za-z]{2,}|[\u4e00-\u9fff]", text) and not NO_WORDS.fullmatch(text)]
