"""The dialogue engine: one utterance in, the next moves out. Deterministic, knows no channel, writes nothing itself.

The way of a turn: who owns the conversation; keys and silence; what must not wait (emergency, a person wanted, anger); the answer
to the open question; a change of topic; else the intent begins a flow. Flows are data (flows.yml), their acts are in acts.py.
"""

from __future__ import annotations

import copy

import structlog
from django.utils.translation import override

from chatbot.dialogue import answering, course, prompts
from chatbot.dialogue.course import ORDER_FLOWS
from chatbot.dialogue.flows import flow_of_intent, flows
from chatbot.dialogue.moves import KEY, SAY, SILENCE, START, Move, Step, Utterance
from chatbot.dialogue.ports import ServiceRefused, Services, ServiceUnavailable
from chatbot.dialogue.state import BOT, Choice, DialogueState
from chatbot.dialogue.turn import Turn
from chatbot.nlu import rules
from chatbot.nlu.duty import is_sure
from chatbot.nlu.text import bare, normalise
from chatbot.nlu.types import NOISE, UNKNOWN, Understanding

log = structlog.get_logger(__name__)

_DIGITS_OF = {"phone": 11, "order_number": 12, "query_code": 6}
_KEY_HUMAN, _KEY_REPEAT, _KEY_DONE = "0", "*", "#"
_MIN_SURE = 0.45
"""An order flow or a report begins by intent alone from this confidence; below it, words of a duty item decide."""

_FACTS = frozenset({"give_location", "give_time", "give_phone", "give_name"})
"""Intents that answer a question; where none was asked, words of a duty item count for more."""
_NO_WISH = frozenset({"chitchat", "out_of_scope", "greet", "goodbye", "anger"})
"""Intents that begin nothing: beside words of a duty item they are believed only when they are nearly certain."""
_SURE_ASIDE, _NEVER = 0.9, 2.0
_START_CHOICES = ("consult", "report", "query", "human")


def step(*, state: DialogueState, utterance: Utterance, services: Services) -> Step:
    """The moves that follow `utterance`, and the state after them. `state` itself is not changed.

    Says nothing when the conversation is not the bot's. A failing service ends in a hand-over, never in an exception.
    """
    state = copy.deepcopy(state)
    if state.owner != BOT:
        return Step(state, [])
    state.turn += 1
    with override("zh-hans" if prompts.short_language(state.language) == "zh" else "en"):
        turn = Turn(state, utterance, services, _nothing_heard(utterance.text))
        try:
            _handle(turn)
        except ServiceRefused as refusal:
            turn.hand_over("refused", text=str(refusal))
        except ServiceUnavailable as problem:
            log.warning("chatbot.service_unavailable", error=str(problem), flow=state.flow)
            turn.hand_over("unavailable")
    if turn.moves and not any(move.prompt == "nothing_to_repeat" for move in turn.moves):
        state.last = [move.to_json() for move in turn.moves if move.kind not in {"hand_over", "end"}]
    return Step(state, turn.moves)


def _nothing_heard(text: str) -> Understanding:
    return Understanding(normalise(text), NOISE, 1.0, (), (), "rules", False, "")


def _handle(turn: Turn) -> None:
    kind = turn.utterance.kind
    if kind == START:
        _greet(turn)
    elif kind == SILENCE:
        _silence(turn)
    elif kind == KEY:
        _keys(turn, turn.utterance.text)
    else:
        hear(turn, turn.utterance.text)


def _greet(turn: Turn) -> None:
    own = turn.utterance.text.strip()
    said = prompts.Said(own, prompts.spoken(own)) if own else prompts.say("greeting", turn.state.language)
    choices = [
        Choice(turn.words(f"choice.{name}"), name, _KEY_HUMAN if name == "human" else str(number))
        for number, name in enumerate(_START_CHOICES, start=1)
    ]
    prompt = "" if own else "greeting"
    turn.moves.append(Move(kind=SAY, text=said.text, speech=said.speech, prompt=prompt, choices=tuple(choices)))
    turn.state.step, turn.state.expecting, turn.state.choices = "open", "", choices


def _silence(turn: Turn) -> None:
    turn.state.failures += 1
    if turn.state.failures >= 2:
        turn.hand_over("failures")
        return
    state = turn.state
    turn.ask("silence", step=state.step, expecting=state.expecting, choices=state.choices)


