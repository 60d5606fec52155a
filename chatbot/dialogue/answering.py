"""What an utterance does to the open question: answers it, corrects what was read back, gives up, or leads elsewhere."""

from __future__ import annotations

from chatbot.dialogue import answers, correcting, course, nearest
from chatbot.dialogue.flows import flow_of_intent, flows
from chatbot.dialogue.report_acts import QUESTION_PREFIX, question_of
from chatbot.dialogue.state import Choice, Slot
from chatbot.dialogue.turn import Turn
from chatbot.nlu import rules
from chatbot.nlu.text import bare
from chatbot.nlu.types import NOISE

_SWITCH_FROM = {"text": 0.75, "place": 0.6, "time": 0.6, "phone": 0.6, "yes_no": 0.6, "choice": 0.6, "number": 0.6, "score": 0.75}
_SWITCH_TO = frozenset({"consult_policy", "query_ticket"})
_REPORTS = frozenset({"report_complaint", "request_help", "report_violation"})
_START_INTENTS = {"consult": "consult_policy", "report": "report_complaint", "query": "query_ticket"}
_ASIDES = frozenset({"chitchat", "out_of_scope", "greet"})


def choose(turn: Turn, choice: Choice) -> None:
    """A choice was clicked or keyed: no understanding is needed."""
    state = turn.state
    if choice.value == "human":
        turn.hand_over("asked")
    elif choice.value in _START_INTENTS and not state.flow:
        intent = _START_INTENTS[choice.value]
        flow = flow_of_intent(intent)
        state.failures = 0
        if flow:
            course.begin(turn, flow, intent, "")
    elif choice.value == "skip":
        _skipped(turn)
    else:
        _take(turn, Slot(choice.value, choice.label, 1.0, turn.utterance.seq))


def answered(turn: Turn) -> bool:
    """Deals with the utterance as an answer to the open question. False when it is none and should be taken as a new wish."""
    state = turn.state
    special = {
        nearest.STEP: _near,
        "more": _more,
        "offer_report": _offer_report,
        "offer_person": _offer_person,
        "drop": _drop,
        "fix": _fix,
    }.get(state.step)
    if special:
        return special(turn)
    if not state.flow:
        return False
    if state.step == "confirm":
        return _confirm(turn)
    if state.flow == "report" and _gives_up(turn):
        turn.ask("report.drop", step="drop", expecting="yes_no", choices=turn.yes_no())
        return True
    found = answers.read(
        state.expecting, turn.heard, choices=state.choices, seq=turn.utterance.seq, question=_own_yes_no_question(turn)
    )
    if state.expecting == "place":
        found = _place(turn)
    if _goes_elsewhere(turn, found):
        return _elsewhere(turn)
    if state.step == "what" and _only_a_fact(turn):
        course.go_on(turn)
    elif state.step.startswith(QUESTION_PREFIX) and _only_a_wish(turn):
        turn.say("ack.added")
        course.go_on(turn)
    elif found.kind == answers.VALUE and found.slot and state.step == "sure" and found.slot.confidence < 1.0:
        turn.fail()  # 嗯 may be a cough; what cannot be undone needs a word
    elif found.kind == answers.VALUE and found.slot:
        _take(turn, _wish_alone(found.slot) if state.step == "wish" else found.slot)
    elif found.kind == answers.SKIP and state.step in {"place_which", "place_sure"}:
        _place_as_said(turn)
    elif found.kind == answers.SKIP and _may_skip(turn):
        _skipped(turn)
    elif found.kind == answers.SKIP and state.flow in course.ORDER_FLOWS:
        _without_number(turn)
    elif found.kind == answers.BAD:
        turn.say("order.bad_number")
        turn.fail()
    elif state.flow == "report" and (_adds(turn) or _tells_other_fact(turn)):
        turn.say("ack.added")
        course.go_on(turn)
    else:
        turn.fail()
    return True


def _own_yes_no_question(turn: Turn) -> str:
    question = question_of(turn, turn.state.step) if turn.state.step.startswith(QUESTION_PREFIX) else None
    return question.prompt if question and question.kind == "yes_no" else ""


def _only_a_fact(turn: Turn) -> bool:
    """Whether a place, time or number was said where the matter was asked for: it is kept, and the matter asked for again."""
    left = course.besides_spans(turn.heard)
    return len(left) < 3 and turn.state.asked.get("what", 0) <= 2 and bool(turn.absorb(text=turn.heard.text))


