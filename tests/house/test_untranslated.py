"""No message is left untranslated: neither one that lacks its Chinese, nor words that never were a message."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.messages import Message, all_messages, catalogues, chinese_of, in_template, raw_words
from tests.house.tree import files, name

CHINESE = re.compile(r"[\u3400-\u9fff]")
LETTERS = re.compile(r"[A-Za-z]{2,}")
PLACEHOLDERS = re.compile(r"%\(\w+\)[.\d]*[sdf]|%%|%[sdf]|\{[\w, ]*\}")
# Words in which a message is the same in every language.
SAME_IN_BOTH = {"English"}
# What a person reads when it is given to these: a form's field, a note on a page, a refusal.
SHOWN_ARGUMENTS = {"label", "help_text", "empty_label", "legend"}
SHOWN_CALLS = {"ValidationError", "success", "info", "warning", "error"}
SHOWING_MODULES = {
    "forms.py",
    "views.py",
    "order_views.py",
    "report_views.py",
    "track_views.py",
    "desk_views.py",
    "catalogue_views.py",
    "importing_views.py",
}


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    """All messages of the rooms."""
    found = all_messages()
    assert len(found) > 500
    return found


def test_every_message_has_its_chinese(messages: list[Message]) -> None:
    known = catalogues()
    missing = []
    for message in messages:
        entry = known.get((message.msgid, message.context))
        said = chinese_of(entry) if entry else []
        wordless = not LETTERS.search(PLACEHOLDERS.sub("", message.msgid)) or message.msgid in SAME_IN_BOTH
        if not wordless and (not said or not all(CHINESE.search(text) for text in said)):
            missing.append(f"{message.where}: {message.msgid!r}" + (f" ({message.context})" if message.context else ""))
    assert not missing, f"{len(missing)} messages without Chinese:\n" + "\n".join(sorted(set(missing)))


def test_a_translation_keeps_the_places_for_values(messages: list[Message]) -> None:
    known, wrong = catalogues(), []
    for message in messages:
        entry = known.get((message.msgid, message.context))
        for text in chinese_of(entry) if entry else []:
            wanted, given = set(PLACEHOLDERS.findall(message.msgid)), set(PLACEHOLDERS.findall(text))
            wanted |= set(PLACEHOLDERS.findall(message.plural or ""))
            if not given <= wanted or (wanted - given and not message.plural):
                wrong.append(f"{message.where}: {message.msgid!r} -> {text!r}")
    assert not wrong, "values lost or invented:\n" + "\n".join(sorted(set(wrong)))


def test_no_catalogue_keeps_what_nobody_asks_for(messages: list[Message]) -> None:
    asked = {(message.msgid, message.context) for message in messages}
    stale = [f"{entry.msgid!r}" for key, entry in catalogues().items() if key not in asked]
    assert not stale, f"{len(stale)} entries are used by nothing:\n" + "\n".join(stale)


def test_no_template_shows_words_outside_a_message() -> None:
    found = []
    for path in files(".html"):
        found += [f"{name(path)}: {words!r}" for words in raw_words(path.read_text(encoding="utf-8"))]
    assert not found, "words that cannot be translated:\n" + "\n".join(found)


def test_no_form_or_note_shows_words_outside_a_message() -> None:
    found = []
    for path in files(".py"):
        if path.name in SHOWING_MODULES:
            found += [f"{name(path)}:{line}: {words!r}" for line, words in _bare_words(path)]
    assert not found, "words that cannot be translated:\n" + "\n".join(found)


def _bare_words(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        shown = [keyword.value for keyword in node.keywords if keyword.arg in SHOWN_ARGUMENTS]
        holder = getattr(getattr(node.func, "value", None), "id", "")
        if called == "ValidationError" or (called in SHOWN_CALLS and holder == "messages"):
            shown += node.args[:2]
        for value in shown:
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and LETTERS.search(value.value):
                found.append((value.lineno, value.value))
    return found


def test_no_script_brings_its_own_words() -> None:
    """Scripts take their words from the template."""
    shown = re.compile(r"""(?:textContent|innerText|innerHTML|placeholder|title|ariaLabel)\s*=\s*(["'`])([^"'`]*)\1""")
    found = []
    for path in files(".js"):
        text = path.read_text(encoding="utf-8")
        found += [f"{name(path)}: {words!r}" for _, words in shown.findall(text) if LETTERS.search(words)]
        code = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
        found += [f"{name(path)}: {words!r}" for words in re.findall(r"[\u4e00-\u9fff]+", code)]
    assert not found, "words in scripts:\n" + "\n".join(found)


def test_the_net_catches_what_it_should(tmp_path: Path) -> None:
    """The tests above would notice."""
    assert raw_words('<p>{% translate "Hello" %} left over</p>') == ["left over"]
    assert raw_words('<img alt="A picture"><p>未译</p><code>make run</code>') == ["A picture", "未译"]
    assert raw_words("<p>{% blocktranslate %}Good{% endblocktranslate %} {{ name }} · 12345</p>") == []
    from tests.house.tree import ROOT

    page = ROOT / "ticketing" / "ui" / "templates" / "404.html"
    assert list(in_template(page))
