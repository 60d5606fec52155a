"""Correcting what was read back: which fact is wrong, and what is right instead."""

from __future__ import annotations

import re

from chatbot.dialogue import course
from chatbot.dialogue.report_acts import QUESTION_PREFIX
from chatbot.dialogue.state import Choice, Slot
from chatbot.dialogue.turn import Turn
from chatbot.nlu import rules
from chatbot.nlu.text import without_fillers

_FIXABLE = ("what", "place", "time", "wish", "phone", "secrecy")
_FIX_WORDS = (
    ("phone", r"电话|手机|号码|联系方式"),
    ("place", r"地址|地点|位置|地方|门牌"),
    ("time", r"时间|日期|哪天|几号"),
    ("wish", r"要求|希望|处理方式"),
    ("secrecy", r"保密|匿名|公开"),
    ("what", r"事情|内容|类别|描述"),
)
_NEW_VALUE = re.compile(r"(?:应该是|改成|改为|换成|是|写)(?P<value>[^,，。不]{2,40})[。!！]?$")
_DENIAL = re.compile(r"^(?:不对|不是的?|错了|有误|搞错了|弄错了|记错了|不|没有|等等|等一下)[,，。 ]*")


def doubtful_hearing(turn: Turn) -> bool:
    """Whether the recogniser itself was unsure of the one word that matters."""
    return turn.utterance.confidence is not None and turn.utterance.confidence < 0.4


def confirm_is(turn: Turn, yes: bool) -> None:
    """The answer to the read-back: a yes confirms every fact and goes on to the order, a no asks what is wrong."""
    state = turn.state
    if yes:
        state.failures = 0
        for slot in state.slots.values():
            slot.confirmed = True
        state.slots["confirm"] = Slot("yes", "", 1.0, turn.utterance.seq, confirmed=True)
        course.go_on(turn)
        return
    ask_what_is_wrong(turn)


def ask_what_is_wrong(turn: Turn) -> None:
    """Asks which of the facts known is wrong."""
    turn.state.failures = 0
    present = [name for name in _FIXABLE if turn.known(name)]
    if any(name.startswith(QUESTION_PREFIX) for name in turn.state.slots):
        present.append("answers")
    choices = [Choice(turn.words(f"fix.{name}"), name, str(n)) for n, name in enumerate(present, start=1)]
    turn.ask("report.fix", step="fix", expecting="choice", choices=choices)


def clear(turn: Turn, name: str) -> None:
    """Forgets a fact, so that it is asked again and then read back again."""
    slots = turn.state.slots
    turn.state.failures = 0
    slots.pop(name, None)
    slots.pop("place_options", None)
    if name in {"what", "answers"}:
        for other in [slot for slot in slots if slot.startswith(QUESTION_PREFIX)]:
            del slots[other]
    if name == "what":
        slots.pop("duty", None)
        slots.pop("duty_asked", None)
    course.go_on(turn)


def corrects(turn: Turn) -> bool:
    """Puts right the facts that the utterance names (不对,是人民路; 电话错了). True when one was changed or cleared."""
    heard, slots, seq = turn.heard, turn.state.slots, turn.utterance.seq
    text = heard.text
    changed = False
    last_place = next(iter(reversed(heard.all("place"))), None)
    if last_place and last_place.text not in turn.shown("place"):
        before = slots.pop("place", None)
        slots.pop("place_options", None)
        if turn.take_place(text[last_place.start :], asked=False):
            changed = True
        elif before:
            slots["place"] = before
    for kind in ("time", "phone"):
        span = next(iter(reversed(heard.all(kind))), None)
        if span and span.value != turn.value(kind):
            slots[kind] = Slot(span.value, span.text, span.confidence, seq)
            changed = True
    wish = rules.find_wish(text)
    if wish and wish != turn.value("wish"):
        slots["wish"] = Slot(wish, wish, 0.8, seq)
        changed = True
    for key in ("anonymous", "secret"):
        if rules.says(key, text) and turn.value("secrecy") != key:
            slots["secrecy"] = Slot(key, text, 1.0, seq)
            changed = True
            break
    return changed or _names_wrong(turn, without_fillers(text), text)


def _names_wrong(turn: Turn, plain: str, text: str) -> bool:
    """A fact called wrong by its name, with or without the right one behind it."""
    if not rules.says("correction", text) and not _DENIAL.match(text):
        return False
    for name, words in _FIX_WORDS:
        if not re.search(words, plain) or not turn.known(name):
            continue
        new = _NEW_VALUE.search(text)
        if new and name in {"wish", "what", "place"} and not re.search(words, new.group("value")):
            value = new.group("value").strip()
            turn.state.slots[name] = Slot(value, value, 0.81, turn.utterance.seq)
            if name == "what":
                turn.state.slots.pop("duty", None)
        else:
            turn.state.slots.pop(name, None)
        return True
    return False