def _only_a_wish(turn: Turn) -> bool:
    """Whether a text question of the duty item was met with what the person wants done (希望整改)."""
    text = turn.heard.text
    wish = rules.find_wish(text)
    whole = turn.state.expecting == "text" and bool(wish) and len(wish) >= len(text) - 4
    return whole and not turn.known("wish") and _tells_other_fact(turn)


def _wish_alone(slot: Slot) -> Slot:
    """The wish without the words 希望 or 要求 before it, which the read-back says anyway."""
    wish = rules.find_wish(slot.value)
    return Slot(wish, wish, slot.confidence, slot.seq) if wish and len(wish) >= len(slot.value) - 4 else slot


def _place_as_said(turn: Turn) -> None:
    """None of the places of this name, or the person cannot tell: the words are kept and no place is guessed."""
    state = turn.state
    state.slots.pop("place_options", None)
    place = state.slots["place"]
    place.value, place.confirmed, state.failures = "", True, 0
    turn.say("ack.skipped")
    course.go_on(turn)


def _without_number(turn: Turn) -> None:
    """No number or code at hand: who gives up is left in peace, who has lost it is offered a person."""
    turn.state.failures = 0
    if turn.state.step not in {"number", "code"} or rules.says("give_up", turn.heard.text):
        course.finish(turn)
    else:
        turn.ask("consult.offer_person", step="offer_person", expecting="yes_no", choices=turn.want())


def _tells_other_fact(turn: Turn) -> bool:
    """A fact that was not asked for just now: it is kept, and the question stays open. At most twice for one question."""
    state = turn.state
    return state.asked.get(state.step, 0) <= 2 and bool(turn.absorb(text=turn.heard.text, asked=state.step))


def _place(turn: Turn) -> answers.Answered:
    text = turn.heard.text
    if answers.declines(turn.heard) and not turn.heard.first("place"):
        return answers.Answered(answers.SKIP)
    if turn.take_place(text, asked=True):
        return answers.Answered(answers.VALUE, turn.state.slots["place"])
    return answers.Answered(answers.NOTHING)


def _may_skip(turn: Turn) -> bool:
    """A question the person cannot answer is not asked again, whatever the flow says; order numbers and yes-no are needed."""
    state = turn.state
    if state.step.startswith(QUESTION_PREFIX):
        return True
    if state.step == "duty":
        return True
    flow = turn.flow
    spec = flow.step(state.step) if flow else None
    return bool(spec and spec.skippable) or state.step in {"place", "time", "wish", "phone"}


def _skipped(turn: Turn) -> None:
    state = turn.state
    turn.skip(state.step)
    state.failures = 0
    if rules.says("anonymous", turn.heard.text) and state.step == "phone":
        state.slots["secrecy"] = Slot("anonymous", turn.heard.text, 1.0, turn.utterance.seq)
    turn.absorb(text=turn.heard.text, asked=state.step)
    turn.say("ack.no_phone" if state.step == "phone" else "ack.skipped")
    course.go_on(turn)


def _take(turn: Turn, slot: Slot) -> None:
    """Fills the fact that was asked for, says what was understood, and goes on."""
    state = turn.state
    step = state.step
    if step in {nearest.STEP, "more", "offer_report", "offer_person", "drop", "fix", "confirm"}:
        _take_special(turn, step, slot)
        return
    state.failures = 0
    if step == "place_sure":
        _take_place_sure(turn, slot)
    elif step == "place_which":
        state.slots.pop("place_options", None)
        place = state.slots["place"]
        place.value, place.text, place.confirmed = slot.value, f"{slot.text}{place.text}", True
    elif step == "duty":
        if slot.value == "none":
            turn.skip("duty")
        else:
            state.slots["duty"] = slot
            turn.say("ack.duty", value=slot.text)
    elif slot.value == "same" and step == "phone":
        course.know_caller(turn)
        if not turn.known("phone"):
            turn.fail()
            return
    else:
        state.slots[step] = slot
        _acknowledge(turn, step)
    if turn.utterance.kind == "text" and turn.heard.intent != NOISE:
        turn.absorb(text=turn.heard.text, asked=step)
    course.go_on(turn)


