"""The training data: Rasa's YAML read into plain examples, and what its placeholders leave of them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

RASA_DIR = Path(__file__).resolve().parent.parent / "rasa"
DATA_DIR = RASA_DIR / "data"
HOLDOUT = RASA_DIR / "holdout.yml"

_ENTITY = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
_NUMBER = re.compile(r"[0-9零〇一二三四五六七八九十百千万两幺]+")
_LAYOUT = re.compile(r"[\s,，。、!！?？]+")


@dataclass(frozen=True, slots=True)
class Example:
    """One utterance with its intent; `marked` still has the entity annotations."""

    intent: str
    text: str
    marked: str


def read_examples(path: Path) -> list[Example]:
    """The examples of one Rasa file."""
    found = []
    for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
        if "intent" in block:
            for line in block["examples"].splitlines():
                marked = line.strip().removeprefix("-").strip()
                if marked:
                    found.append(Example(block["intent"], _ENTITY.sub(r"\1", marked), marked))
    return found


def training_examples() -> list[Example]:
    """All examples that engines are trained on, in the order of the files."""
    return [example for path in _files() for example in read_examples(path)]


def holdout_examples() -> list[Example]:
    """The sentences that no engine is trained on."""
    return read_examples(HOLDOUT)


@cache
def intents() -> frozenset[str]:
    """The intents of rasa/domain.yml: the only ones an engine's word is taken for."""
    return frozenset(yaml.safe_load((RASA_DIR / "domain.yml").read_text(encoding="utf-8"))["intents"])


def lookup(name: str) -> list[str]:
    """The entries of the lookup table `name`."""
    entries: list[str] = []
    for path in _files():
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if block.get("lookup") == name:
                entries.extend(line.strip().removeprefix("-").strip() for line in block["examples"].splitlines())
    return [entry for entry in entries if entry]


def skeleton(example: Example) -> str:
    """The example with places, times, numbers, departments and duty words replaced, for counting how many really differ."""
    text = _ENTITY.sub(lambda match: f"<{match.group(2)}>", example.marked)
    for kind in ("location", "department", "matter"):
        text = _lookup_pattern(kind).sub(f"<{kind}>", text)
    return _LAYOUT.sub("", _NUMBER.sub("#", text))


@cache
def _lookup_pattern(kind: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in sorted(lookup(kind), key=len, reverse=True)))


def data_hash() -> str:
    """SHA-256 over the training files' names and contents."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _files() -> list[Path]:
    return sorted(DATA_DIR.rglob("*.yml"))
