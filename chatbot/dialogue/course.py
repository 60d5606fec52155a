"""The course of a flow: beginning it with what was already said, going on to the first missing fact, laying aside, ending."""

from __future__ import annotations

import re
from typing import Any

from chatbot.dialogue import answers
from chatbot.dialogue.acts import ACTS
from chatbot.dialogue.flows import Flow, FlowStep
from chatbot.dialogue.moves import END
from chatbot.dialogue.report_acts import own_words
from chatbot.dialogue.state import ENDED, Choice, Draft, Slot
from chatbot.dialogue.turn import Turn
from chatbot.nlu.text import bare
from chatbot.nlu.types import Understanding

_STOCK = re.compile(
    r"我们?|你们?|您|他们|要|想|有|个|一下|一个|件|事情?|情况|问题|投诉|举报|反映|咨询|求助|建议|表扬|感谢|报告|打听|请问|问问|问|说说|说|提|帮忙|"
    r"帮|能不能|可以|可不可以|吗|呢|吧|啊|呀|了|的|那个|这个|就是|嗯|呃|政策|实名|匿名|补充|催办?|查询?|撤销?|撤单|工单|单子|诉求|进度|评价|打分|给"
)
ORDER_FLOWS = frozenset({"query", "urge", "add", "withdraw", "rate"})


def begin(turn: Turn, flow: Flow, intent: str, text: str) -> None:
    """Begins a flow with what was already said; a running one that keeps its draft is laid aside."""
    state = turn.state
    park(turn)
    state.serial += 1
    state.flow, state.slots, state.asked = flow.name, {}, {}
    state.step, state.expecting, state.choices = "", "", []
    state.slots["intent"] = Slot(intent, source="rule")
    state.slots["serial"] = Slot(str(state.serial), source="rule")
    seq = turn.utterance.seq
    said = _substance(turn, text)
    if flow.name == "report":
        if said:
            state.slots["what"] = Slot(text, text, 0.9, seq)
        know_caller(turn)
        turn.absorb(text=text)
    elif flow.name == "consult" and said:
        state.slots["question"] = Slot(text, text, 0.9, seq)
    elif flow.name in ORDER_FLOWS:
        _begin_order_flow(turn, flow, said)
    go_on(turn)


def _begin_order_flow(turn: Turn, flow: Flow, said: str) -> None:
    state, heard, seq = turn.state, turn.heard, turn.utterance.seq
    number = next((span for span in heard.all("order_number") if span.confidence >= 0.9), None)
    code = heard.first("query_code")
    if number:
        state.slots["number"] = Slot(number.value, number.text, 1.0, seq)
        if code:
            state.slots["code"] = Slot(code.value, code.text, 1.0, seq)
    state.slots["said"] = Slot(said, said, 0.8, seq)
    if flow.name == "add" and len(bare(said)) >= 8:
        state.slots["facts"] = Slot(said, said, 0.8, seq)
    if flow.name == "rate":
        take_score(turn)


def _substance(turn: Turn, text: str) -> str:
    """The text when it says more than that one wants something (我要投诉 says nothing yet), else nothing."""
    without_number = re.sub(r"[0-9]{6,}", "", text)
    left = bare(_STOCK.sub("", without_number))
    if len(left) >= 4 or (left and turn.services.identify_duty(text)):
        return text
    return ""


def besides_spans(heard: Understanding) -> str:
    """What is left of the text without the places, times, numbers and names in it."""
    left = list(heard.text)
    for span in heard.spans:
        if span.kind in {"place", "time", "phone", "name", "number"}:
            left[span.start : span.end] = " " * (span.end - span.start)
    return bare(_STOCK.sub("", "".join(left)))


def park(turn: Turn) -> None:
    """Lays the running flow aside when it keeps its draft and something was said in it."""
    state = turn.state
    flow = turn.flow
    if flow and flow.keeps and turn.known("what"):
        state.slots.pop("confirm", None)
        state.parked.append(Draft(state.flow, state.step, state.slots, state.asked))
    state.flow, state.slots, state.asked = "", {}, {}


def go_on(turn: Turn) -> None:
    """Goes through the running flow from its top: asks for the first missing fact, acts when there is none."""
    flow = turn.flow
    if flow is None:
        return
    for spec in flow.steps:
        if not spec.applies(turn.intent, turn.values()):
            continue
        if spec.do:
            if not ACTS[spec.do](turn):
                return
        elif not turn.known(spec.slot):
            _ask(turn, spec)
            return
    finish(turn)


def _ask(turn: Turn, spec: FlowStep) -> None:
    args: dict[str, Any] = {"title": turn.shown("order")} if "order" in turn.state.slots else {}
    choices = turn.yes_no() if spec.expects == "yes_no" else []
    if spec.expects == "score":
        choices = [Choice(turn.words(f"choice.satisfied_{n}"), str(n), str(n)) for n in range(5, 0, -1)]
    if spec.skippable:
        choices = [Choice(turn.words("choice.skip"), "skip")]
    turn.ask(spec.ask, step=spec.slot, expecting=spec.expects, choices=choices, words=own_words(turn, spec.slot), **args)


def finish(turn: Turn) -> None:
    """The flow is over: a laid-aside draft is taken up again, else the person is asked for more."""
    state = turn.state
    state.flow, state.slots, state.asked = "", {}, {}
    state.step, state.expecting, state.choices = "", "", []
    reopen(turn)


def reopen(turn: Turn) -> None:
    """After an aside: goes on with the open flow, then with a parked one, else asks whether there is more."""
    state = turn.state
    if state.flow:
        go_on(turn)
        return
    if state.parked:
        draft = state.parked.pop()
        state.flow, state.slots, state.asked = draft.flow, draft.slots, draft.asked
        turn.say("resume")
        go_on(turn)
        return
    if state.serial:
        turn.ask("more", step="more", expecting="yes_no", choices=turn.yes_no("choice.more", "choice.enough"))
    else:
        turn.ask("open", step="open", expecting="")


def end(turn: Turn) -> None:
    """Says goodbye and ends the conversation."""
    code = "goodbye" if turn.state.channel in {"voice", "phone", "call", "twilio", "browser"} else "goodbye.chat"
    turn.say(code, kind=END, data={"reason": "done"})
    turn.state.owner = ENDED
    turn.state.step, turn.state.expecting, turn.state.choices = "", "", []


def know_caller(turn: Turn) -> None:
    """A number the network vouches for is never asked for."""
    phone = turn.state.caller.get("phone")
    if phone:
        turn.state.slots["phone"] = Slot(phone.value, phone.text, 1.0, phone.seq, source=phone.source)


def take_score(turn: Turn) -> None:
    """A rating in the first sentence is not asked for again."""
    found = answers.read("score", turn.heard, choices=[], seq=turn.utterance.seq)
    if found.slot and not turn.heard.text.strip().isdigit():
        turn.state.slots["score"] = found.slot