def _take_special(turn: Turn, step: str, slot: Slot) -> None:
    """A keyed or clicked answer to one of the engine's own questions."""
    if step == "fix":
        correcting.clear(turn, slot.value)
        return
    if step == nearest.STEP:
        _near_is(turn, slot.value)
        return
    {
        "more": _more_is,
        "offer_report": _offer_report_is,
        "offer_person": _offer_person_is,
        "drop": _drop_is,
        "confirm": correcting.confirm_is,
    }[step](turn, slot.value == "yes")


def _take_place_sure(turn: Turn, slot: Slot) -> None:
    place = turn.state.slots["place"]
    if slot.value == "yes":
        place.confirmed, place.confidence = True, 1.0
    else:
        del turn.state.slots["place"]


def _acknowledge(turn: Turn, step: str) -> None:
    """Repeats the fact that was understood, where it is short enough to be repeated."""
    slot = turn.state.slots[step]
    shown = slot.text if len(slot.text) <= 14 else ""
    if step in {"place", "time"} and shown and not turn.place_is_doubtful():
        turn.say(f"ack.{step}", value=shown)
    elif step == "phone":
        turn.say("ack.phone", value=slot.value)
    elif step == "secrecy" and slot.value in {"anonymous", "secret"}:
        turn.say(f"ack.{slot.value}")
    elif step.startswith(QUESTION_PREFIX) and shown:
        question = question_of(turn, step)
        if question and question.kind != "yes_no":
            turn.say("ack.answer", value=shown)


def _gives_up(turn: Turn) -> bool:
    """Whether the person wants to stop registering (不报了), not merely to skip a question."""
    heard = turn.heard
    if turn.state.expecting in {"phone", "place", "time"} and answers.declines(heard):
        return False
    if turn.state.step.startswith(QUESTION_PREFIX) or turn.state.expecting == "choice":
        return rules.says("give_up", heard.text) and not answers.declines(heard)
    leaves = heard.intent == "goodbye" and heard.confidence >= 0.6 and len(bare(heard.text)) <= 10
    return leaves or (rules.says("give_up", heard.text) and len(bare(heard.text)) <= 12 and not answers.declines(heard))


def _goes_elsewhere(turn: Turn, found: answers.Answered) -> bool:
    heard, expecting = turn.heard, turn.state.expecting
    if heard.confidence < _SWITCH_FROM.get(expecting, 0.6):
        return False
    if found.kind in {answers.BAD, answers.SKIP} or (found.kind == answers.VALUE and expecting not in {"text", "place"}):
        return False
    if heard.intent in _ASIDES:
        return expecting != "text" and found.kind != answers.VALUE
    flow = flow_of_intent(heard.intent)
    if heard.intent not in _SWITCH_TO or flow is None or turn.state.flow in {"consult", flow.name}:
        return False
    if expecting == "place" and (heard.first("place") and not rules.is_question(heard.text)):
        return False
    return heard.intent != "consult_policy" or rules.is_question(heard.text)


def _elsewhere(turn: Turn) -> bool:
    """Another topic: the draft is laid aside, or the small talk answered and the question asked again."""
    turn.state.failures = 0
    if turn.state.expecting == "place":
        turn.state.slots.pop("place", None)  # the words of the new topic were no place
    if turn.heard.intent in _ASIDES:
        turn.say("greet.back" if turn.heard.intent == "greet" else turn.heard.intent)
        course.go_on(turn)
        return True
    flow = flow_of_intent(turn.heard.intent)
    if flow is None:
        return False
    course.begin(turn, flow, turn.heard.intent, turn.heard.text)
    return True


def _adds(turn: Turn) -> bool:
    """More about the matter instead of an answer: it is kept, and the question stays open. At most twice for one question."""
    heard, state = turn.heard, turn.state
    if heard.intent not in _REPORTS or heard.confidence < 0.5 or len(bare(heard.text)) < 6 or not turn.value("what"):
        return False
    if state.asked.get(state.step, 0) > 2:
        return False
    what = state.slots["what"]
    what.value = what.text = f"{what.value}。{heard.text}"[:2000]
    turn.absorb(text=heard.text)
    return True


# --- the engine's own questions ------------------------------------------------------------------------------------------


def _yes_no(turn: Turn) -> str:
    found = answers.read("yes_no", turn.heard, choices=[], seq=turn.utterance.seq)
    return found.slot.value if found.slot else ""


def _more(turn: Turn) -> bool:
    said = _yes_no(turn)
    if not said:
        return False
    _more_is(turn, said == "yes")
    return True