def _keys(turn: Turn, keys: str) -> None:
    state = turn.state
    if keys == _KEY_HUMAN and not state.keyed:
        turn.hand_over("asked")
        return
    if keys == _KEY_REPEAT:
        repeat(turn)
        return
    digits = keys.replace(_KEY_DONE, "").replace(_KEY_REPEAT, "")
    wanted = _DIGITS_OF.get(state.expecting)
    if wanted:
        state.keyed = (state.keyed + digits)[-20:]
        if len(state.keyed) < wanted and _KEY_DONE not in keys:
            return
        digits, state.keyed = state.keyed, ""
        hear(turn, digits)
        return
    chosen = next((choice for choice in state.choices if choice.key == digits), None)
    if chosen:
        answering.choose(turn, chosen)
    elif digits and state.expecting in {"score", "number"}:
        hear(turn, digits)
    else:
        turn.fail()


def hear(turn: Turn, text: str) -> None:
    """Deals with words."""
    state = turn.state
    chosen = next((choice for choice in state.choices if text.strip() in {choice.value, choice.label}), None)
    if chosen and state.expecting != "score":
        answering.choose(turn, chosen)
        return
    turn.heard = turn.services.understand(text, expecting=state.expecting)
    if not _must_not_wait(turn):
        if state.step and answering.answered(turn):
            return
        _begin_by_intent(turn)


def _must_not_wait(turn: Turn) -> bool:
    """Emergency, a person wanted, anger, and the wish to hear it again come before everything else."""
    heard = turn.heard
    if heard.intent == "emergency" and heard.engine == "rules":
        found = rules.find_emergency(heard.text)
        turn.say(f"emergency.{found.number if found else '110'}", data={"emergency": found.code if found else ""})
        turn.hand_over("emergency")
    elif heard.intent == "ask_human" and (heard.engine == "rules" or heard.confidence >= 0.6):
        turn.absorb(text=heard.text)
        turn.hand_over("asked")
    elif heard.intent == "anger" and (heard.engine == "rules" or heard.confidence >= 0.75):
        turn.hand_over("anger")
    elif heard.intent == "repeat" and (heard.engine == "rules" or heard.confidence >= 0.6):
        repeat(turn)
    else:
        return False
    return True


def repeat(turn: Turn) -> None:
    """Says the last moves again. Nothing is counted: not hearing is nobody's failure."""
    if turn.state.last:
        turn.moves.extend(Move.from_json(move) for move in turn.state.last)
    else:
        turn.say("nothing_to_repeat")


def _begin_by_intent(turn: Turn) -> None:
    """No question is open, or the utterance does not answer it: what does the person want?"""
    state, heard = turn.state, turn.heard
    intent = _wanted(turn)
    state.choices = []
    if intent in {NOISE, UNKNOWN}:
        turn.fail()
        return
    flow = flow_of_intent(intent)
    if flow:
        state.failures = 0
        course.begin(turn, flow, intent, heard.text)
        return
    state.failures = 0
    if intent == "goodbye":
        course.end(turn)
    elif intent == "greet":
        turn.say("greet.back")
        course.reopen(turn)
    elif intent in {"chitchat", "out_of_scope"}:
        turn.say(intent)
        course.reopen(turn)
    elif intent in _FACTS:
        # Facts came before the matter itself: they are kept, and the matter is asked for.
        course.begin(turn, flows()["report"], "report_complaint", heard.text if len(course.besides_spans(heard)) >= 4 else "")
    elif intent == "emergency":
        # The classifier alone heard an emergency: no number is named on a guess, but a person listens at once.
        turn.hand_over("asked")
    else:
        turn.fail()


def _wanted(turn: Turn) -> str:
    """The intent to act on: the engine's, unless it is weak and the words clearly name a duty item."""
    heard = turn.heard
    flow = flow_of_intent(heard.intent)
    order_named = heard.first("order_number") is not None
    if flow and flow.name in ORDER_FLOWS and not order_named and not rules.says("order", heard.text):
        enough = _SURE_ASIDE  # nothing points to a matter brought before: 停水了快来人 is a new one
    elif heard.intent in _FACTS:
        enough = _NEVER
    else:
        enough = _SURE_ASIDE if heard.intent in _NO_WISH else _MIN_SURE
    if heard.intent == NOISE or (heard.confidence >= enough and heard.intent != UNKNOWN):
        return heard.intent
    if order_named:
        return heard.intent if flow and flow.name in ORDER_FLOWS else "query_ticket"
    duties = turn.services.identify_duty(heard.text) if len(bare(heard.text)) >= 4 else []
    if is_sure([(match.score, match.code) for match in duties]):
        if flow and flow.name in {"report", "consult"}:
            return heard.intent
        return "consult_policy" if rules.is_question(heard.text) else "report_complaint"
    if heard.intent == UNKNOWN and rules.is_question(heard.text) and len(bare(heard.text)) >= 6:
        return "consult_policy"
    return heard.intent
