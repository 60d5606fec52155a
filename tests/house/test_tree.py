"""What must not be in the tree: a city's name in code, long files, compiled catalogues, a maker's own paths."""

from __future__ import annotations

import re

import yaml

from tests.house.tree import ROOT, files, name, tracked

LONGEST_FILE = 500
# Kinds of district that many cities have; as words of the language they may stand anywhere.
COMMON_NAMES = {"高新区", "开发区", "经开区", "新区", "城区"}
MAKERS_PATHS = re.compile(r"(?<![\w.$}/-])/(?:root|work|home/\w+)/")


def test_no_citys_name_is_in_code() -> None:
    """Names of the demo city's province, city, districts and streets, and of its offices, are data."""
    regions = yaml.safe_load((ROOT / "demo" / "regions.yml").read_text(encoding="utf-8"))
    rows = regions if isinstance(regions, list) else next(value for value in regions.values() if isinstance(value, list))
    names = {row["name"] for row in rows if row["level"] in ("province", "city", "district", "street")} - COMMON_NAMES
    city = next(row["name"] for row in rows if row["level"] == "city")
    names.add(city.removesuffix("市"))
    assert len(names) > 10
    found = []
    for path in files(".py", ".html", ".js", ".css", ".po", ".toml", ".json", ".yml", ".txt"):
        text = path.read_text(encoding="utf-8")
        found += [f"{name(path)}: {word}" for word in names if word in text]
    assert not found, f"names of the demo city in code: {found}"


def test_no_file_is_too_long_to_read() -> None:
    long = {
        name(path): lines
        for path in files(".py", ".html", ".js")
        if "migrations" not in path.parts and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long, f"more than {LONGEST_FILE} lines: {long}"


def test_nothing_that_is_made_is_in_the_tree() -> None:
    made = [name(path) for path in tracked() if path.suffix in {".mo", ".pyc", ".sqlite3", ".skops", ".part"}]
    assert not made, f"made files in the tree: {made}"


def test_no_path_of_a_makers_machine_is_in_the_tree() -> None:
    found = []
    for path in tracked():
        if path.suffix in {".py", ".html", ".js", ".css", ".md", ".yml", ".toml", ".in", ".txt", ".json", ".sh"}:
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{name(path)}: {match.group()}" for match in MAKERS_PATHS.finditer(text)]
    assert not found, f"paths of one machine: {found}"
