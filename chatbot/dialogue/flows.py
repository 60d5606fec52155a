"""The flows of flows.yml as objects, checked when they are read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from chatbot.dialogue import prompts

EXPECTS = frozenset({"text", "place", "time", "phone", "yes_no", "choice", "number", "order_number", "query_code", "score"})


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One step: a question (`ask`, `expects`) or a named act (`do`)."""

    id: str
    ask: str = ""
    expects: str = ""
    do: str = ""
    slot: str = ""
    only_for: frozenset[str] = frozenset()
    not_for: frozenset[str] = frozenset()
    skippable: bool = False
    unless: str = ""

    def applies(self, intent: str, slots: dict[str, str]) -> bool:
        """Whether the step is part of a flow begun with `intent` while `slots` are known."""
        if (self.only_for and intent not in self.only_for) or intent in self.not_for:
            return False
        name, _, value = self.unless.partition("=")
        return not (name and name in slots and (not value or slots[name] == value))


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow with the intents that begin it; one that `keeps` is laid aside, not lost, when another matter comes up."""

    name: str
    begins_with: frozenset[str]
    steps: tuple[FlowStep, ...]
    keeps: bool = False

    def step(self, name: str) -> FlowStep | None:
        """The step of that name."""
        return next((step for step in self.steps if step.id == name), None)


@cache
def _data() -> dict[str, Any]:
    return dict(yaml.safe_load(Path(__file__).with_name("flows.yml").read_text(encoding="utf-8")))


def order_type_code(intent: str, usual: str) -> str:
    """The code of the order type for a flow begun with `intent`; `usual` is the duty item's own, empty without an item."""
    data = _data()
    if usual in data["item_types"] and intent in data["follows_item"]:
        return usual
    return str(data["order_types"].get(intent, "complaint"))


@cache
def flows() -> dict[str, Flow]:
    """All flows by name. Raises ValueError when the file names a prompt or a kind of answer that does not exist."""
    return {name: _flow(name, row) for name, row in _data()["flows"].items()}


@cache
def flow_of_intent(intent: str) -> Flow | None:
    """The flow that `intent` begins."""
    return next((flow for flow in flows().values() if intent in flow.begins_with), None)


def _flow(name: str, row: dict[str, Any]) -> Flow:
    steps = tuple(_step(name, step) for step in row["steps"])
    return Flow(name, frozenset(row["begins_with"]), steps, bool(row.get("keeps", False)))


def _step(flow: str, row: dict[str, Any]) -> FlowStep:
    step = FlowStep(
        id=row["id"],
        ask=row.get("ask", ""),
        expects=row.get("expects", ""),
        do=row.get("do", ""),
        slot=row.get("slot", row["id"]),
        only_for=frozenset(row.get("only_for", ())),
        not_for=frozenset(row.get("not_for", ())),
        skippable=bool(row.get("skippable", False)),
        unless=row.get("unless", ""),
    )
    if bool(step.ask) == bool(step.do):
        raise ValueError(f"step {step.id} of {flow} needs either ask or do")
    if step.ask and (not prompts.exists(step.ask) or step.expects not in EXPECTS):
        raise ValueError(f"step {step.id} of {flow} names an unknown prompt or kind of answer")
    return step
