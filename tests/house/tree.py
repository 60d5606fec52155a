"""What is in the tree, as the tests of the house look at it."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("hotline", "chatbot", "search", "ticketing", "speech_models")
_OUTSIDE = {".venv", "node_modules", "var", ".git", "__pycache__"}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that belongs to the tree: as git knows it, or, in a copy without git, all that is not made."""
    if (ROOT / ".git").exists():
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
        return tuple(ROOT / name for name in sorted(set(listed)) if name and (ROOT / name).is_file())
    return tuple(path for path in sorted(ROOT.rglob("*")) if path.is_file() and not _OUTSIDE & set(path.parts))


def files(*suffixes: str, under: tuple[str, ...] = ROOMS) -> list[Path]:
    """Files of the rooms with one of these endings."""
    return [path for path in tracked() if path.suffix in suffixes and path.relative_to(ROOT).parts[0] in under]


def name(path: Path) -> str:
    """The path as a person would write it."""
    return str(path.relative_to(ROOT))


def table_rows(page: str) -> list[list[str]]:
    """The cells of all table rows of a page of docs/."""
    rows = []
    for line in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    return rows
