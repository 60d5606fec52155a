"""Pages of docs/ that list things list all of them, and nothing that is gone."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from tests.house.tree import ROOT, files, name, table_rows
from ticketing.orders.workflow import Action, State
from ticketing.organisation.roles import Role

# Set by the system or by us for a child process; nobody sets them to change how the platform behaves.
NO_KNOBS = {"DJANGO_SETTINGS_MODULE", "CI", "TEST_WORKERS", "PATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}


def _environment_names(path: Path) -> Iterator[str]:
    """Names that a module reads from the environment: `env.str("X")`, `os.environ.get("X")`, `os.environ["X"]`, `os.getenv("X")`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Subscript) and _is_environ(node.value) and isinstance(node.ctx, ast.Load):
            yield from _constants([node.slice])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            holder = node.func.value
            is_settings = isinstance(holder, ast.Name) and holder.id == "env"
            if is_settings or (_is_environ(holder) and node.func.attr in ("get", "setdefault")) or node.func.attr == "getenv":
                yield from _constants(node.args[:1])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "env":
            yield from _constants(node.args[:1])


def _is_environ(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ"


def _constants(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[A-Z][A-Z0-9_]+", node.value):
            yield node.value


def _settings_page() -> dict[str, list[str]]:
    rows = {}
    for cells in table_rows("settings.md"):
        if found := re.fullmatch(r"`([A-Z0-9_]+)`", cells[0]):
            assert found[1] not in rows, f"docs/settings.md lists {found[1]} twice"
            rows[found[1]] = cells
    return rows


def test_every_variable_of_the_code_is_in_docs_settings() -> None:
    listed = set(_settings_page())
    missing = {}
    for path in files(".py", under=("hotline", "chatbot", "search", "ticketing", "speech_models", "bin")):
        for variable in _environment_names(path):
            if variable not in listed | NO_KNOBS:
                missing[variable] = name(path)
    assert not missing, f"docs/settings.md does not list: {missing}"


def test_docs_settings_lists_nothing_that_is_not_read() -> None:
    read = {v for path in files(".py", under=("hotline", "chatbot", "bin")) for v in _environment_names(path)}
    assert set(_settings_page()) <= read, f"docs/settings.md lists what nothing reads: {set(_settings_page()) - read}"


def test_every_setting_says_its_default_and_what_it_does() -> None:
    for variable, cells in _settings_page().items():
        assert len(cells) == 3 and all(cells), f"docs/settings.md: the row of {variable} is not whole"


def _required(page: str) -> set[str]:
    """Packages that a requirements file asks for by name."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    return {found[0].lower() for line in lines if (found := re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line))}


def test_every_dependency_says_why_it_is_there() -> None:
    wanted = _required("requirements.in") | _required("requirements-dev.in")
    wanted |= set(json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"])
    listed = {cells[0].lower(): cells for cells in table_rows("dependencies.md") if cells[0] != "package"}
    assert not wanted - set(listed), f"docs/dependencies.md does not list: {wanted - set(listed)}"
    assert not set(listed) - wanted, f"docs/dependencies.md lists what nothing asks for: {set(listed) - wanted}"
    assert all(len(cells) == 2 and len(cells[1]) > 15 for cells in listed.values()), "a package without a reason"


@pytest.mark.parametrize("kind", [State, Action, Role])
def test_the_glossary_has_every_label_in_both_languages(kind: type[State] | type[Action] | type[Role]) -> None:
    listed = {cells[2].strip("`"): cells[:2] for cells in table_rows("glossary.md") if len(cells) == 3}
    for member in kind:
        with translation.override("zh-hans"):
            chinese = str(member.label)
        with translation.override("en"):
            english = str(member.label)
        code = f"{kind.__name__}.{member.name}"
        assert listed.get(code) == [chinese, english], f"docs/glossary.md: {code} should say {chinese} | {english}"


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                broken.append(f"{name(page)}: {target}")
    assert not broken, f"links to nothing: {broken}"
