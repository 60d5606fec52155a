"""The bot's sentences in two languages, shown and spoken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_UNSPOKEN = re.compile(r"[“”\"'《》〈〉「」【】*#_~`|]+")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One sentence: what is shown and what is spoken, by language (`zh`, `en`). `ask` marks a question."""

    code: str
    text: dict[str, str]
    speech: dict[str, str]
    ask: bool = False

    @property
    def fixed(self) -> bool:
        """Whether the sentence is always the same, so that a recording can be shipped."""
        return not any(_PLACEHOLDER.search(text) for text in (*self.text.values(), *self.speech.values()))


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence ready to be shown and spoken."""

    text: str
    speech: str


@cache
def all_prompts() -> dict[str, Prompt]:
    """Every prompt by code."""
    data = yaml.safe_load(Path(__file__).with_name("prompts.yml").read_text(encoding="utf-8"))
    made = {}
    for code, row in data.items():
        text = {"zh": row["zh"], "en": row["en"]}
        speech = {short: row.get(f"speech_{short}", row[short]) for short in text}
        made[code] = Prompt(code, text, speech, bool(row.get("ask", False)))
    return made


def exists(code: str) -> bool:
    """Whether there is a prompt of that code."""
    return code in all_prompts()


def fixed_prompts() -> list[Prompt]:
    """The prompts that are always the same, for channels that ship recordings (file name: the code)."""
    return [
        prompt
        for prompt in all_prompts().values()
        if prompt.fixed and not prompt.code.startswith(("choice.", "fix.", "summary."))
    ]


def short_language(language: str) -> str:
    """`zh` for every kind of Chinese, else `en`."""
    return "zh" if language.lower().startswith("zh") or not language else "en"


def say(code: str, language: str, /, **args: str) -> Said:
    """The sentence `code` in `language` with `args` put in. Raises KeyError for an unknown code or a missing argument."""
    prompt = all_prompts()[code]
    short = short_language(language)
    return Said(prompt.text[short].format(**args), spoken(prompt.speech[short].format(**args)))


def spoken(text: str) -> str:
    """A text without the signs that have no sound."""
    return _UNSPOKEN.sub("", text).replace("\n", "。" if re.search(r"[\u4e00-\u9fff]", text) else " ").strip()