def _more_is(turn: Turn, yes: bool) -> None:
    turn.state.failures = 0
    if yes:
        turn.ask("open", step="open", expecting="")
    else:
        course.end(turn)


def _near(turn: Turn) -> bool:
    """The answer to 您是不是想问: one of the titles, none of them, or another wish."""
    found = answers.read("choice", turn.heard, choices=turn.state.choices, seq=turn.utterance.seq)
    if found.slot:
        _near_is(turn, found.slot.value)
    elif found.kind == answers.SKIP:
        _near_is(turn, "")
    else:
        return _leave_offer(turn)
    return True


def _near_is(turn: Turn, code: str) -> None:
    turn.state.failures = 0
    if code == nearest.HUMAN:
        turn.hand_over("asked")
    elif code and nearest.picked(turn, code):
        course.finish(turn)
    else:
        turn.ask("consult.offer_person", step="offer_person", expecting="yes_no", choices=turn.want())


def _offer_report(turn: Turn) -> bool:
    said = _yes_no(turn)
    if said:
        _offer_report_is(turn, said == "yes")
        return True
    return _leave_offer(turn)


def _offer_report_is(turn: Turn, yes: bool) -> None:
    question = turn.value("question")
    turn.state.failures = 0
    if yes:
        turn.heard = turn.services.understand(question)
        course.begin(turn, flows()["report"], "report_complaint", question)
    else:
        turn.ask("consult.offer_person", step="offer_person", expecting="yes_no", choices=turn.want())


def _offer_person(turn: Turn) -> bool:
    said = _yes_no(turn)
    if said:
        _offer_person_is(turn, said == "yes")
        return True
    return _leave_offer(turn)


def _offer_person_is(turn: Turn, yes: bool) -> None:
    turn.state.failures = 0
    if yes:
        turn.hand_over("no_answer")
    else:
        course.finish(turn)


def _leave_offer(turn: Turn) -> bool:
    """Neither yes nor no to an offer: a new wish is followed, anything else is asked once more."""
    if turn.heard.confidence >= 0.45 and flow_of_intent(turn.heard.intent):
        return False
    if turn.heard.intent == "goodbye" and turn.heard.confidence >= 0.45:
        course.end(turn)
        return True
    turn.fail()
    return True


def _drop(turn: Turn) -> bool:
    said = _yes_no(turn)
    if said == "no" or (said and turn.heard.confidence >= 1.0):
        _drop_is(turn, said == "yes")
    else:
        turn.fail()
    return True


def _drop_is(turn: Turn, yes: bool) -> None:
    turn.state.failures = 0
    if yes:
        turn.say("report.dropped")
        course.finish(turn)
    else:
        course.go_on(turn)


# --- the read-back -------------------------------------------------------------------------------------------------------


def _confirm(turn: Turn) -> bool:
    """Only a plain yes creates. A no, or a text that changes a fact, is a correction and is read back again."""
    heard = turn.heard
    found = answers.read("yes_no", heard, choices=[], seq=turn.utterance.seq)
    if found.slot and found.slot.value == "yes":
        if found.slot.confidence >= 1.0 and not correcting.doubtful_hearing(turn):
            correcting.confirm_is(turn, True)
        else:
            turn.fail()  # 嗯 may be a cough; what creates an order must be a word
        return True
    if found.slot:
        correcting.confirm_is(turn, False)
        return True
    if _gives_up(turn):
        turn.ask("report.drop", step="drop", expecting="yes_no", choices=turn.yes_no())
        return True
    if correcting.corrects(turn):
        turn.state.failures = 0
        course.go_on(turn)
        return True
    if _goes_elsewhere(turn, found):
        return _elsewhere(turn)
    if _adds(turn):
        turn.say("ack.added")
        course.go_on(turn)
        return True
    turn.fail()
    return True


def _fix(turn: Turn) -> bool:
    """The answer to 哪里不对: a fact named, or put right at once."""
    if correcting.corrects(turn):
        turn.state.failures = 0
        course.go_on(turn)
        return True
    found = answers.read("choice", turn.heard, choices=turn.state.choices, seq=turn.utterance.seq)
    if found.kind == answers.VALUE and found.slot:
        correcting.clear(turn, found.slot.value)
    elif found.kind == answers.SKIP or rules.yes_or_no(turn.heard.text) == rules.YES:
        turn.state.failures = 0
        course.go_on(turn)  # nothing is wrong after all: it is read back once more
    else:
        turn.fail()
    return True
